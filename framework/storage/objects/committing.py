"""The exclusive creation of objects: commits, and whether a service can be trusted with them."""

from __future__ import annotations

import os
import threading
from weakref import WeakKeyDictionary

from framework.storage.objects.failures import CantCopyError, Conflict
from framework.storage.objects.retrying import again_on_conflict
from framework.storage.objects.service import ObjectService, split_key
from framework.storage.objects.writing import ObjectWriter, rewrite

RESENT_BYTES = 8 << 20
"""What is committed by sending it again, in one request: a copy within S3 takes three."""

_LOCK = threading.Lock()
_PROMISES: WeakKeyDictionary[ObjectService, dict[str, bool]] = WeakKeyDictionary()
"""What was found out, by bucket."""


def commit(objects: ObjectService, root: str, staged: str, final: str) -> None:
    """Gives a staged object its final name, if that is free, and removes the staged one.

    Raises:
        FileExistsError: It isn't free. The staged object is still there.
    """
    head = objects.head(staged)
    if not creates_exclusively(objects, root):
        _check_free(objects, final)
    again_on_conflict(lambda: _copy(objects, staged, final, head.size, head.token))
    objects.delete([staged])


def _copy(objects: ObjectService, staged: str, final: str, size: int, token: str) -> None:
    if size <= RESENT_BYTES:
        objects.create(final, objects.get(staged, 0, None).data, token)
        return
    try:
        objects.copy_new(staged, final, size, token)
    except CantCopyError:
        _check_free(objects, final)  # before all the bytes travel
        rewrite(objects, [staged], ObjectWriter(objects, final, token, is_new=True))


def _check_free(objects: ObjectService, key: str) -> None:
    try:
        objects.head(key)
    except FileNotFoundError:
        return
    raise FileExistsError(key)


def creates_exclusively(objects: ObjectService, root: str) -> bool:
    """Whether a service refuses a second creation: known of it, or tried once in each bucket."""
    if objects.keeps_conditions:
        return True
    bucket = split_key(root)[0]
    with _LOCK:
        known = _PROMISES.setdefault(objects, {})
        if bucket not in known:
            known[bucket] = _keeps_promise(objects, root)
        return known[bucket]


def _keeps_promise(objects: ObjectService, root: str) -> bool:
    """Creates an object twice, in one request and in parts: the second time has to fail."""
    key = f"{root}/.{os.urandom(8).hex()}.probe"
    try:
        objects.create(key, b"", os.urandom(8).hex())
        return _is_refused(objects, key) and _is_refused_in_parts(objects, key)
    finally:
        objects.delete([key])


def _is_refused(objects: ObjectService, key: str) -> bool:
    try:
        objects.create(key, b"", os.urandom(8).hex())
    except FileExistsError:
        return True
    return False


def _is_refused_in_parts(objects: ObjectService, key: str) -> bool:
    upload = objects.upload(key, os.urandom(8).hex(), is_new=True)
    try:
        upload.finish(1, b"probe")
    except (FileExistsError, Conflict):
        return True
    except BaseException:
        upload.abort()
        raise
    return False
