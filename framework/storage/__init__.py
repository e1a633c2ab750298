"""Stores: listing, reading, durable writing and exclusive creation. The only user of fsspec."""

from __future__ import annotations

from framework.errors import UsageError
from framework.storage.contract import AppendLog, FileRange, StagedFile, Store, StoredFile
from framework.storage.fetch import Fetcher, FetchError
from framework.storage.inputs import InputListing, open_input
from framework.storage.local import LocalStore
from framework.storage.options import NO_OPTIONS, Options
from framework.storage.paths import local_form

__all__ = [
    "NO_OPTIONS",
    "AppendLog",
    "FetchError",
    "Fetcher",
    "FileRange",
    "InputListing",
    "LocalStore",
    "Options",
    "StagedFile",
    "Store",
    "StoredFile",
    "open_input",
    "open_store",
]


def open_store(url: str, options: Options = NO_OPTIONS) -> Store:
    """The store at a local path or a URL. It need not exist yet.

    Args:
        url: A path (relative to the working directory, `~` is expanded), `file://`, `local://`,
            or any URL that fsspec has a file system for.
        options: By root URL, what fsspec needs to open what is there or below.

    Raises:
        UsageError: It is empty, or nothing is known of the URL's scheme.
        MissingExtraError: The scheme's library comes with an extra that isn't installed.
    """
    path = local_form(url)
    if path is not None:
        if not path:
            raise UsageError("the location of a store is empty")
        return LocalStore(path)
    # Imported here: fsspec costs a tenth of a second, and local work does without it.
    from framework.storage.opening import open_remote

    return open_remote(url, options)
