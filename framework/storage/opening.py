"""Opening the store that a URL is in."""

from __future__ import annotations

from framework.domain.redaction import without_signatures
from framework.storage.http import HttpStore
from framework.storage.objects.memory import MemoryObjects
from framework.storage.objects.opening import service_of
from framework.storage.objects.store import ObjectStore
from framework.storage.options import NO_OPTIONS, Options
from framework.storage.paths import is_below, scheme_of
from framework.storage.remote import FsspecStore
from framework.storage.schemes import open_filesystem
from framework.storage.tree import TreeStore

_OF_THE_WEB = frozenset({"http", "https"})
_OF_AZURE = frozenset({"az", "abfs", "abfss"})
"""Their URLs may name the account behind the container: `abfss://container@account.host/path`."""


def open_remote(url: str, options: Options = NO_OPTIONS) -> TreeStore:
    """The store at a URL that is not local."""
    filesystem, path = open_filesystem(url, options)
    shown = _tidy(without_signatures(url))
    if scheme_of(url) == "memory":
        objects = service_of("memory", {}, lambda: MemoryObjects(filesystem))
        return ObjectStore(objects, path, url=shown, options=options)
    kind = HttpStore if scheme_of(url) in _OF_THE_WEB else FsspecStore
    return kind(filesystem, path, url=shown, options=options)


def open_tree(url: str, options: Options = NO_OPTIONS) -> tuple[TreeStore, str]:
    """The whole store that a URL is in, and the URL's path in it."""
    filesystem, path = open_filesystem(url, options)
    scheme, place = scheme_of(url), url.partition("://")[2].partition("/")[0]
    root = f"{scheme}://{place}"
    if scheme in _OF_THE_WEB:
        web = HttpStore(filesystem, root, url=root, options=options)
        return web, path[len(root) :].strip("/")
    path = path.strip("/")
    if scheme == "memory":
        return open_remote("memory://", options), path
    container, at, _host = place.partition("@")
    if scheme in _OF_AZURE and at and is_below(path, container):
        store = FsspecStore(filesystem, container, url=root, options=options)
        return store, path[len(container) :].strip("/")
    return FsspecStore(filesystem, "", url=f"{scheme}://", options=options), path


def _tidy(url: str) -> str:
    return url if url.endswith("://") else url.rstrip("/")
