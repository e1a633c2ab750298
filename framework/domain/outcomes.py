"""What became of the mini-batches: outcomes, failures, parts, receipts and their counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from framework.errors import FrameworkError


class Stage(StrEnum):
    """Where in a mini-batch's way a failure happened."""

    FETCH = "fetch"
    SCORE = "score"
    ENCODE = "encode"
    WRITE = "write"


class FailureKind(StrEnum):
    """What kind of thing went wrong."""

    EXCEPTION = "exception"
    TIMEOUT = "timeout"
    CRASH = "crash"
    MEMORY = "memory"
    SHORT_RESULT = "short_result"
    FETCH = "fetch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why files of a mini-batch failed.

    Attributes:
        files: The failed files' paths, relative to the input's root. Empty for a short result
            whose rows do not say which files are missing.
        count: How many files failed; `len(files)` where they are named.
        stage: Where it happened.
        kind: What kind of failure it was.
        message: One line in people's words.
        traceback: The user's own traceback, if there was one.
        process_log: The log file of the scorer process, below the job's `logs/`.
        tries: Scoring calls that the files were in; 0 where that is the mini-batch's number.
    """

    files: tuple[str, ...]
    count: int
    stage: Stage
    kind: FailureKind
    message: str
    traceback: str = ""
    process_log: str = ""
    tries: int = 0


class ExtraFile(NamedTuple):
    """A file that a script wrote to `AZUREML_BI_OUTPUT_PATH`.

    Attributes:
        path: Relative to that folder: where it ends beside the output.
        staged: Its name below the job's staging folder.
        size: In bytes.
        sha256: Of its content, in hex.
    """

    path: str
    staged: str
    size: int
    sha256: str


class Block(NamedTuple):
    """Rows of some files of a mini-batch that was scored in several calls.

    Attributes:
        length: In bytes.
        rows: How many.
        columns: Place of their columns in the part's `column_sets`.
    """

    length: int
    rows: int
    columns: int


class Assembled(NamedTuple):
    """What is said only of a mini-batch that was scored in several calls.

    Attributes:
        blocks: Its blocks in input order, where they can't be read as one; else empty.
        isolated_s: Seconds that isolating its bad files has cost.
    """

    blocks: tuple[Block, ...] = ()
    isolated_s: float = 0.0


class Outcome(NamedTuple):
    """What became of one mini-batch. The ledger holds these.

    Attributes:
        index: The mini-batch's index in the plan.
        files: How many files it has.
        succeeded: How many of them succeeded.
        rows: Rows in the part.
        tries: Scoring calls made for it, at least 1.
        seconds: Duration of the last call, encoding included; of all successful ones where it
            was scored in several.
        length: Bytes in the part; blocks stand in the part in the order of the outcomes.
        columns: Place of its columns in the part's `column_sets`; -1 where it has no rows.
        failures: Why files failed; empty for a full success.
        extras: Files that the script wrote beside its rows.
        assembled: More of it, where it was scored in several calls.
    """

    index: int  # type: ignore[assignment]  # a field, not the method of tuples
    files: int
    succeeded: int
    rows: int
    tries: int
    seconds: float
    length: int = 0
    columns: int = -1
    failures: tuple[Failure, ...] = ()
    extras: tuple[ExtraFile, ...] = ()
    assembled: Assembled | None = None

    @property
    def failed(self) -> int:
        """How many files failed."""
        return self.files - self.succeeded

    @property
    def isolated_s(self) -> float:
        """Seconds that isolating its bad files has cost."""
        return self.assembled.isolated_s if self.assembled else 0.0


class CallLimit(NamedTuple):
    """What an instance has learnt of memory.

    Attributes:
        files: Most files in one scoring call from now on.
        too_many: How many files ran out of memory.
    """

    files: int
    too_many: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An immutable file of encoded rows, durable before anyone hears of it.

    Attributes:
        name: Below the job's `parts/`; unique to the attempt.
        size: In bytes.
        rows: Rows in it.
        sha256: Of its content, in hex.
        column_sets: The different column lists that its blocks have. Each is a tuple of
            (name, type) pairs; the type is empty for formats of text.
    """

    name: str
    size: int
    rows: int
    sha256: str
    column_sets: tuple[tuple[tuple[str, str], ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What an instance reports of a chunk: small, whatever the rows weigh.

    Attributes:
        outcomes: Finished mini-batches, by index.
        part: Where their rows are; `None` where none has rows.
        returned: Indices of mini-batches that were handed back, not begun.
        error: Why nothing can be scored on the instance, where that is so.
        stopped: Of mini-batches that are handed back in the middle of isolation, since more files
            have failed than are tolerated: the files that have failed so far.
        call_limit: What was learnt of memory, where something was.
        notices: What people should know; the same text is told once a job.
        is_interrupted: Whether it is early, since more files have failed than are tolerated.
    """

    outcomes: tuple[Outcome, ...]
    part: Part | None
    returned: tuple[int, ...] = ()
    error: FrameworkError | None = None
    stopped: tuple[Outcome, ...] = ()
    call_limit: CallLimit | None = None
    notices: tuple[str, ...] = ()
    is_interrupted: bool = False

    @property
    def has_news(self) -> bool:
        """Whether there is anything in it to be written down or told."""
        return bool(self.outcomes or self.stopped or self.call_limit or self.notices)


@dataclass(slots=True, kw_only=True)
class Counts:
    """The job's running totals. `files = succeeded + failed + not_attempted` holds always.

    Attributes:
        files: Files listed so far; all of them once the listing has ended.
        succeeded: Files that succeeded.
        failed: Files that failed for good.
        rows: Rows in parts that the ledger holds.
        tries: Scoring calls made.
        mini_batches: Mini-batches with an outcome.
    """

    files: int = 0
    succeeded: int = 0
    failed: int = 0
    rows: int = 0
    tries: int = 0
    mini_batches: int = 0

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Adds finished mini-batches."""
        for outcome in outcomes:
            self.succeeded += outcome.succeeded
            self.failed += outcome.failed
            self.rows += outcome.rows
            self.tries += outcome.tries
            self.mini_batches += 1

    @property
    def not_attempted(self) -> int:
        """Files without an outcome."""
        return self.files - self.succeeded - self.failed
