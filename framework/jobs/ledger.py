"""The ledger: what became of every mini-batch. It is the truth; all counts come from it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from framework.domain.outcomes import (
    Assembled,
    Block,
    CallLimit,
    Counts,
    ExtraFile,
    Failure,
    FailureKind,
    Outcome,
    Part,
    Receipt,
    Stage,
)
from framework.jobs.journal import LEDGER, Journal, read_log
from framework.jobs.record import JobRecord

_PLAIN_FIELDS = 8


class DoneSet:
    """Which mini-batches have an outcome: one byte each, however many there are."""

    def __init__(self) -> None:
        self._flags = bytearray()
        self._count = 0

    def __contains__(self, index: int) -> bool:
        return index < len(self._flags) and bool(self._flags[index])

    def __len__(self) -> int:
        return self._count

    def add(self, index: int) -> bool:
        """Adds an index; says whether it is new."""
        if index in self:
            return False
        if index >= len(self._flags):
            self._flags.extend(bytes(index + 1 - len(self._flags) + len(self._flags) // 2))
        self._flags[index] = 1
        self._count += 1
        return True

    def add_each(self, indices: Sequence[int]) -> list[bool]:
        """Adds indices; says which of them are new. Quick where they follow each other."""
        first, size = (indices[0], len(indices)) if indices else (0, 0)
        end = first + size
        is_run = end <= len(self._flags) and list(indices) == list(range(first, end))
        if not is_run or any(self._flags[first:end]):
            return [self.add(index) for index in indices]
        self._flags[first:end] = b"\1" * size
        self._count += size
        return [True] * size


class Intent(NamedTuple):
    """What a driver was about to commit.

    Attributes:
        final: The output's path.
        identity: What tells the output from a rival's.
        sha256: Of the output.
        size: Of the output, in bytes.
        rows: Rows in the output.
        staged: Where it was staged.
    """

    final: str
    identity: str
    sha256: str
    size: int
    rows: int
    staged: str


class Ledger:
    """The ledger of a running job.

    Its lines say when they were written, in seconds since this driver began: a clock that is set
    back, or a laptop that slept, is not seen in them.

    Args:
        journal: The driver's hold on the job.
        clock: Seconds that never go back.
    """

    def __init__(self, journal: Journal, clock: Callable[[], float] = time.monotonic) -> None:
        self._journal = journal
        self._clock = clock
        self._began = clock()
        self.done = DoneSet()
        self.counts = Counts()
        self.intents: list[Intent] = []
        self.has_failures = False
        self.has_extras = False
        self.isolated_s = 0.0
        self.call_limit: CallLimit | None = None
        for entry in read_log(journal.record, LEDGER):
            if "receipt" in entry:
                self._take(decode_receipt(entry["receipt"]))
            elif "intent" in entry:
                self.intents.append(Intent(**entry["intent"]))

    def add(self, receipts: Sequence[Receipt]) -> None:
        """Takes receipts: when this returns they are durable, and counted."""
        at = self._at()
        lines = ({"receipt": encode_receipt(each), "at": at} for each in receipts)
        self._journal.append(LEDGER, *lines)
        self._journal.sync(LEDGER)
        for receipt in receipts:
            self._take(receipt)
            # Only while this driver lives: the next one scores these mini-batches again.
            self.counts.failed += sum(outcome.failed for outcome in receipt.stopped)
            self.counts.tries += sum(outcome.tries for outcome in receipt.stopped)

    def add_intent(self, intent: Intent) -> None:
        """Notes durably what is about to be committed."""
        self._journal.append(LEDGER, {"intent": intent._asdict()})
        self._journal.sync(LEDGER)
        self.intents.append(intent)

    def add_changes(self, changes: Sequence[str]) -> None:
        """Notes what is different from this driver on, for people to read."""
        self._journal.append(LEDGER, {"changed": list(changes)})
        self._journal.sync(LEDGER)

    def add_end(self, status: str, error: str | None) -> None:
        """Notes durably how the job has ended."""
        ended = {"status": status, "error": error}
        self._journal.append(LEDGER, {"ended": ended, "at": self._at()})
        self._journal.sync(LEDGER)

    def _at(self) -> float:
        return round(self._clock() - self._began, 3)

    def _take(self, receipt: Receipt) -> None:
        self._count(receipt.outcomes)
        self.has_failures |= bool(receipt.stopped)
        if receipt.call_limit is not None:
            known = self.call_limit
            self.call_limit = min(known, receipt.call_limit) if known else receipt.call_limit

    def _count(self, outcomes: Sequence[Outcome]) -> None:
        new = [outcome for outcome in outcomes if self.done.add(outcome.index)]
        self.counts.add(new)
        self.isolated_s += sum(outcome.isolated_s for outcome in new if outcome.assembled)
        self.has_failures |= any(outcome.failures for outcome in new)
        self.has_extras |= any(outcome.extras for outcome in new)


def read_receipts(record: JobRecord) -> Iterator[Receipt]:
    """All receipts in the order they came; of a mini-batch, the first outcome is the valid one."""
    for entry in read_log(record, LEDGER):
        if "receipt" in entry:
            yield decode_receipt(entry["receipt"])


def intents(record: JobRecord) -> Iterator[Intent]:
    """Everything that drivers were about to commit, oldest first."""
    for entry in read_log(record, LEDGER):
        if "intent" in entry:
            yield Intent(**entry["intent"])


def encode_receipt(receipt: Receipt) -> dict[str, Any]:
    """A receipt as the ledger's line has it: short, since there are very many outcomes."""
    line: dict[str, Any] = {
        "part": asdict(receipt.part) if receipt.part else None,
        "outcomes": [_encode_outcome(outcome) for outcome in receipt.outcomes],
    }
    if receipt.stopped:
        line["stopped"] = [_encode_outcome(outcome) for outcome in receipt.stopped]
    if receipt.call_limit:
        line["call_limit"] = receipt.call_limit
    return line


def _encode_outcome(outcome: Outcome) -> tuple[Any, ...]:
    plain: tuple[Any, ...] = outcome[:_PLAIN_FIELDS]
    if not (outcome.failures or outcome.extras or outcome.assembled):
        return plain
    told = (*plain, [asdict(failure) for failure in outcome.failures], outcome.extras)
    return (*told, outcome.assembled) if outcome.assembled else told


def decode_receipt(line: dict[str, Any]) -> Receipt:
    """The reverse of `encode_receipt`."""
    part = line["part"]
    return Receipt(
        part=Part(**{**part, "column_sets": _tuples(part["column_sets"])}) if part else None,
        outcomes=tuple(_decode_outcome(values) for values in line["outcomes"]),
        stopped=tuple(_decode_outcome(values) for values in line.get("stopped", ())),
        call_limit=CallLimit(*line["call_limit"]) if "call_limit" in line else None,
    )


def _decode_outcome(values: list[Any]) -> Outcome:
    if len(values) == _PLAIN_FIELDS:
        return Outcome(*values)
    plain, (failures, extras, *more) = values[:_PLAIN_FIELDS], values[_PLAIN_FIELDS:]
    return Outcome(*plain)._replace(
        failures=tuple(decode_failure(failure) for failure in failures),
        extras=tuple(ExtraFile(*extra) for extra in extras),
        assembled=_decode_assembled(*more[0]) if more else None,
    )


def _decode_assembled(blocks: list[list[int]], isolated_s: float) -> Assembled:
    return Assembled(tuple(Block(*block) for block in blocks), isolated_s)


def decode_failure(value: dict[str, Any]) -> Failure:
    """A failure of an outcome's line."""
    return Failure(
        **{
            **value,
            "files": tuple(value["files"]),
            "stage": Stage(value["stage"]),
            "kind": FailureKind(value["kind"]),
        }
    )


def _tuples(sets: list[list[list[str]]]) -> tuple[tuple[tuple[str, str], ...], ...]:
    return tuple(tuple((name, kind) for name, kind in columns) for columns in sets)
