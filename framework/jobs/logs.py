"""The logs in a job's record, read while they grow, in bounded memory whatever is in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from framework.errors import StorageError
from framework.jobs.record import JobRecord
from framework.scoring.supervisor import LOG_HEAD

_ENDING = ".log"
_INSTANCE = "instance-"
_PIECE = 1 << 16
_ROUND = 1 << 18
_FURTHEST_BACK = 1 << 20


class Line(NamedTuple):
    """A line of a log.

    Attributes:
        process: What wrote it: `0-1` for process 1 of instance 0, or `driver`.
        text: Without its end; bytes that are no UTF-8 are written out.
        lost: How many bytes of it were too many to be kept.
    """

    process: str
    text: str
    lost: int


class LogFile(NamedTuple):
    """A log in the record.

    Attributes:
        process: What writes it.
        path: Below the workspace's root.
        size: In bytes.
    """

    process: str
    path: str
    size: int


def log_files(record: JobRecord) -> list[LogFile]:
    """The logs that there are by now; the driver's is the first."""
    found = []
    for name in record.workspace.names(record.path("logs")):
        path = record.path("logs", name)
        try:
            size = record.workspace.log_size(path) if name.endswith(_ENDING) else None
        except (FileNotFoundError, StorageError):  # it is gone, or no file
            continue
        if size is not None:
            stem = name.removesuffix(_ENDING)
            found.append(LogFile(stem.removeprefix(_INSTANCE), path, size))
    return found


class LogReader:
    """Reads one log from where it stopped the last time.

    What a carriage return overwrites on a terminal, as progress bars do, is left out.

    Args:
        record: The job's.
        file: Which log.
        longest: Most bytes that are kept of a line.
    """

    def __init__(self, record: JobRecord, file: LogFile, *, longest: int) -> None:
        self._record = record
        self._file = file
        self._longest = longest
        self._position = 0
        self._kept = bytearray()
        self._lost = 0

    def skip_to_last(self, lines: int) -> None:
        """Begins so many lines before the present end, or as far back as is reasonable."""
        start = end = self._file.size
        least = max(0, end - _FURTHEST_BACK) if lines else end
        while start > least:
            length = min(_PIECE, start - least)
            start -= length
            data = self._read(start, length)
            place = len(data)
            while (place := data.rfind(b"\n", 0, place)) >= 0:
                begin = start + place + 1
                lines -= begin < end  # the newline that ends the last line begins none
                if not lines:
                    self._position = begin
                    return
        self._position = start

    def read(self) -> Iterator[Line]:
        """The lines that have ended since the last time; of very many only the next ones."""
        end = self._size()
        if end < self._position:  # its middle was left out, or somebody has emptied it
            self._position, self._lost = LOG_HEAD if end > LOG_HEAD else 0, 0
            self._kept.clear()
        end = min(end, self._position + _ROUND)
        while self._position < end:
            data = self._read(self._position, min(_PIECE, end - self._position))
            if not data:
                return
            self._position += len(data)
            *whole, begun = data.split(b"\n")
            for piece in whole:
                self._add(piece)
                yield self._take()
            self._add(begun)

    def rest(self) -> Iterator[Line]:
        """The last line, if nothing ends it."""
        if self._kept or self._lost:
            yield self._take()

    @property
    def is_behind(self) -> bool:
        """Whether there is more to be read already."""
        return self._position < self._size()

    def _size(self) -> int:
        try:
            return self._record.workspace.log_size(self._file.path)
        except FileNotFoundError:  # its job was removed
            return self._position

    def _read(self, start: int, length: int) -> bytes:
        try:
            return self._record.workspace.read_log(self._file.path, start=start, length=length)
        except FileNotFoundError:
            return b""

    def _add(self, piece: bytes) -> None:
        overwritten = piece.rstrip(b"\r").rfind(b"\r") + 1
        if overwritten or (piece and self._kept.endswith(b"\r")):
            self._kept.clear()
            self._lost = 0
        piece = piece[overwritten:]
        room = self._longest - len(self._kept)
        self._kept += piece[:room]
        self._lost += max(0, len(piece) - room)

    def _take(self) -> Line:
        text = self._kept.removesuffix(b"\r").decode("utf-8", "backslashreplace")
        line = Line(self._file.process, text, self._lost)
        self._kept.clear()
        self._lost = 0
        return line


class JobLogs:
    """All logs of a job, or one; those of processes that start later are found as they come.

    Args:
        record: The job's.
        process: Only this one's.
        last: How many lines to read of what is there already; all where absent.
        longest: Most bytes that are kept of a line.
    """

    def __init__(
        self, record: JobRecord, *, process: str | None = None, last: int | None, longest: int
    ) -> None:
        self._record = record
        self._process = process
        self._longest = longest
        self._readers: dict[str, LogReader] = {}
        for reader in self._look():
            if last is not None:
                reader.skip_to_last(last)

    def read(self) -> Iterator[Line]:
        """What is new: of very much only the next lines."""
        self._look()
        for reader in self._readers.values():
            yield from reader.read()

    def rest(self) -> Iterator[Line]:
        """What is left, once nothing more is written."""
        self._look()
        for reader in self._readers.values():
            while reader.is_behind:
                yield from reader.read()
            yield from reader.rest()

    @property
    def is_behind(self) -> bool:
        """Whether there is more to be read already."""
        return any(reader.is_behind for reader in self._readers.values())

    def _look(self) -> list[LogReader]:
        """Finds the logs that are new."""
        found = []
        for file in log_files(self._record):
            is_wanted = self._process in {None, file.process}
            if is_wanted and file.path not in self._readers:
                reader = LogReader(self._record, file, longest=self._longest)
                self._readers[file.path] = reader
                found.append(reader)
        return found
