"""Which model a job scores with, as it is told to the instances."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSource:
    """Where a model lies, and how to know that it is the one that is meant.

    Attributes:
        title: What people call it: `name:version`, or its path.
        url: The store that it is in.
        path: Its file or folder in that store.
        sha256: The checksum of all of its content, names included.
        size: In bytes.
        empty_folders: Folders without any file, which a store of objects can't hold; their paths
            begin with the model's own name.
    """

    title: str
    url: str
    path: str
    sha256: str
    size: int
    empty_folders: tuple[str, ...] = ()

    @property
    def file_name(self) -> str:
        """The name of its file or folder, which scorers see it under."""
        return self.path.rpartition("/")[2]
