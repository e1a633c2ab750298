"""What failed and why: reasons with their counts, and the first failures in full."""

from __future__ import annotations

import heapq
import re
from dataclasses import dataclass, replace

from framework.domain.outcomes import Failure, Outcome
from framework.domain.redaction import without_signatures

MOST_SHOWN = 100
MOST_REASONS = 500
_MESSAGE = 500
_TRACEBACK = 8_000
_FILES = 20
_VARYING = re.compile(r"""0x[0-9a-fA-F]+|(['"])(?:/|[A-Za-z][\w+.-]*://)[^'"]*\1|\d{5,}""")
_GAP = "…"


@dataclass(slots=True, kw_only=True)
class Reason:
    """Failures of one kind whose messages say the same of different files.

    Attributes:
        kind: What kind of failure it was.
        stage: Where it happened.
        message: The first one's message; where others differ, what they have in common.
        files: Files that failed so.
        mini_batches: Mini-batches with such files.
    """

    kind: str
    stage: str
    message: str
    files: int = 0
    mini_batches: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One failure, cut to what a page can show."""

    mini_batch: int
    tries: int
    failure: Failure
    unnamed: int


class Failures:
    """Gathers failures as they come, in bounded memory."""

    def __init__(self) -> None:
        self._reasons: dict[tuple[str, str, str], Reason] = {}
        self._others = Reason(kind="", stage="", message="other reasons, each of them rarer")
        self._first: list[tuple[int, int, Shown]] = []
        self._seen = 0
        self.count = 0

    def add(self, outcome: Outcome) -> None:
        """Adds a mini-batch's failures."""
        for failure in outcome.failures:
            self.count += failure.count
            self._seen += 1
            self._explain(failure)
            self._keep(outcome, failure)

    def _explain(self, failure: Failure) -> None:
        message = cut(failure.message, _MESSAGE)
        common = _in_common(message, failure.files)
        key = (failure.kind, failure.stage, common)
        if key not in self._reasons and len(self._reasons) >= MOST_REASONS:
            reason = self._others
        else:
            made = Reason(kind=failure.kind, stage=failure.stage, message=message)
            reason = self._reasons.setdefault(key, made)
        if reason is not self._others and reason.message != message:
            reason.message = common
        reason.files += failure.count
        reason.mini_batches += 1

    def _keep(self, outcome: Outcome, failure: Failure) -> None:
        order = (-outcome.index, -self._seen)
        if len(self._first) == MOST_SHOWN and order < self._first[0][:2]:
            return
        named = failure.files[:_FILES]
        short = replace(
            failure,
            files=named,
            message=cut(failure.message, _MESSAGE),
            traceback=cut(failure.traceback, _TRACEBACK),
        )
        shown = Shown(
            mini_batch=outcome.index,
            tries=outcome.tries,
            failure=short,
            unnamed=failure.count - len(named),
        )
        put = heapq.heappush if len(self._first) < MOST_SHOWN else heapq.heappushpop
        put(self._first, (*order, shown))

    @property
    def reasons(self) -> list[Reason]:
        """The reasons, those of most files first."""
        found = [*self._reasons.values(), *([self._others] if self._others.files else [])]
        return sorted(found, key=lambda reason: -reason.files)

    @property
    def first(self) -> list[Shown]:
        """The first failures in input order."""
        return [shown for *_, shown in sorted(self._first, key=lambda kept: (-kept[0], -kept[1]))]

    @property
    def left_out(self) -> int:
        """Failures that are not among the first."""
        return self._seen - len(self._first)


def cut(text: str, longest: int) -> str:
    """A text's beginning and, more of it, its end; says how much is missing between them."""
    if len(text) <= longest:
        return without_signatures(text)
    head, tail = text[: longest // 4], text[-(longest - longest // 4) :]
    # From a line's start on, so that no half of a signed URL is taken for a plain text.
    tail = tail.partition("\n")[2] or tail
    missing = len(text) - len(head) - len(tail)
    note = f"[{missing:,} characters are left out here]"
    return f"{without_signatures(head)}\n{note}\n{without_signatures(tail)}"


def _in_common(message: str, files: tuple[str, ...]) -> str:
    for file in files[:_FILES]:
        base = file.rpartition("/")[2]
        for name in (file, base):
            if len(name) > 2:
                message = message.replace(name, _GAP)
    return _VARYING.sub(_GAP, message)
