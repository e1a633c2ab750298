"""What failed and why: reasons with their counts, and the first failures in full."""

from __future__ import annotations

import heapq
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from framework.domain.outcomes import Failure
from framework.domain.redaction import without_signatures
from framework.jobs.ledger import decode_failure

_Key = tuple[str, str, str]

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
        first: The first one's message, as it was.
        is_varied: Whether others differ.
    """

    kind: str
    stage: str
    message: str
    files: int = 0
    mini_batches: int = 0
    first: str = ""
    is_varied: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One failure, cut to what a page can show.

    Attributes:
        mini_batch: Its mini-batch's index.
        tries: Scoring calls made for the mini-batch.
        failure: Its first files, and what was said of them.
        unnamed: How many more files it is about.
    """

    mini_batch: int
    tries: int
    failure: Failure
    unnamed: int


class Failures:
    """Gathers failures as the ledger's lines have them, in bounded memory."""

    def __init__(self) -> None:
        self._reasons: dict[_Key, Reason] = {}
        self._known: dict[_Key, Reason] = {}
        self._others = Reason(kind="", stage="", message="other reasons, each of them rarer")
        self._first: list[tuple[int, int, Shown]] = []
        self._seen = 0
        self.count = 0

    def add(self, mini_batch: int, tries: int, failures: Sequence[dict[str, Any]]) -> None:
        """Adds a mini-batch's failures.

        Args:
            mini_batch: Its index.
            tries: Scoring calls made for it.
            failures: As they stand in its line.
        """
        for failure in failures:
            self._seen += 1
            self.count += failure["count"]
            reason = self._reason(failure)
            reason.files += failure["count"]
            reason.mini_batches += 1
            order = (-mini_batch, -self._seen)
            if len(self._first) < MOST_SHOWN:
                heapq.heappush(self._first, (*order, _shown(mini_batch, tries, failure)))
            elif order > self._first[0][:2]:
                heapq.heappushpop(self._first, (*order, _shown(mini_batch, tries, failure)))

    def _reason(self, failure: dict[str, Any]) -> Reason:
        """The reason that it belongs to; quickly, where only the file's name is new."""
        message = _shortened(failure["message"], _MESSAGE)
        key = (failure["kind"], failure["stage"], _without_names(message, failure["files"]))
        known = self._known.get(key)
        if known is None:
            known = self._reason_of(key, message)
            if len(self._known) < MOST_REASONS:
                self._known[key] = known
        if known is not self._others and not known.is_varied and known.first != message:
            known.is_varied = True
            known.message = without_signatures(_VARYING.sub(_GAP, key[2]))
        return known

    def _reason_of(self, key: _Key, message: str) -> Reason:
        kind, stage, without_names = key
        general = (kind, stage, _VARYING.sub(_GAP, without_names))
        if general not in self._reasons:
            if len(self._reasons) >= MOST_REASONS:
                return self._others
            shown = without_signatures(message)
            made = Reason(kind=kind, stage=stage, message=shown, first=message)
            self._reasons[general] = made
        return self._reasons[general]

    @property
    def reasons(self) -> list[Reason]:
        """The reasons, those of most files first."""
        found = [*self._reasons.values(), *([self._others] if self._others.files else [])]
        return sorted(found, key=lambda reason: -reason.files)

    @property
    def first(self) -> list[Shown]:
        """The first failures in input order."""
        kept = sorted(self._first, key=lambda each: (-each[0], -each[1]))
        return [_unsigned(shown) for *_, shown in kept]

    @property
    def left_out(self) -> int:
        """Failures that are not among the first."""
        return self._seen - len(self._first)


def _shown(mini_batch: int, tries: int, failure: dict[str, Any]) -> Shown:
    decoded = decode_failure(failure)
    named = decoded.files[:_FILES]
    short = replace(
        decoded,
        files=named,
        message=_shortened(decoded.message, _MESSAGE),
        traceback=_shortened(decoded.traceback, _TRACEBACK),
    )
    unnamed = decoded.count - len(named)
    return Shown(mini_batch=mini_batch, tries=tries, failure=short, unnamed=unnamed)


def _unsigned(shown: Shown) -> Shown:
    failure = shown.failure
    message, traceback = map(without_signatures, (failure.message, failure.traceback))
    return replace(shown, failure=replace(failure, message=message, traceback=traceback))


def _shortened(text: str, longest: int) -> str:
    """A text's beginning and, more of it, its end; says how much is missing between them."""
    if len(text) <= longest:
        return text
    head, tail = text[: longest // 4], text[-(longest - longest // 4) :]
    # From a line's start on, so that no half of a signed URL is taken for a plain text.
    tail = tail.partition("\n")[2] or tail
    missing = len(text) - len(head) - len(tail)
    return f"{head}\n[{missing:,} characters are left out here]\n{tail}"


def _without_names(message: str, files: Sequence[str]) -> str:
    for file in files[:_FILES]:
        base = file.rpartition("/")[2]
        for name in (file, base):
            if len(name) > 2:
                message = message.replace(name, _GAP)
    return message
