"""Opening the store that a URL is in."""

from __future__ import annotations

from framework.domain.redaction import without_signatures
from framework.storage.http import HttpStore
from framework.storage.options import NO_OPTIONS, Options
from framework.storage.paths import is_below, scheme_of
from framework.storage.remote import FsspecStore
from framework.storage.schemes import open_filesystem

_OF_THE_WEB = frozenset({"http", "https"})
_OF_AZURE = frozenset({"az", "abfs", "abfss"})
"""Their URLs may name the account behind the container: `abfss://container@account.host/path`."""


def open_remote(url: str, options: Options = NO_OPTIONS) -> FsspecStore:
    """The store at a URL that is not local."""
    filesystem, path = open_filesystem(url, options)
    kind = HttpStore if scheme_of(url) in _OF_THE_WEB else FsspecStore
    return kind(filesystem, path, url=_tidy(without_signatures(url)))


def open_tree(url: str, options: Options = NO_OPTIONS) -> tuple[FsspecStore, str]:
    """The whole store that a URL is in, and the URL's path in it."""
    filesystem, path = open_filesystem(url, options)
    scheme, place = scheme_of(url), url.partition("://")[2].partition("/")[0]
    root = f"{scheme}://{place}"
    if scheme in _OF_THE_WEB:
        return HttpStore(filesystem, root, url=root), path[len(root) :].strip("/")
    path = path.strip("/")
    container, at, _host = place.partition("@")
    if scheme in _OF_AZURE and at and is_below(path, container):
        return FsspecStore(filesystem, container, url=root), path[len(container) :].strip("/")
    return FsspecStore(filesystem, "", url=f"{scheme}://"), path


def _tidy(url: str) -> str:
    return url if url.endswith("://") else url.rstrip("/")
