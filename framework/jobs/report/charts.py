"""Charts as rectangles and labels in a box of fixed size; the page's template draws them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from framework.domain import phrases
from framework.jobs.report.durations import Bar
from framework.jobs.report.timeline import Bin

WIDTH, HEIGHT = 720.0, 220.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 20.0, 16.0, 34.0
_LEAST = 1.5  # a bar of one among thousands can still be seen
_GAP = 6.0
_LABEL = 60.0
_TIMES_S = (
    *(0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(60 * factor for factor in (1, 2, 5, 10, 15, 30)),
    *(3_600 * factor for factor in (1, 2, 3, 6, 12)),
)
_DAY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Rectangle:
    """A bar: its place, its kind (a CSS class) and what it says when it is pointed at."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A tick of an axis, or a moment: where it is and what it is called."""

    at: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What there is to draw.

    Attributes:
        bars: In the order of drawing.
        columns: Ticks of the horizontal axis.
        rows: Ticks of the vertical axis.
        moments: Vertical lines across the chart.
        description: The chart in words, for those who can't see it.
    """

    bars: tuple[Rectangle, ...]
    columns: tuple[Mark, ...]
    rows: tuple[Mark, ...]
    description: str
    moments: tuple[Mark, ...] = ()
    width: float = WIDTH
    height: float = HEIGHT
    left: float = _LEFT
    right: float = WIDTH - _RIGHT
    top: float = _TOP
    bottom: float = HEIGHT - _BOTTOM


def throughput_chart(bins: Sequence[Bin], begins: Sequence[float]) -> Chart:
    """Files each second over time, those that failed in another colour on top.

    Args:
        bins: The timeline.
        begins: When each driver began; the first one's is the beginning of all.
    """
    total = bins[-1].end if bins else 0.0
    rates = [_rate(each.succeeded + each.failed, each) for each in bins]
    highest, steps = _scale(max(rates, default=0.0))
    bars: list[Rectangle] = []
    for each in bins:
        bars += _stacked(each, total, highest)
    described = f"At most {phrases.rate(max(rates, default=0.0))} over {phrases.duration(total)}."
    return Chart(
        bars=tuple(bars),
        columns=_times(total),
        rows=tuple(Mark(at=_y(step, highest), label=f"{step:,g}") for step in steps),
        moments=tuple(_resumes([_x(begin, total) for begin in begins[1:]])),
        description=f"Files each second. {described}",
    )


def durations_chart(bars: Sequence[Bar]) -> Chart:
    """A histogram whose bars are named by the edges between them."""
    highest, steps = _scale(max((bar.mini_batches for bar in bars), default=0))
    whole = [step for step in steps if step == int(step)]
    count = max(1, len(bars))
    drawn = tuple(
        Rectangle(
            x=_x(place, count) + _GAP / 2,
            y=min(_y(bar.mini_batches, highest), HEIGHT - _BOTTOM - _LEAST),
            width=_x(1, count) - _LEFT - _GAP,
            height=max(_LEAST, _y(0, highest) - _y(bar.mini_batches, highest)),
            kind="plain",
            title=f"{spelled(bar.low)} to {spelled(bar.high)}: {bar.mini_batches:,}",
        )
        for place, bar in enumerate(bars)
        if bar.mini_batches
    )
    edges = [bars[0].low, *(bar.high for bar in bars)] if bars else []
    columns = (Mark(at=_x(place, count), label=spelled(edge)) for place, edge in enumerate(edges))
    most = max(bars, key=lambda bar: bar.mini_batches, default=None)
    described = f" Most took {spelled(most.low)} to {spelled(most.high)}." if most else ""
    return Chart(
        bars=drawn,
        columns=tuple(columns),
        rows=tuple(Mark(at=_y(step, highest), label=f"{step:,g}") for step in whole),
        description=f"How many mini-batches took how long.{described}",
    )


def spelled(seconds: float) -> str:
    """`20 ms`, `0.5 s`, `2 min`: short, for an axis; not more digits than are known."""
    if seconds < 0.1:
        return f"{seconds * 1000:.3g} ms"
    if seconds < 100:
        return f"{seconds:.3g} s"
    return phrases.duration(seconds)


def _stacked(each: Bin, total: float, highest: float) -> list[Rectangle]:
    left, right = _x(each.begin, total), _x(each.end, total)
    base, bars = _y(0, highest), []
    span = f"{phrases.duration(each.begin)} to {phrases.duration(each.end)}"
    for kind, files in (("succeeded", each.succeeded), ("failed", each.failed)):
        if not files:
            continue
        rate = _rate(files, each)
        height = max(_LEAST, _y(0, highest) - _y(rate, highest))
        base = max(0.0, round(base - height, 2))
        bars.append(
            Rectangle(
                x=left,
                y=base,
                width=max(_LEAST, round(right - left, 2)),
                height=round(height, 2),
                kind=kind,
                title=f"{span}: {phrases.rate(rate)} {kind}",
            )
        )
    return bars


def _resumes(places: Sequence[float]) -> Iterator[Mark]:
    """A mark for each resume; a label only where there is room for it."""
    labelled = -_LABEL
    for place in places:
        has_room = place - labelled >= _LABEL
        labelled = place if has_room else labelled
        yield Mark(at=place, label="resumed" if has_room else "")


def _rate(files: float, each: Bin) -> float:
    return files / (each.end - each.begin) if each.end > each.begin else 0.0


def _scale(highest: float) -> tuple[float, list[float]]:
    """A round number that is not below the highest value, and round steps up to it."""
    if highest <= 0:
        return 1.0, [0.0]
    raw = highest / 4
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw)
    count = math.ceil(highest / step)
    return step * count, [step * place for place in range(count + 1)]


def _times(total: float) -> tuple[Mark, ...]:
    steps = (*_TIMES_S, *(_DAY_S * 2**power for power in range(16)))
    step = next(step for step in steps if total <= 8 * step or step == steps[-1])
    places = range(int(total / step) + 1)
    return tuple(Mark(at=_x(place * step, total), label=_clock(place * step)) for place in places)


def _clock(seconds: float) -> str:
    """`0`, `0.5 s`, `2:30 min`, `1:05 h`, `3 d`: short, for an axis."""
    if seconds == 0:
        return "0"
    if seconds < 60:
        return f"{seconds:g} s"
    if seconds < 3_600:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes}:{rest:02} min" if rest else f"{minutes} min"
    if seconds < _DAY_S:
        hours, rest = divmod(round(seconds / 60), 60)
        return f"{hours}:{rest:02} h" if rest else f"{hours} h"
    return f"{seconds / _DAY_S:g} d"


def _x(value: float, total: float) -> float:
    return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * (value / total if total else 0.0), 2)


def _y(value: float, highest: float) -> float:
    return round(HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * value / highest, 2)
