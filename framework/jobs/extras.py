"""Publishing what scripts wrote to `AZUREML_BI_OUTPUT_PATH`: beside the output, each file once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from framework.domain.outcomes import ExtraFile
from framework.errors import OutputExistsError, StorageError
from framework.jobs.ledger import DoneSet, read_receipts
from framework.jobs.record import JobRecord
from framework.storage import Store, open_store
from framework.storage.checksums import sha256_of
from framework.storage.sorting import SortedRuns

_Written = tuple[str, int, ExtraFile]


def publish_extras(record: JobRecord, target: Store) -> list[str]:
    """Moves the staged files beside the output; can be repeated after a kill.

    Where two mini-batches wrote one name, the later in input order wins.

    Returns:
        Warnings for names that were written with different contents.

    Raises:
        OutputExistsError: Something else stands under one of the names.
    """
    staging = open_store(record.staging)
    warnings = []
    for path, group in groupby(SortedRuns(_written(record), _order), lambda written: written[0]):
        versions = [extra for _, _, extra in group]
        if len({extra.sha256 for extra in versions}) > 1:
            warnings.append(
                f"{path} was written by {len(versions)} mini-batches with different contents; "
                "the last one in input order was kept"
            )
        _publish(versions[-1], staging, target)
    return warnings


def _written(record: JobRecord) -> Iterator[_Written]:
    done = DoneSet()
    for receipt in read_receipts(record):
        for outcome in receipt.outcomes:
            if done.add(outcome.index):
                for extra in outcome.extras:
                    yield (extra.path, outcome.index, extra)


def _order(written: _Written) -> tuple[str, int]:
    return written[:2]


def _publish(extra: ExtraFile, staging: Store, target: Store) -> None:
    if target.exists(extra.path):
        if _is_there(extra, target):
            return
        raise OutputExistsError(
            f"output {target.url}/{extra.path}: exists already; give another output.path"
        )
    source: Path | None = staging.local_path(extra.staged)
    if source is None:
        raise StorageError(f"{staging.url}: has to be a local folder")
    target.put(source, extra.path)


def _is_there(extra: ExtraFile, target: Store) -> bool:
    try:
        with target.open_read(extra.path) as file:
            return sha256_of(file) == extra.sha256
    except (FileNotFoundError, StorageError):  # a broken link, or a folder: not what we wrote
        return False
