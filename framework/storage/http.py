"""Files and folders of a web server, as far as it lists them."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from framework.storage.contract import OnBytes
from framework.storage.objects.failures import PassingError, of_status, unreachable
from framework.storage.objects.retrying import Patience
from framework.storage.options import NO_OPTIONS, Options
from framework.storage.remote import FsspecStore, told_of
from framework.storage.tree import Kind, Sight

_REQUESTS = 8
_AS_IT_IS = {"Accept-Encoding": "identity"}

Answer = TypeVar("Answer")


class HttpStore(FsspecStore):
    """A web server: a folder is an address that ends with a slash, and whose page links to files.

    Args:
        filesystem: fsspec's file system of the web, whose paths are whole addresses.
        root: The root's address.
        url: The same, as people write it.
        options: What it was opened with.
        patience: For how long the server is asked again.
    """

    tells_sizes = False

    def __init__(
        self,
        filesystem: Any,
        root: str,
        *,
        url: str,
        options: Options = NO_OPTIONS,
        patience: Patience | None = None,
    ) -> None:
        super().__init__(filesystem, root, url=url, options=options)
        self._patience = patience or Patience()

    def at(self, path: str) -> HttpStore:
        """The store rooted at a folder below."""
        return HttpStore(
            self._filesystem,
            self._full(path),
            url=self._url_of(path),
            options=self.options,
            patience=self._patience,
        )

    def fetch(self, path: str, target: Path, on_bytes: OnBytes | None = None) -> None:
        """Copies a file to a new local file. What a server compresses is what it was before."""
        headers = {**self._filesystem.kwargs.get("headers", {}), **_AS_IT_IS}
        get = partial(
            self._filesystem.get_file, self._full(path), os.fspath(target), headers=headers
        )
        with self._translated("fetching", path):
            self._ask(self._full(path), lambda: get(callback=told_of(on_bytes)))

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

    def _info(self, path: str) -> dict[str, Any]:
        with self._translated("looking at", path):
            return self._look_at(self._full(path))

    def _look_at(self, address: str) -> dict[str, Any]:
        info: dict[str, Any] = self._ask(address, lambda: self._filesystem.info(address))
        return info

    def _ask(self, address: str, ask: Callable[[], Answer]) -> Answer:
        """Asks until there is an answer, as long as one may come."""

        def once() -> Answer:
            try:
                answer = ask()
            except Exception as error:
                failure = _failure_of(error, address)
                self._patience.is_answered |= not isinstance(failure, PassingError)
                raise failure from error
            self._patience.is_answered = True
            return answer

        return self._patience.persistently(once)

    def _measured(self, info: dict[str, Any]) -> dict[str, Any]:
        if info["type"] == "directory":
            return info
        try:
            return info | self._look_at(info["name"])
        except FileNotFoundError:
            return info  # a broken link is a file that fails under its name


def _failure_of(error: Exception, address: str) -> Exception:
    """What is to be raised for what fsspec or aiohttp has raised."""
    import aiohttp

    if isinstance(error, FileNotFoundError) and isinstance(error.__cause__, Exception):
        cause = error.__cause__  # fsspec says so of anything that went wrong with a look
        return error if isinstance(cause, FileNotFoundError) else _failure_of(cause, address)
    if isinstance(error, aiohttp.ClientResponseError):
        if error.status in {404, 410}:
            return FileNotFoundError(address)
        failure = of_status(error.status, error.message, address)
        if isinstance(failure, PassingError):
            failure.after_s = _seconds((error.headers or {}).get("Retry-After", ""))
        return failure
    if isinstance(error, aiohttp.InvalidURL | aiohttp.ClientConnectorCertificateError):
        return error
    if isinstance(error, aiohttp.ClientError | TimeoutError | ConnectionError):
        place = urlsplit(address)
        return unreachable(f"{place.scheme}://{place.netloc}", error, address)
    return error


def _seconds(retry_after: str) -> float:
    """What a server asks for; a date, which it may also say, is not worth the trouble."""
    return float(retry_after) if retry_after.isdecimal() else 0.0


def _is_right_below(name: str, folder: str) -> bool:
    rest = name.removeprefix(folder)
    is_below = name.startswith(folder) and not set(rest) & {"?", "#"}
    return is_below and "/" not in rest.rstrip("/") and rest not in {"", ".", "./", "..", "../"}
