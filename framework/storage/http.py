"""Files and folders of a web server, as far as it lists them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from framework.storage.remote import FsspecStore
from framework.storage.tree import Kind, Sight

_REQUESTS = 8


class HttpStore(FsspecStore):
    """A web server: a folder is an address that ends with a slash, and whose page links to files.

    Args:
        filesystem: fsspec's file system of the web, whose paths are whole addresses.
        root: The root's address.
        url: The same, as people write it.
    """

    def look(self, path: str) -> Sight | None:
        """What stands at an address; servers lead from a folder's name to its address."""
        if not path:
            return Sight(Kind.FOLDER)
        for name in (path, f"{path}/"):
            try:
                info = self._info(name)
            except FileNotFoundError:
                continue
            is_folder = urlsplit(str(info.get("url", ""))).path.endswith("/")
            return Sight(Kind.FOLDER) if is_folder else super().look(name)
        return None

    def _list(self, path: str) -> list[dict[str, Any]]:
        """What a folder's page links to right below it, with the sizes that pages don't say."""
        folder = f"{self._full(path)}/"
        found = [info for info in super()._list(path) if _is_right_below(info["name"], folder)]
        with ThreadPoolExecutor(_REQUESTS) as threads:
            return list(threads.map(self._measured, found))

    def _measured(self, info: dict[str, Any]) -> dict[str, Any]:
        if info["type"] == "directory":
            return info
        try:
            return info | self._filesystem.info(info["name"])
        except FileNotFoundError:
            return info  # a broken link is a file that fails under its name


def _is_right_below(name: str, folder: str) -> bool:
    rest = name.removeprefix(folder)
    is_below = name.startswith(folder) and not set(rest) & {"?", "#"}
    return is_below and "/" not in rest.rstrip("/") and rest not in {"", ".", "./", "..", "../"}
