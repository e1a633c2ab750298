"""What a service of objects can do: the few operations that the services differ in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from framework.storage.gets import Requests
from framework.storage.objects.failures import CantCopyError
from framework.storage.objects.joining import JoinLimits, Source


class Listed(NamedTuple):
    """An object, as a listing tells of it.

    Attributes:
        key: Its whole key.
        size: In bytes.
        etag: What changes when the content does.
    """

    key: str
    size: int
    etag: str


class Head(NamedTuple):
    """An object, as a look at it tells.

    Attributes:
        size: In bytes.
        etag: What changes when the content does.
        token: What its writer has put into its metadata; empty if that wasn't us.
    """

    size: int
    etag: str
    token: str


class Piece(NamedTuple):
    """A piece of an object.

    Attributes:
        data: Its bytes; fewer than were asked for at the object's end.
        size: The whole object's, in bytes.
        etag: The whole object's.
    """

    data: bytes
    size: int
    etag: str


class Upload(ABC):
    """An object that is being written in parts. Nothing is seen of it before `finish`."""

    is_in_order: bool = False
    """Whether parts have to be added one after the other."""

    @abstractmethod
    def add(self, number: int, data: bytes) -> None:
        """Sends a part; numbers count from 1. Called from several threads at once.

        All parts but the last are at least 5 MiB, and multiples of 256 KiB.
        """

    def copy(self, number: int, source: Source) -> None:
        """Makes a part of a range of another object, within the service; as `add` otherwise.

        Raises:
            CantCopyError: The service can't, or refuses. The part may be added in another way.
        """
        raise CantCopyError(source.key)

    @abstractmethod
    def finish(self, number: int, data: bytes) -> None:
        """Sends the last part, if there is more, and makes the object of all of them.

        Raises:
            FileExistsError: It was to be created, and there is one of that key.
            Conflict: The service wants the whole upload made anew.
        """

    @abstractmethod
    def abort(self) -> None:
        """Gives the upload up; nothing is left of it."""


class ObjectService(ABC):
    """One service, opened with one set of credentials. Safe to use from several threads.

    Each operation tries again, for a bounded time, what may pass. A key that is not there
    raises `FileNotFoundError`; what lasts, `ServiceError` with a reason in people's words.
    """

    lists_in_order: bool = True
    """Whether listings come in the order of the keys' UTF-8 bytes."""

    has_buckets: bool = True
    """Whether the first name of a key is a bucket's, which is no folder."""

    skips_ahead: bool = True
    """Whether a listing can begin after a key, without looking at those before it."""

    joins: JoinLimits | None = None
    """What uploads that are begun by `join` may copy; `None` once the service has refused."""

    @property
    def keeps_conditions(self) -> bool:
        """Whether the service is known to refuse a second `create`; others are tried out."""
        return True

    @abstractmethod
    def head(self, key: str) -> Head:
        """What there is to know of an object."""

    @abstractmethod
    def get(self, key: str, start: int, length: int | None, etag: str = "") -> Piece:
        """A piece of an object; the rest of it without a length.

        Args:
            key: The object.
            start: The first byte.
            length: How many bytes, at most.
            etag: What the object has to be still; `ServiceError` if it has changed.
        """

    @abstractmethod
    def put(self, key: str, data: bytes, token: str) -> None:
        """Writes or replaces an object, whole."""

    @abstractmethod
    def create(self, key: str, data: bytes, token: str) -> None:
        """Writes an object if there is none.

        Raises:
            FileExistsError: There is one, whose token is another.
        """

    @abstractmethod
    def upload(self, key: str, token: str, *, is_new: bool) -> Upload:
        """Begins an object of many parts, to be created (`is_new`) or replaced."""

    def join(self, key: str, token: str, *, is_new: bool) -> Upload:
        """Begins an object whose parts are copied from other objects, too."""
        return self.upload(key, token, is_new=is_new)

    def give_up(self, key: str) -> None:
        """Ends uploads of an object that were begun and never ended, where they cost anything."""
        return

    @abstractmethod
    def copy_new(self, source: str, target: str, size: int, token: str) -> None:
        """Copies an object within the service, its token included, if the target isn't there.

        Raises:
            FileExistsError: It is there, and its token is another.
            CantCopyError: This service can't.
            Conflict: To be tried again.
        """

    @abstractmethod
    def delete(self, keys: Sequence[str]) -> None:
        """Removes objects; no error if one isn't there."""

    @abstractmethod
    def pages(self, prefix: str, after: str = "") -> Iterator[list[Listed]]:
        """All objects whose keys begin with a prefix, page by page.

        Args:
            prefix: A bucket, a slash, and what keys begin with.
            after: The key that those come after which are wanted, where `skips_ahead`.
        """

    @abstractmethod
    def children(self, prefix: str) -> Iterable[str]:
        """What follows a prefix, up to the next slash, each once; folders end with the slash."""

    def requests(self, full: Callable[[str], str], path: str) -> Requests | None:
        """What plain GETs for objects look like; `None` where `get` has to do them all.

        Args:
            full: Makes keys of paths.
            path: A small object that should be there; it may be read to find out.
        """
        return None

    @abstractmethod
    def buckets(self) -> list[str]:
        """The names of all buckets."""

    def check_ours(self, key: str, token: str) -> None:
        """After a refusal: whether it was our own earlier request, whose answer was lost.

        Raises:
            FileExistsError: Somebody else's object is there.
        """
        try:
            if self.head(key).token == token:
                return
        except FileNotFoundError:
            pass  # gone again; it was there
        raise FileExistsError(key)


def split_key(key: str) -> tuple[str, str]:
    """A whole key's bucket, and the name in it."""
    bucket, _, name = key.partition("/")
    return bucket, name
