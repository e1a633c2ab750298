"""Writing so that a power cut finds either the old state or the new one, never half of it."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

from framework.errors import StorageError
from framework.storage.os_errors import shown

_KEPT_OF_NAME = 40
_TEMPORARY = re.compile(r"\..*\.[0-9a-f]{16}\.tmp")
_NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EBADF}
_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


def is_temporary(name: str) -> bool:
    """Whether a write that was cut short may have left a file of this name."""
    return _TEMPORARY.fullmatch(name) is not None


def hidden_sibling(path: str, mark: str) -> str:
    """A hidden name in the same folder; the original's is cut, so that it always fits."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name[:_KEPT_OF_NAME]}.{mark}")


def temporary_sibling(path: str) -> str:
    """A new hidden name in the same folder."""
    return hidden_sibling(path, f"{os.urandom(8).hex()}.tmp")


def sync_folder(folder: str) -> None:
    """Makes the names in a folder durable; some file systems can't, and need not."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(descriptor)


def make_folders(folder: str) -> None:
    """Makes a folder and those above it, durably."""
    missing = []
    while not os.path.isdir(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    for each in reversed(missing):
        try:
            os.mkdir(each)
        except FileExistsError:
            if not os.path.isdir(each):
                raise StorageError(f"{shown(each)} is a file, and a folder is needed") from None
        sync_folder(os.path.dirname(each))


def write_all(descriptor: int, data: bytes) -> None:
    """Writes all bytes, whatever the system takes at once."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def write_new(path: str, data: bytes) -> None:
    """Writes a new file and makes its content durable; nothing is left where that fails."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    except BaseException:
        os.unlink(path)
        raise
    finally:
        os.close(descriptor)


def sync_file(path: str) -> None:
    """Makes the content of a file that is no longer open durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace(source: str, target: str) -> None:
    """Gives a durable file a name in the same folder, atomically, then makes the name durable."""
    try:
        os.replace(source, target)
    except BaseException:
        Path(source).unlink(missing_ok=True)
        raise
    sync_folder(os.path.dirname(target))


def publish(source: str, target: str) -> None:
    """Gives a durable file a second, final name, exclusively; then the first one is removed.

    A hard link is atomic and never replaces. A file system without hard links gets an empty
    placeholder, created exclusively, that the file then replaces: still only one can win, but a
    power cut between the two leaves the empty placeholder.

    Raises:
        FileExistsError: Something stands under the name; the source is still there.
    """
    try:
        os.link(source, target)
    except FileExistsError:
        # A network file system that lost its reply tries again and finds its own link.
        if not _is_same_file(source, target):
            raise _exists(target) from None
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        _publish_by_placeholder(source, target)
        return
    sync_folder(os.path.dirname(target))
    os.unlink(source)


def _publish_by_placeholder(source: str, target: str) -> None:
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
    except FileExistsError:
        raise _exists(target) from None
    try:
        os.replace(source, target)
    except BaseException:
        os.unlink(target)
        raise
    sync_folder(os.path.dirname(target))


def _is_same_file(one: str, other: str) -> bool:
    try:
        return os.path.samestat(os.lstat(one), os.lstat(other))
    except FileNotFoundError:
        return False


def _exists(path: str) -> FileExistsError:
    return FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
