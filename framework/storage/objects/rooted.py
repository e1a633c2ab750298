"""Where a store of objects begins: its paths as keys and as URLs, and its failures told by them."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from framework.domain.suggestions import did_you_mean
from framework.errors import StorageError, StoreUnavailableError
from framework.storage.objects.failures import (
    MissingBucketError,
    ServiceError,
    UnavailableError,
)
from framework.storage.objects.service import ObjectService, split_key
from framework.storage.options import NO_OPTIONS, Options
from framework.storage.os_errors import shown
from framework.storage.paths import checked_relative


class ObjectRoot:
    """A bucket, or a folder in one.

    Args:
        objects: The service.
        root: The root's key: a bucket, or one with a folder; empty for all buckets.
        url: The root as people write it.
        options: What the store was opened with.
    """

    def __init__(
        self, objects: ObjectService, root: str, *, url: str, options: Options = NO_OPTIONS
    ) -> None:
        self.url = url
        self.options = options
        self._objects = objects
        self._root = root.strip("/")

    def _key(self, path: str) -> str:
        # Checked, not normalised: to a store of objects `a//b` and `a/b` are two names.
        checked_relative(path.lstrip("/"))
        return f"{self._root}/{path}" if self._root and path else path or self._root

    def _target(self, path: str) -> str:
        """The key of what is to be changed, which is an object in a bucket."""
        key = self._key(path)
        if not path or not self._is_object(key):
            raise StorageError(f"refused to change the whole of {shown(self._url_of(path))}")
        return key

    def _is_object(self, key: str) -> bool:
        return bool(key) and ("/" in key or not self._objects.has_buckets)

    def _url_of(self, path: str) -> str:
        return f"{self.url}{'' if self.url.endswith('/') else '/'}{path}" if path else self.url

    def _missing(self, path: str) -> FileNotFoundError:
        return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), self._url_of(path))

    @contextmanager
    def _told(self, action: str, path: str) -> Iterator[None]:
        """Says in a service's errors what was being done, and where."""
        try:
            yield
        except FileNotFoundError as error:
            raise self._missing(path) from error
        except FileExistsError as error:
            where = self._url_of(path)
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), where) from error
        except ServiceError as error:
            hint = self._other_buckets() if isinstance(error, MissingBucketError) else ""
            where = shown(self._url_of(path))
            message = f"{error.reason}{hint} while {action} {where}"
            if not isinstance(error, UnavailableError):
                raise StorageError(message) from error
            gone = StoreUnavailableError(message)
            gone.is_certain = error.is_certain
            raise gone from error

    def _other_buckets(self) -> str:
        with suppress(ServiceError):
            return did_you_mean(split_key(self._root)[0], self._objects.buckets())
        return ""
