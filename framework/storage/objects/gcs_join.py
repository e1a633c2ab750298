"""An object of Google Cloud Storage that is composed of others, within the service.

Compose takes whole objects of one bucket, 32 at a time; what is made of 32 can be composed again:
https://cloud.google.com/storage/docs/json_api/v1/objects/compose
Pieces that are sent, and what is composed on the way, lie below the object's own name until the
end: who removes what a killed process has left there removes them, too.
"""

from __future__ import annotations

import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from framework.storage.objects.failures import (
    CantCopyError,
    ConditionError,
    ServiceError,
    UnavailableError,
)
from framework.storage.objects.gcs_client import place
from framework.storage.objects.gcs_upload import IS_NEW, TOKEN
from framework.storage.objects.joining import Source
from framework.storage.objects.service import Upload, split_key
from framework.storage.objects.writing import ObjectWriter, rewrite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from framework.storage.objects.gcs import GoogleObjects

_COMPOSED = 32
_AT_ONCE = 8


class GoogleJoin(Upload):
    """Whole objects and pieces of our own, composed in a tree.

    Args:
        objects: The service.
        key: The object's.
        token: For its metadata.
        is_new: Whether it is to be created, not replaced.
    """

    def __init__(self, objects: GoogleObjects, key: str, token: str, is_new: bool) -> None:
        self._objects = objects
        self._key = key
        self._token = token
        self._is_new = is_new
        self._components: dict[int, str] = {}
        self._own: list[str] = []

    def add(self, number: int, data: bytes) -> None:
        """Sends a piece, as an object."""
        key = f"{self._key}/{number:08d}"
        self._own.append(key)
        self._objects.put(key, data, self._token)
        self._components[number] = key

    def copy(self, number: int, source: Source) -> None:
        """Takes an object as it is."""
        if not source.is_whole:
            raise CantCopyError(source.key)
        self._components[number] = source.key

    def finish(self, number: int, data: bytes) -> None:
        """Sends the last piece, and composes all."""
        if data or not self._components:
            self.add(number, data)
        keys = [self._components[each] for each in sorted(self._components)]
        try:
            self._compose_all(keys)
        except UnavailableError:
            raise
        except ServiceError:
            # Objects of several storage classes, a policy: reading them does as well.
            self._objects.joins = None
            writer = ObjectWriter(self._objects, self._key, self._token, is_new=self._is_new)
            rewrite(self._objects, keys, writer)
        self._remove_own()

    def abort(self) -> None:
        """Removes the pieces."""
        self._remove_own()

    def _compose_all(self, keys: list[str]) -> None:
        numbers = itertools.count(1)
        while len(keys) > _COMPOSED:
            groups = [keys[at : at + _COMPOSED] for at in range(0, len(keys), _COMPOSED)]
            keys = [f"{self._key}/composed-{next(numbers):08d}" for _ in groups]
            self._own += keys
            with ThreadPoolExecutor(_AT_ONCE, "compose") as threads:
                list(threads.map(partial(self._compose, {}), keys, groups))
        try:
            self._compose(IS_NEW if self._is_new else {}, self._key, keys)
        except ConditionError:
            self._objects.check_ours(self._key, self._token)

    def _compose(self, condition: Mapping[str, str], key: str, sources: Sequence[str]) -> None:
        """Asked twice, it makes the same twice: sources stay as they are."""
        description = {
            "destination": {"metadata": {TOKEN: self._token}},
            "sourceObjects": [{"name": split_key(each)[1]} for each in sources],
        }
        self._objects.client.ask(
            "POST",
            f"{place(key)}/compose",
            key,
            query=condition,
            headers={"Content-Type": "application/json; charset=UTF-8"},
            body=json.dumps(description).encode(),
        )

    def _remove_own(self) -> None:
        if self._own:
            self._objects.delete(self._own)
            self._own = []
