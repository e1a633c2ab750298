"""A job's journal: logs that only the current driver can add to.

A driver owns an *epoch*: it has created `epochs/<n>.json` exclusively. It writes segments of its
own, `<log>/<n>.jsonl`, and its first words are the *seals*: how long its predecessors' segments
were when it took over. What appears in them later is ignored, so that a driver that was stopped
and wakes up can do no harm.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, BinaryIO

import psutil

from framework.errors import SupersededError
from framework.jobs.record import JobRecord
from framework.storage import AppendLog

LEDGER = "ledger"
INPUTS = "inputs"
_LOGS = (LEDGER, INPUTS)


class Journal:
    """The current driver's hold on a job. Make one with `claim`.

    Attributes:
        epoch: This driver's number.
    """

    def __init__(self, record: JobRecord, epoch: int) -> None:
        self.record = record
        self.epoch = epoch
        self._logs: dict[str, AppendLog] = {}

    @classmethod
    def claim(cls, record: JobRecord, *, started_at: str) -> Journal:
        """Takes the job over from whoever had it.

        Raises:
            SupersededError: Another driver took it over at the same moment.
        """
        epoch = record.epoch + 1
        claim = {**this_process(), "started_at": started_at}
        try:
            path = record.path("epochs", f"{epoch:06d}.json")
            record.workspace.create(path, json.dumps(claim).encode())
        except FileExistsError:
            raise SupersededError(
                f"job {record.name}: another driver has just taken it over"
            ) from None
        journal = cls(record, epoch)
        journal.append(LEDGER, {"seals": _sizes(record)})
        journal.sync(LEDGER)
        return journal

    def append(self, log: str, *entries: Any) -> None:
        """Adds entries to a log; durable after `sync`."""
        lines = b"".join(
            json.dumps(each, separators=(",", ":")).encode() + b"\n" for each in entries
        )
        self._log(log).append(lines)

    def sync(self, log: str) -> None:
        """Makes what was added to a log durable."""
        self._log(log).sync()

    def check_still_ours(self) -> None:
        """Makes sure that nobody has taken the job over, or has removed its record.

        Raises:
            SupersededError: Somebody has.
        """
        newest = self.record.epoch
        if newest != self.epoch:
            what = "another driver has taken it over" if newest else "its record was removed"
            raise SupersededError(f"job {self.record.name}: {what}; this driver has stopped")

    def close(self) -> None:
        """Closes the logs."""
        for log in self._logs.values():
            log.close()
        self._logs.clear()

    def open_own(self, log: str) -> AbstractContextManager[BinaryIO]:
        """This driver's own segment of a log, to be read while it grows."""
        return self.record.workspace.open_log(self._own(log))

    def _own(self, log: str) -> str:
        return self.record.path(log, f"{self.epoch:06d}.jsonl")

    def _log(self, log: str) -> AppendLog:
        if log not in self._logs:
            self._logs[log] = self.record.workspace.append_log(self._own(log))
        return self._logs[log]


def this_process() -> dict[str, Any]:
    """What tells this process from all others, also from a later one with its number."""
    process = psutil.Process()
    return {"host": socket.gethostname(), "pid": process.pid, "born": process.create_time()}


def is_gone(claim: Mapping[str, Any]) -> bool:
    """Whether a driver is known to be gone: it ran on this host, and runs no more."""
    if claim["host"] != socket.gethostname():
        return False
    try:
        process = psutil.Process(claim["pid"])
        is_another = process.create_time() != claim["born"]
        return is_another or process.status() == psutil.STATUS_ZOMBIE  # killed, not waited for yet
    except psutil.NoSuchProcess:
        return True


def read_log(record: JobRecord, log: str, *, before: int | None = None) -> Iterator[Any]:
    """All valid entries of a log, oldest first: up to the seals, without what a power cut tore.

    Args:
        record: The job's.
        log: `LEDGER` or `INPUTS`.
        before: Only what drivers before this one have written.
    """
    for epoch, entries in read_segments(record, log):
        if before is not None and epoch >= before:
            return
        yield from entries


def read_segments(record: JobRecord, log: str) -> Iterator[tuple[int, Iterator[Any]]]:
    """The same, apart for each driver that has written: its epoch and its entries."""
    seals = _seals(record)
    for name in record.workspace.names(record.path(log)):
        yield _epoch(name), _read_segment(record, log, name, _limit(seals, log, name))


def _read_segment(record: JobRecord, log: str, name: str, limit: int | None) -> Iterator[Any]:
    position = 0
    with record.workspace.open_log(record.path(log, name)) as file:
        for line in file:
            position += len(line)
            if not line.endswith(b"\n") or (limit is not None and position > limit):
                return
            try:
                entry = json.loads(line.decode("ascii"))  # twice as fast as from bytes
            except ValueError:  # a page that a power cut left unwritten: nobody was told of it
                return
            yield entry


def _seals(record: JobRecord) -> dict[int, dict[str, int]]:
    """By epoch, the seals that count: not those of a driver that was itself sealed before them."""
    seals: dict[int, dict[str, int]] = {}
    for name in reversed(record.workspace.names(record.path(LEDGER))):
        first = next(_read_segment(record, LEDGER, name, _limit(seals, LEDGER, name)), None)
        if first is not None:
            seals[_epoch(name)] = first["seals"]
    return seals


def _limit(seals: Mapping[int, Mapping[str, int]], log: str, name: str) -> int | None:
    """How much of a segment counts: what its next sealer saw of it, all if there is none yet."""
    later = [epoch for epoch in seals if epoch > _epoch(name)]
    return seals[min(later)].get(f"{log}/{name}", 0) if later else None


def _epoch(segment: str) -> int:
    return int(segment.partition(".")[0])


def _sizes(record: JobRecord) -> dict[str, int]:
    """The present length of every segment of every log."""
    sizes = {}
    for log in _LOGS:
        for name in record.workspace.names(record.path(log)):
            sizes[f"{log}/{name}"] = record.workspace.log_size(record.path(log, name))
    return sizes
