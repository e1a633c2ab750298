"""Reading what a scorer process answers: rows and extra files, or trouble."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Protocol

from framework.domain.outcomes import ExtraFile, Failure, FailureKind, Stage
from framework.engine.recovery import Trouble
from framework.engine.work import Scored, Task
from framework.errors import StorageError
from framework.outputs import Column, Encoded
from framework.scoring.launch import Room
from framework.scoring.process import Reply

_LEAST_FREE = 1 << 20
_LONGEST_MESSAGE = 4_000


class Keeper(Protocol):
    """What is done with what is read."""

    def stage_extras(self, task: Task, room: Room, names: list[str]) -> tuple[ExtraFile, ...]:
        """Stages what a script wrote beside its rows."""

    def encode_columns(self, payload: bytes) -> Encoded:
        """Encodes rows that the process could not encode by itself."""


class ReplyReader:
    """Reads the replies of one scorer process after the other.

    Args:
        keeper: The pool.
    """

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._sends_columns = False
        self._columns: tuple[Column, ...] = ()

    def begin(self, *, sends_columns: bool) -> None:
        """What follows are the replies of another process."""
        self._sends_columns = sends_columns
        self._columns = ()

    def read(self, task: Task, reply: Reply, room: Room, *, was_fresh: bool) -> Scored | Trouble:
        """What a reply to a task says.

        Raises:
            StorageError: What it brought can't be kept.
        """
        header = reply.header
        if header.get("disk_full") and _is_full(room.folder):
            raise StorageError(
                f"the disk of the scorer's folders is full, {room.folder}: {header['message']}"
            )
        if not header["ok"]:
            return Trouble(
                stage=Stage(header["stage"]),
                kind=FailureKind(header["kind"]),
                message=header["message"],
                traceback=header["traceback"],
                seconds=header["seconds"],
                was_fresh=was_fresh,
                process_log=room.log.name,
            )
        try:
            return self._scored(task, reply, room)
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001  a stranger's format may raise anything
            return Trouble(
                stage=Stage.ENCODE,
                kind=FailureKind.EXCEPTION,
                message=f"the rows can't be encoded: {error!r:.{_LONGEST_MESSAGE}}",
                seconds=header["seconds"],
                is_final=True,
                process_log=room.log.name,
            )

    def _scored(self, task: Task, reply: Reply, room: Room) -> Scored:
        header, payload = reply
        if "columns" in header:
            self._columns = tuple((name, kind) for name, kind in header["columns"])
        columns = self._columns
        if self._sends_columns and columns:
            payload, columns = self._keeper.encode_columns(payload)
        extras = header.get("extras", [])
        files = len(task.batch.files)
        succeeded = min(header["items"], files)
        return Scored(
            batch=task.batch,
            tries=task.tries + 1,
            seconds=header["seconds"],
            succeeded=succeeded,
            rows=header["rows"],
            payload=payload,
            columns=columns,
            failures=_short(task, header, room.log.name) if succeeded < files else (),
            extras=self._keeper.stage_extras(task, room, extras) if extras else (),
        )


def _is_full(folder: Path) -> bool:
    """Whether there is no room even without what the failed call had written, and is gone."""
    try:
        return shutil.disk_usage(folder).free < _LEAST_FREE
    except OSError:
        return False


def _short(task: Task, header: dict[str, Any], process_log: str) -> tuple[Failure, ...]:
    """The failure of those that a result has no rows of: named where that is known."""
    files, items = len(task.batch.files), header["items"]
    missing = header.get("missing") or ()
    if not items:
        missing = [file.path for file in task.batch.files]
    return (
        Failure(
            files=tuple(missing),
            count=files - items,
            stage=Stage.SCORE,
            kind=FailureKind.SHORT_RESULT,
            message=f"run() returned {items} results for a mini-batch of {files}",
            process_log=process_log,
        ),
    )
