"""Walking objects: one listing of all keys, which is a walk of the folders in their names."""

from __future__ import annotations

from collections.abc import Iterator

from framework.domain.files import order_key
from framework.storage.contract import StoredFile
from framework.storage.objects.failures import ServiceError
from framework.storage.objects.service import ObjectService
from framework.storage.sorting import sorted_runs
from framework.storage.tree import Selection

_LAST = "\U0010ffff"


def walk_objects(
    objects: ObjectService, prefix: str, below: str, selection: Selection
) -> Iterator[StoredFile]:
    """The objects whose keys begin with a prefix, in the order of paths' bytes.

    That is the order in which services list them: a local walk sorts a folder as `name/`, so that
    it goes through whole paths in order, too. A service that lists in another order is sorted,
    spilled to disk. Keys that end with a slash only mark folders.

    Args:
        objects: The service.
        prefix: The root's key, with a slash at its end.
        below: The folder below the root, with a slash at its end; empty for the root.
        selection: What to leave out.
    """
    found = _Walk(objects, prefix, below, selection).files()
    if not objects.lists_in_order:
        return iter(sorted_runs(found, key=_path_order))
    return _checked(found)


def _path_order(file: StoredFile) -> bytes:
    return order_key(file.path)


def _checked(files: Iterator[StoredFile]) -> Iterator[StoredFile]:
    last = b""
    for file in files:
        key = order_key(file.path)
        if key < last:
            raise ServiceError("the store does not list names in order", file.path)
        last = key
        yield file


class _Walk:
    def __init__(
        self, objects: ObjectService, prefix: str, below: str, selection: Selection
    ) -> None:
        self._objects = objects
        self._prefix = prefix
        self._below = below
        self._selection = selection
        self._entered: list[str] = []

    def files(self) -> Iterator[StoredFile]:
        """What is selected; folders that are not are skipped where the service lets us."""
        left_out, after = "", ""
        while True:
            is_done = True
            for page in self._objects.pages(self._prefix + self._below, after):
                for each in page:
                    path = each.key[len(self._prefix) :]
                    if left_out and path.startswith(left_out):
                        continue
                    left_out = self._folder_left_out(path)
                    if not left_out and self._is_file(path):
                        yield StoredFile(path, each.size, each.etag)
                if left_out and self._objects.skips_ahead:
                    is_done = False
                    break
            if is_done:
                return
            after, left_out = self._prefix + left_out + _LAST, ""

    def _is_file(self, path: str) -> bool:
        name = path.rpartition("/")[2]
        return bool(name) and (self._selection.hidden or not name.startswith("."))

    def _folder_left_out(self, path: str) -> str:
        """The outermost folder of a path that isn't entered, with its slash; empty if all are."""
        folders = path[len(self._below) :].split("/")[:-1]
        if not folders or (not self._selection.enters and self._selection.hidden):
            return ""
        shared = 0
        while folders[: shared + 1] == self._entered[: shared + 1] and shared < len(folders):
            shared += 1
        for depth in range(shared, len(folders)):
            folder = self._below + "/".join(folders[: depth + 1])
            if not self._enters(folder, folders[depth]):
                return f"{folder}/"
        self._entered = folders
        return ""

    def _enters(self, folder: str, name: str) -> bool:
        if name.startswith(".") and not self._selection.hidden:
            return False
        return self._selection.enters is None or self._selection.enters(folder)
