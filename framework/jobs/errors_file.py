"""`errors.jsonl` and `failed_inputs.txt`: what failed and why, and the list to score it again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import quote

from framework.domain.outcomes import Failure, Outcome
from framework.jobs.ledger import DoneSet, read_receipts
from framework.jobs.record import ERRORS, JobRecord
from framework.storage.sorting import SortedRuns

FAILED_INPUTS = "failed_inputs.txt"


def write_errors(record: JobRecord, input_root: str) -> None:
    """Writes both files anew from the ledger, in input order."""
    failed = SortedRuns(_failed(record), lambda outcome: outcome.index)
    with (
        record.workspace.stage(record.path(ERRORS), "new") as errors,
        record.workspace.stage(record.path(FAILED_INPUTS), "new") as inputs,
    ):
        for outcome in failed:
            for failure in outcome.failures:
                _write(failure, outcome, input_root, errors.stream, inputs.stream)
    for staged, name in ((errors, ERRORS), (inputs, FAILED_INPUTS)):
        record.workspace.delete(record.path(name))
        record.workspace.commit(staged.path, record.path(name))


def _failed(record: JobRecord) -> Iterator[Outcome]:
    done = DoneSet()
    stopped: dict[int, Outcome] = {}
    for receipt in read_receipts(record):
        for outcome in receipt.outcomes:
            if done.add(outcome.index) and outcome.failures:
                yield outcome
        stopped.update({outcome.index: outcome for outcome in receipt.stopped})
    # Known to be bad when the job was stopped, though their mini-batches have no outcome yet.
    yield from (outcome for index, outcome in stopped.items() if index not in done)


def _write(
    failure: Failure, outcome: Outcome, root: str, errors: BinaryIO, inputs: BinaryIO
) -> None:
    for file in failure.files or (None,):
        line = {
            "file": file,
            "mini_batch": outcome.index,
            "count": 1 if file is not None else failure.count,
            "stage": failure.stage,
            "kind": failure.kind,
            "tries": failure.tries or outcome.tries,
            "message": failure.message,
            "traceback": failure.traceback,
            "process_log": failure.process_log,
        }
        errors.write(json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace"))
        errors.write(b"\n")
        if file is not None:
            inputs.write(_on_a_line(f"{root.rstrip('/')}/{file}") + b"\n")


def _on_a_line(path: str) -> bytes:
    """A path as a list of inputs can have it: as a URL where it has a line break."""
    name = path.encode("utf-8", "surrogateescape")
    return f"file://{quote(name)}".encode() if b"\n" in name or name.endswith(b"\r") else name
