"""Records of jobs on local disk, and receipts as instances would send them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from framework.domain.outcomes import Failure, FailureKind, Outcome, Part, Receipt, Stage
from framework.jobs.journal import Journal
from framework.jobs.record import JobRecord, open_record
from framework.storage import open_store

Columns = tuple[tuple[str, str], ...]
_Block = tuple[bytes, int, Columns]


@pytest.fixture
def record(tmp_path: Path) -> JobRecord:
    return open_record(open_store(str(tmp_path / "workspace")), "job")


@pytest.fixture
def claim(record: JobRecord):
    """Takes the job over; closes all journals in the end."""
    claimed: list[Journal] = []

    def claim() -> Journal:
        claimed.append(Journal.claim(record, started_at="now"))
        return claimed[-1]

    yield claim
    for journal in claimed:
        journal.close()


def outcome(index: int, *, files: int = 1, failed: int = 0, rows: int = 0, **more) -> Outcome:
    failures = (
        Failure(
            files=tuple(f"{index}-{place}.txt" for place in range(failed)),
            count=failed,
            stage=Stage.SCORE,
            kind=FailureKind.EXCEPTION,
            message=f"ValueError: {index}",
            traceback=f"traceback {index}",
            process_log="instance-0-0.log",
        ),
    )
    return Outcome(
        index=index,
        files=files,
        succeeded=files - failed,
        rows=rows,
        tries=more.pop("tries", 1),
        seconds=0.5,
        failures=failures if failed else (),
        **more,
    )


class PartWriter:
    """Writes parts as instances do."""

    def __init__(self, record: JobRecord) -> None:
        self._store = record.staging
        self._count = 0

    def receipt(self, blocks: dict[int, _Block | None], names: Sequence[int] = ()) -> Receipt:
        """The receipt for mini-batches with these rows; `None` for one that failed."""
        order = list(names) or sorted(blocks)
        sets: dict[Columns, int] = {}
        outcomes, data = [], b""
        for index in order:
            block = blocks[index]
            if block is None:
                outcomes.append(outcome(index, failed=1))
                continue
            text, rows, columns = block
            data += text
            place = sets.setdefault(columns, len(sets)) if columns else -1
            outcomes.append(outcome(index, rows=rows, length=len(text), columns=place))
        part = self._part(data, outcomes, tuple(sets)) if sets else None
        return Receipt(outcomes=tuple(outcomes), part=part)

    def _part(self, data: bytes, outcomes: list[Outcome], sets: tuple[Columns, ...]) -> Part:
        self._count += 1
        part = Part(
            name=f"parts/{outcomes[0].index:09d}-{self._count}",
            size=len(data),
            rows=sum(each.rows for each in outcomes),
            sha256=hashlib.sha256(data).hexdigest(),
            column_sets=sets,
        )
        self._store.create(part.name, data)
        return part


@pytest.fixture
def parts(record: JobRecord) -> PartWriter:
    return PartWriter(record)


@pytest.fixture
def parts_of() -> Callable[[JobRecord], PartWriter]:
    """For tests that make many records."""
    return PartWriter


@pytest.fixture(name="outcome")
def outcome_fixture() -> Callable[..., Outcome]:
    return outcome
