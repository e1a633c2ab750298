"""What inputs need of a store beyond the contract: kinds of names, and a walk that selects."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from framework.storage.contract import Store, StoredFile


class Kind(StrEnum):
    """What stands under a name."""

    FILE = "file"
    FOLDER = "folder"
    OTHER = "other"


class Sight(NamedTuple):
    """What one look at a name tells.

    Attributes:
        kind: What stands there.
        size: A file's, in bytes; 0 of a broken link.
        etag: A file's.
    """

    kind: Kind
    size: int = 0
    etag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a walk leaves out.

    Attributes:
        hidden: Whether names that begin with a dot are walked, too.
        enters: Whether to look into a folder, by its path below the store's root; all by default.
        leave_out: Absolute local paths, links resolved, that are never listed. One that holds the
            folder where the walk starts does not count.
    """

    hidden: bool = False
    enters: Callable[[str], bool] | None = None
    leave_out: tuple[str, ...] = ()


EVERYTHING = Selection()


class TreeStore(Store):
    """A store that inputs can be listed in."""

    @abstractmethod
    def look(self, path: str) -> Sight | None:
        """What stands under a name, in one request; `None` where nothing does.

        A broken link is a file, so that it fails under its name and is not lost.
        """

    def is_folder(self, path: str) -> bool:
        """Whether a folder stands under a name."""
        sight = self.look(path)
        return sight is not None and sight.kind is Kind.FOLDER

    @abstractmethod
    def walk(self, path: str = "", selection: Selection = EVERYTHING) -> Iterator[StoredFile]:
        """As the contract says, less what the selection leaves out."""

    def is_same(self, other: TreeStore) -> bool:
        """Whether the other has the same root and is opened in the same way."""
        return self.url == other.url
