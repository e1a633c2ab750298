"""Publishing what scripts wrote to `AZUREML_BI_OUTPUT_PATH`: beside the output, each file once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import groupby

from framework.domain.outcomes import ExtraFile
from framework.errors import OutputExistsError, StorageError
from framework.jobs.commit import Target, clear_staged, token
from framework.jobs.ledger import DoneSet, read_receipts
from framework.jobs.record import JobRecord
from framework.storage import Store
from framework.storage.checksums import sha256_of
from framework.storage.sorting import SortedRuns

_Written = tuple[str, int, ExtraFile]
_PIECE = 1 << 20


def publish_extras(record: JobRecord, folder: Store, epoch: int) -> list[str]:
    """Copies the staged files beside the output; can be repeated, also elsewhere.

    Where two mini-batches wrote one name, the later in input order wins.

    Args:
        record: The job's.
        folder: The output's.
        epoch: The driver's number.

    Returns:
        Warnings for names that were written with different contents.

    Raises:
        OutputExistsError: Something else stands under one of the names.
    """
    staging = record.staging
    warnings = []
    for path, versions in _by_name(record):
        if len({extra.sha256 for extra in versions}) > 1:
            warnings.append(
                f"{path} was written by {len(versions)} mini-batches with different contents; "
                "the last one in input order was kept"
            )
        target = Target(store=folder, file_name=path)
        clear_staged(target, record, epoch)
        _publish(versions[-1], staging, target, token(record, epoch))
    return warnings


def published_extras(record: JobRecord) -> Iterator[ExtraFile]:
    """What a Completed job has published beside its output, by name."""
    for _, versions in _by_name(record):
        yield versions[-1]


def _by_name(record: JobRecord) -> Iterator[tuple[str, list[ExtraFile]]]:
    """All that was written under each name, in input order."""
    for path, group in groupby(SortedRuns(_written(record), _order), lambda written: written[0]):
        yield path, [extra for _, _, extra in group]


def _written(record: JobRecord) -> Iterator[_Written]:
    done = DoneSet()
    for receipt in read_receipts(record):
        for outcome in receipt.outcomes:
            if done.add(outcome.index):
                for extra in outcome.extras:
                    yield (extra.path, outcome.index, extra)


def _order(written: _Written) -> tuple[str, int]:
    return written[:2]


def _publish(extra: ExtraFile, staging: Store, target: Target, mark: str) -> None:
    store, name = target.store, target.file_name
    if not store.exists(name):
        # A copy: a rival may win the output yet, and then the job goes elsewhere, files and all.
        with staging.open_read(extra.staged) as source, store.stage(name, mark) as staged:
            shutil.copyfileobj(source, staged.stream, _PIECE)
        try:
            store.commit(staged.path, name)
            return
        except FileExistsError:
            store.unstage(name, mark)
    if not _is_there(extra, target):
        raise OutputExistsError(f"output {target.url} exists already; give another output.path")


def _is_there(extra: ExtraFile, target: Target) -> bool:
    try:
        with target.store.open_read(target.file_name) as file:
            return sha256_of(file) == extra.sha256
    except (FileNotFoundError, StorageError):  # a broken link, or a folder: not what we wrote
        return False
