"""The page: facts in, one HTML file out. What people wrote is escaped here, and nowhere else."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from framework.domain import phrases
from framework.domain.redaction import masked, without_signatures
from framework.jobs.clock import parse
from framework.jobs.report.charts import durations_chart, spelled, throughput_chart
from framework.jobs.report.facts import Facts, is_final
from framework.settings import Settings

if TYPE_CHECKING:
    from jinja2 import Environment, Template

_LONGEST_VALUE = 2_000
_MOST_ITEMS = 20
MOST_NAMES = 4
_TIMES = "\N{MULTIPLICATION SIGN}"


def render(facts: Facts) -> bytes:
    """The report as a file: HTML that loads nothing, and runs nothing."""
    style = _resource("page.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    changed, unchanged = _settings(facts.document)
    text = _template().render(
        facts=facts,
        job=facts.summary,
        tally=facts.tally,
        is_final=is_final(facts.summary),
        style=style,
        style_hash=f"sha256-{digest}",
        numbers=list(_numbers(facts)),
        model=_model(facts),
        throughput=_throughput(facts),
        durations=durations_chart(facts.tally.durations.bars()),
        changed=changed,
        unchanged=unchanged,
        most_names=MOST_NAMES,
    )
    return text.encode("utf-8", "backslashreplace")


def _resource(name: str) -> str:
    return files("framework.jobs.report").joinpath(name).read_text(encoding="utf-8")


@cache
def _template() -> Template:
    return _environment().from_string(_resource("page.html"))


def _environment() -> Environment:
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    def finalize(value: Any) -> Any:
        is_text = isinstance(value, str) and not isinstance(value, Markup)
        return phrases.visible(value) if is_text else value

    made = Environment(
        autoescape=True,
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "duration": phrases.duration,
        "size": phrases.size,
        "spelled": spelled,
        "moment": _moment,
        "number": lambda count: f"{count:,}",
        "files": phrases.files,
        "href": _href,
        "unsigned": without_signatures,
        "is_web": _is_web,
    }
    return made


def _numbers(facts: Facts) -> Iterator[tuple[str, str, str]]:
    """What stands at the top: a name, a value and a remark."""
    tally, counts = facts.tally, facts.tally.counts
    done = counts.succeeded + counts.failed
    total = max(done, facts.summary["counts"]["files"])
    yield "Files", f"{total:,}", f"{done:,} of them are done" if done < total else ""
    yield "Succeeded", f"{counts.succeeded:,}", _share(counts.succeeded, total)
    yield "Failed", f"{counts.failed:,}", _share(counts.failed, total)
    if is_final(facts.summary) and total > done:
        yield "Not attempted", f"{total - done:,}", _share(total - done, total)
    yield "Rows", f"{counts.rows:,}", ""
    yield "Mini-batches", f"{counts.mini_batches:,}", f"{tally.retried:,} tried again"
    yield "Tries", f"{counts.tries:,}", "scoring calls"
    seconds = _seconds(facts)
    yield "Duration", phrases.duration(seconds) if seconds is not None else "unknown", _span(facts)
    if seconds:
        yield "Throughput", f"{phrases.rate(done / seconds)}", "files, from start to end"
    yield "Scorer processes", _processes(facts.document), f"instances {_TIMES} processes"


def _seconds(facts: Facts) -> float | None:
    """How long drivers have worked on the job."""
    if facts.tally.timeline.has_times and facts.tally.timeline.seconds:
        return facts.tally.timeline.seconds
    return facts.span.total_seconds() if facts.span is not None else None


def _span(facts: Facts) -> str:
    if len(facts.drivers) < 2 or facts.span is None:
        return ""
    return f"of work, within {phrases.duration(facts.span.total_seconds())}"


def _share(count: int, total: int) -> str:
    if not total:
        return ""
    percent = 100 * count / total
    if 0 < percent < 0.1 or 99.9 < percent < 100:
        return "less than 0.1 %" if percent < 50 else "more than 99.9 %"
    return f"{percent:.3g} %"


def _processes(document: Mapping[str, Any]) -> str:
    instances = (document.get("resources") or {}).get("instance_count", 1)
    return f"{instances:,} {_TIMES} {document.get('max_concurrency_per_instance', 1):,}"


def _model(facts: Facts) -> str:
    found = facts.identity.get("model") or {}
    name, version = found.get("name"), found.get("version")
    if name:
        return f"{name}:{version}" if version else str(name)
    return str(facts.summary.get("model") or "")


def _throughput(facts: Facts) -> Any:
    timeline = facts.tally.timeline
    if not timeline.has_times or not facts.tally.counts.mini_batches:
        return None
    begins = [] if len(facts.drivers) < 2 else timeline.begins
    return throughput_chart(timeline.bins(), begins)


def _settings(document: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Settings that differ from their defaults, and the others, by dotted key."""
    defaults = dict(_leaves(json.loads(json.dumps(asdict(Settings())))))
    changed: dict[str, str] = {}
    unchanged: dict[str, str] = {}
    for key, value in _leaves(masked(document)):
        is_default = defaults.get(key) == value or value in ({}, [])
        (unchanged if is_default else changed)[key] = _written(value)
    return changed, unchanged


def _leaves(mapping: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in mapping.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _written(value: Any) -> str:
    if isinstance(value, list):
        shown = [_written(item) for item in value[:_MOST_ITEMS]]
        more = len(value) - len(shown)
        return "\n".join([*shown, *([f"and {more:,} more"] if more else [])])
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _moment(moment: str | None) -> str:
    """`2026-11-23 13:27:55 UTC`; a record that others have written may say anything."""
    try:
        return f"{parse(moment or ''):%Y-%m-%d %H:%M:%S} UTC"
    except ValueError:
        return moment or ""


def _href(path: str) -> str:
    """A relative path as a link: `./` keeps a colon in it from naming a scheme."""
    return f"./{quote(os.fsencode(path))}"


def _is_web(url: str | None) -> bool:
    """Whether a link to it does no harm."""
    try:
        return urlsplit(url or "").scheme in {"http", "https"}
    except ValueError:
        return False
