"""Opening the store that a URL is in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from framework.domain.redaction import without_signatures
from framework.storage.http import HttpStore
from framework.storage.objects.azure_urls import AzurePlace, azure_place
from framework.storage.objects.opening import service_of
from framework.storage.objects.service import ObjectService
from framework.storage.objects.store import ObjectStore
from framework.storage.options import NO_OPTIONS, Options, options_for
from framework.storage.paths import scheme_of
from framework.storage.remote import FsspecStore
from framework.storage.schemes import make_filesystem, open_filesystem
from framework.storage.tree import TreeStore

_OF_THE_WEB = frozenset({"http", "https"})
_S3 = frozenset({"s3", "s3a"})
_GOOGLE = frozenset({"gs", "gcs"})


class _Place(NamedTuple):
    """Where a URL leads to in a service.

    Attributes:
        objects: The service.
        key: The URL's key.
        base: What the URLs of all its keys begin with, and the key of that.
        base_key: The key that has been said by `base`.
        options: What opens it again by its URL as it is shown.
    """

    objects: ObjectService
    key: str
    base: str
    base_key: str
    options: Options


def open_remote(url: str, options: Options = NO_OPTIONS) -> TreeStore:
    """The store at a URL that is not local."""
    place = _place_of(url, options)
    if place is not None:
        return ObjectStore(place.objects, place.key, url=_tidy(_shown(url)), options=place.options)
    filesystem, path = open_filesystem(url, options)
    kind = HttpStore if scheme_of(url) in _OF_THE_WEB else FsspecStore
    return kind(filesystem, path, url=_tidy(without_signatures(url)), options=options)


def open_tree(url: str, options: Options = NO_OPTIONS) -> tuple[TreeStore, str]:
    """The whole store that a URL is in, and the URL's path in it."""
    place = _place_of(url, options)
    if place is not None:
        store = ObjectStore(place.objects, place.base_key, url=place.base, options=place.options)
        return store, place.key[len(place.base_key) :].strip("/")
    filesystem, path = open_filesystem(url, options)
    scheme, host = scheme_of(url), url.partition("://")[2].partition("/")[0]
    root = f"{scheme}://{host}"
    if scheme in _OF_THE_WEB:
        web = HttpStore(filesystem, root, url=root, options=options)
        return web, path[len(root) :].strip("/")
    return FsspecStore(filesystem, "", url=f"{scheme}://", options=options), path.strip("/")


def _place_of(url: str, options: Options) -> _Place | None:
    """Where a URL leads to, if a service of objects is there."""
    scheme, settings = scheme_of(url), options_for(url, options)
    key = url.partition("://")[2].strip("/")
    azure = azure_place(url, settings)
    make: Callable[[], ObjectService]
    if azure is not None:
        return _in_azure(url, azure, settings, options)
    if scheme == "memory":
        base, make = "memory://", lambda: _memory(url)
    elif scheme in _S3:
        base, make = f"{scheme}://", lambda: _s3(url, settings)
    elif scheme in _GOOGLE:
        base, make = f"{scheme}://", lambda: _google(url, settings)
    else:
        return None
    kind = {"s3a": "s3", "gcs": "gs"}.get(scheme, scheme)
    objects = service_of(kind, {} if kind == "memory" else settings, make)
    return _Place(objects, key, base, "", options)


def _memory(url: str) -> ObjectService:
    from framework.storage.objects.memory import MemoryObjects

    return MemoryObjects(make_filesystem("memory", url, {}))


def _s3(url: str, settings: Mapping[str, Any]) -> ObjectService:
    from framework.storage.objects.s3 import SETTINGS, S3Objects

    config = {**SETTINGS, **settings.get("config_kwargs", {})}
    return S3Objects(make_filesystem("s3", url, {**settings, "config_kwargs": config}))


def _google(url: str, settings: Mapping[str, Any]) -> ObjectService:
    from framework.storage.objects.gcs import GoogleObjects
    from framework.storage.objects.gcs_client import GoogleClient

    return GoogleObjects(GoogleClient(make_filesystem("gs", url, settings)))


def _in_azure(url: str, azure: AzurePlace, settings: Mapping[str, Any], options: Options) -> _Place:
    def make() -> ObjectService:
        from framework.storage.objects.azure import AzureObjects
        from framework.storage.objects.azure_client import AzureClient

        named = {"account_name": azure.account} if azure.account else {}
        filesystem = make_filesystem("az", url, {**settings, **named})
        return AzureObjects(AzureClient(azure, filesystem))

    where = {"endpoint": azure.endpoint, "signature": azure.signature}
    objects = service_of("azure", {**settings, **where}, make)
    if azure.signature:
        # URLs are shown without their signature, and have to open with it all the same.
        slash = "" if azure.base.endswith("/") else "/"
        container = azure.key.partition("/")[0]
        root = azure.base if azure.base_key else f"{azure.base}{slash}{container}"
        options = {**options, root: {**settings, "sas_token": azure.signature}}
    return _Place(objects, azure.key, azure.base, azure.base_key, options)


def _shown(url: str) -> str:
    return without_signatures(url)


def _tidy(url: str) -> str:
    return url if url.endswith("://") else url.rstrip("/")
