"""Which files a mini-batch has: found in the job's own list, by planning it again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Any

from framework.domain.files import InputFile
from framework.domain.mini_batches import MiniBatch, MiniBatchPlanner
from framework.jobs.journal import INPUTS, read_log
from framework.jobs.record import JobRecord


def find_mini_batches(
    record: JobRecord,
    document: Mapping[str, Any],
    indices: Collection[int],
    *,
    most_files: int | None,
) -> dict[int, MiniBatch]:
    """Some mini-batches of a job, by index.

    Args:
        record: The job's.
        document: Its composed settings.
        indices: The mini-batches that are looked for.
        most_files: Files of the list that are looked at, to bound the time; `None` for all.
    """
    missing, found = set(indices), {}
    for batch in _plan(_listed(record), document, most_files):
        if not missing:
            break
        if batch.index in missing:
            missing.remove(batch.index)
            found[batch.index] = batch
    return found


def _plan(
    files: Iterator[InputFile], document: Mapping[str, Any], most_files: int | None
) -> Iterator[MiniBatch]:
    planner = MiniBatchPlanner(
        max_files=document["mini_batch_size"], max_bytes=document.get("mini_batch_bytes")
    )
    for file in islice(files, most_files):
        if (closed := planner.add(file)) is not None:
            yield closed
    is_cut = next(files, None) is not None
    if not is_cut and (last := planner.close()) is not None:
        yield last


def _listed(record: JobRecord) -> Iterator[InputFile]:
    for entry in read_log(record, INPUTS):
        if not isinstance(entry, dict):
            yield InputFile(*entry)
