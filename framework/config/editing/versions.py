"""Versions of environments and data: which one a content is, and which files that makes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from framework.config.editing.disk import remove_file, rename_file, write_file
from framework.config.editing.document import Document, is_same
from framework.config.registry import Registry, version_in
from framework.config.yaml_files import read_yaml
from framework.domain.suggestions import listed
from framework.errors import UsageError

VERSION = ("version",)
_MUTABLE = frozenset({"$schema", "name", "version", "description", "tags", "properties"})


def matching_version(
    versions: Mapping[str, Path], document: Document, explicit: str | None, what: str
) -> str | None:
    """The version that has this content already; `None` where it becomes a new one.

    Args:
        versions: The files there are, the newest first.
        document: The content.
        explicit: The version that was asked for.
        what: The entry, for messages.

    Raises:
        UsageError: The version that was asked for is there with other content.
    """
    content = _content(document.data)
    if explicit is not None and explicit in versions:
        if not is_same(_content(read_yaml(versions[explicit])), content):
            raise UsageError(
                f"{what} has a version {explicit!r} with other content, and a version never "
                f"changes: leave the version out for {next_version(versions)!r}"
            )
        return explicit
    if explicit is not None:
        return None
    same = (each for each in versions if is_same(_content(read_yaml(versions[each])), content))
    return next(same, None)


def next_version(versions: Mapping[str, Path]) -> str:
    """The next whole number."""
    numbers = [int(each) for each in versions if each.isdecimal() and each.isascii()]
    return str(max(numbers, default=0) + 1)


def write_newest(path: Path, document: Document, *, conf: Path) -> None:
    """Writes a new version; what was the newest first gets a file of its own.

    A power cut between the two leaves that one twice, with the same content.
    """
    if path.is_file():
        before = Document(path.read_bytes().decode())
        version = version_in(before.data, path)
        before.set(VERSION, version)
        older = path.with_name(f"{path.stem}@{version}{path.suffix}")
        write_file(older, before.to_bytes(), conf=conf)
    write_file(path, document.to_bytes(), conf=conf)


def remove_version(registry: Registry, name: str, group: str, version: str, *, conf: Path) -> None:
    """Removes one version; the next older one becomes the newest."""
    versions = registry.versions(name, group)
    path = versions[version]
    older = [each for each in versions.values() if each != path]
    stray = path.with_name(f"{name}@{version}{path.suffix}")
    if path.stem != name or not older:
        remove_file(path, conf=conf)
    else:
        remove_file(stray, conf=conf)  # a power cut may have left the newest twice
        rename_file(older[0], path, conf=conf)


def check_explicit(one: str | None, other: str | None) -> str | None:
    """The version that `--version` and the file ask for.

    Raises:
        UsageError: They ask for two.
    """
    if one is not None and other is not None and one != other:
        raise UsageError(f"--version {one!r} is not the file's version: {listed([other])}")
    return other if one is None else one


def _content(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key not in _MUTABLE}
