"""Paths and URLs as people write them."""

from __future__ import annotations

import os
import re

from framework.errors import StorageError
from framework.storage.os_errors import shown

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)://")
_LOCAL_SCHEME = re.compile(r"(?:file|local):(?://(?:localhost(?=/))?|(?=/))", re.IGNORECASE)


def local_form(url: str) -> str | None:
    """The local path that a path, `file://` or `local://` URL means; `None` for other URLs."""
    if ":" not in url:
        return url
    match = _LOCAL_SCHEME.match(url)
    if match is None:
        return None if _SCHEME.match(url) else url
    path = url[match.end() :]
    if "%" in path and not os.path.lexists(path):
        from urllib.parse import unquote

        return unquote(path, errors="surrogateescape")
    return path


def scheme_of(url: str) -> str:
    """The scheme of a URL, in lower case; empty for a path."""
    match = _SCHEME.match(url)
    return match[1].lower() if match else ""


def absolute(path: str, base: str | None = None) -> str:
    """The absolute form of a local path, `~` expanded, links kept.

    Only what stands before a `..` is resolved: `link/..` is not the folder that holds `link`.

    Args:
        path: As it was written.
        base: The folder that a relative path starts from; the working directory by default.
    """
    if path.startswith("~") and not os.path.lexists(os.path.join(base or "", path)):
        path = os.path.expanduser(path)
    if not path.startswith("/"):
        path = os.path.join(base or os.getcwd(), path)
    head, dots, tail = path.rpartition("/..")
    if dots and (not tail or tail[0] == "/"):
        path = os.path.realpath(head + dots) + tail
    return "/" + os.path.normpath(path).lstrip("/")


def checked_relative(path: str) -> str:
    """The path, normalised, if it stays below the root.

    Raises:
        StorageError: It is absolute, goes up, or can't be a path at all.
    """
    if not path:
        return path
    parts = path.split("/")
    if path[0] == "/" or ".." in parts or "\0" in path:
        raise StorageError(f"the path {shown(path)!r} leaves its store")
    if "" in parts or "." in parts:
        return "/".join(part for part in parts if part not in ("", "."))
    return path


def path_below(root: str, url: str) -> str | None:
    """The path of a URL below a root, empty for the root itself; `None` for one elsewhere."""
    root, url = root.rstrip("/"), url.rstrip("/")
    if url == root:
        return ""
    return url[len(root) + 1 :] if url.startswith(f"{root}/") else None


def is_below(path: str, folder: str) -> bool:
    """Whether a path is a folder or something in it."""
    return not folder or path == folder or path.startswith(f"{folder}/")
