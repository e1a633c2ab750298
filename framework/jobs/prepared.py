"""Jobs that have passed preflight, and what they would do."""

from __future__ import annotations

from dataclasses import dataclass

from framework.domain.mini_batches import plan_mini_batches
from framework.jobs.chosen_model import ChosenModel
from framework.jobs.plan import JobPlan

_FIRST_FILES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a job would do, as `--dry-run` shows it.

    Attributes:
        input: The input's root.
        output: Where the output would be; `None` for `summary_only`.
        files: How many files there are.
        bytes: Their size together.
        mini_batches: How many scoring calls they take.
        smallest: Files in the smallest mini-batch.
        largest: Files in the largest one.
        smallest_bytes: Bytes in the lightest mini-batch.
        largest_bytes: Bytes in the heaviest one.
        first_files: The first few files.
        environment: What scorer processes run in, in words.
    """

    input: str
    output: str | None
    files: int
    bytes: int
    mini_batches: int
    smallest: int
    largest: int
    smallest_bytes: int
    largest_bytes: int
    first_files: tuple[str, ...]
    environment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedJob:
    """A job that has passed preflight; nothing of it is written down yet.

    Attributes:
        plan: What a driver would work with, but for the code's snapshot.
        code: The archive of the code; empty for a scorer from a plugin.
        model: The model that is scored with; an inline one is not registered yet.
    """

    plan: JobPlan
    code: bytes
    model: ChosenModel | None

    def dry_run(self) -> Plan:
        """Lists the input and plans its mini-batches."""
        settings = self.plan.settings
        files = bytes_ = batches = 0
        counts: list[int] = [0, 0]
        sizes: list[int] = [0, 0]
        first: list[str] = []
        for batch in plan_mini_batches(
            self.plan.listing.files(),
            max_files=settings.mini_batch_size,
            max_bytes=settings.mini_batch_bytes,
        ):
            count, size = len(batch.files), batch.bytes
            counts = [min(counts[0], count), max(counts[1], count)] if batches else [count] * 2
            sizes = [min(sizes[0], size), max(sizes[1], size)] if batches else [size] * 2
            first += [file.path for file in batch.files[: _FIRST_FILES - len(first)]]
            files, bytes_, batches = files + count, bytes_ + size, batches + 1
        return Plan(
            input=self.plan.listing.root,
            output=self.plan.output,
            files=files,
            bytes=bytes_,
            mini_batches=batches,
            smallest=counts[0],
            largest=counts[1],
            smallest_bytes=sizes[0],
            largest_bytes=sizes[1],
            first_files=tuple(first),
            environment=self._environment,
        )

    @property
    def _environment(self) -> str:
        planned = self.plan.environment
        if planned is None:
            return "this interpreter"
        state = "built already" if planned.built else "not built yet"
        notes = "".join(f"; {note}" for note in planned.notes)
        return f"{planned.spec.source} ({planned.summary}), {state}{notes}"
