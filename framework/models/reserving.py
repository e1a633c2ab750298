"""Keeping two registrations from giving one version to two contents.

A registration claims its version before it uploads: it writes a file of its own below
`.claims/<version>/`, then looks. It has the version if no other claim is there and the version is
not written down yet; else it takes its claim back. Of two that claim at once, each writes before it
looks, so that at most one finds itself alone. The claim goes when the version is written down,
so whoever does not see the claim sees the version. All of this needs a store that shows what was
just written, as local disks, S3, GCS and Azure do, and no exclusive creation.

On local disks a lock comes on top: it lets others wait instead of trying again, and who holds it
knows that all claims of others are those of the dead.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import random
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from framework.errors import ModelError, StorageError
from framework.models.version import folder_of, record_of
from framework.storage import Store
from framework.storage.os_errors import translated

logger = logging.getLogger(__name__)

_CLAIMS = ".claims"
_LOCK = ".lock"
_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP}
_DEAD_AFTER = timedelta(days=1)
_TRIES = 40
_LONGEST_PAUSE_S = 0.5


@contextmanager
def changing(store: Store, name: str) -> Iterator[bool]:
    """Changes to one model, one after the other where the store is a local disk.

    Yields:
        Whether nobody else changes the model meanwhile.
    """
    folder = store.local_path(folder_of(name))
    if folder is None:
        yield False
        return
    from filelock import FileLock, Timeout

    lock = FileLock(folder / _LOCK, thread_local=False)
    has_lock = False
    with translated("locking", os.fspath(folder)):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
            has_lock = True
        except Timeout:
            logger.warning("model %s is being changed by another process; waiting for it", name)
            lock.acquire()
            has_lock = True
        except NotImplementedError:
            logger.debug("no locks in %s", folder)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
    try:
        yield has_lock
    finally:
        lock.release()


class Claim:
    """One registration's hold on a version, while it uploads.

    Args:
        store: The workspace.
        name: The model's name.
        version: The version.
    """

    def __init__(self, store: Store, name: str, version: str) -> None:
        self.version = version
        self._store = store
        self._name = name
        self._folder = _claims(name, version)
        self._path = f"{self._folder}/{secrets.token_hex(8)}.json"

    def take(self) -> bool:
        """Tries to take the version."""
        said = {"claimed_at": datetime.now(UTC).isoformat(timespec="seconds")}
        self._store.write(self._path, json.dumps(said).encode())
        is_alone = [f"{self._folder}/{each}" for each in self._store.names(self._folder)] == [
            self._path
        ]
        if is_alone and not self._store.exists(record_of(self._name, self.version)):
            return True
        self.give_back()
        return False

    def check_place(self) -> None:
        """Makes sure, before it is taken, that nothing of somebody else's lies in its place.

        Raises:
            ModelError: Something does.
        """
        folder = folder_of(self._name, self.version)
        if not self._store.names(folder) or self._store.names(self._folder):
            return
        # A registration that ended between those two looks has written its version down, or has
        # removed its files.
        if not self._store.exists(record_of(self._name, self.version)) and self._store.names(
            folder
        ):
            raise ModelError(
                f"model {self._name}: {folder} in the workspace {self._store.url} is in the way: "
                "no registration has made it"
            )

    def is_held(self) -> bool:
        """Whether it is still there: nobody took it for that of a dead process."""
        return self._store.exists(self._path)

    def give_back(self) -> None:
        """Lets go of the version."""
        self._store.delete(self._path)


def pause() -> None:
    """Waits for a moment that no rival waits for, too: there is nothing to be awaited."""
    time.sleep(random.uniform(0.0, _LONGEST_PAUSE_S))  # noqa: S311  no secret


def claimed_versions(store: Store, name: str) -> list[str]:
    """Versions that somebody claims, or has claimed and died."""
    return store.names(f"{folder_of(name)}/{_CLAIMS}")


def sweep(store: Store, name: str, *, is_alone: bool) -> list[str]:
    """Removes what registrations that were killed have left.

    Args:
        store: The workspace.
        name: The model's name.
        is_alone: Whether no registration of the model can be alive. Else only claims that are
            older than a day are those of the dead.

    Returns:
        The versions whose unfinished content was removed.
    """
    swept = []
    for version in claimed_versions(store, name):
        claims = [
            f"{_claims(name, version)}/{each}" for each in store.names(_claims(name, version))
        ]
        if not is_alone and not all(_is_old(store, claim) for claim in claims):
            continue
        # The content before the claim that says whose it is: what nobody claimed is not ours.
        if claims and not store.exists(record_of(name, version)):
            store.delete(folder_of(name, version))
            swept.append(version)
        for claim in claims:
            store.delete(claim)
        if is_alone:  # else somebody may be writing a claim there now
            store.delete(_claims(name, version))
    return swept


def rivals(name: str, version: str) -> StorageError:
    """What to say when a version can't be had in many tries."""
    return StorageError(
        f"model {name}: version {version} is being registered by another process, or one that was "
        f"killed in the last {_DEAD_AFTER.days * 24} hours"
    )


def tries() -> range:
    """How often a version is claimed."""
    return range(_TRIES)


def _claims(name: str, version: str) -> str:
    return f"{folder_of(name)}/{_CLAIMS}/{version}"


def _is_old(store: Store, claim: str) -> bool:
    try:
        claimed_at = datetime.fromisoformat(json.loads(store.read(claim))["claimed_at"])
    except FileNotFoundError:
        return True
    return datetime.now(UTC) - claimed_at > _DEAD_AFTER
