"""Names and versions of models, and how they are referred to."""

from __future__ import annotations

import re
from dataclasses import dataclass

from framework.errors import ModelError
from framework.storage.os_errors import shown

PREFIX = "azureml:"
LATEST = "latest"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,253}")
_NUMBER = re.compile(r"[0-9]{1,18}")
_LONGEST_VERSION = 100


@dataclass(frozen=True, slots=True)
class ModelReference:
    """A model that is asked for.

    Attributes:
        name: Its name.
        version: Its version; the newest one where it is `None`.
    """

    name: str
    version: str | None = None

    def __str__(self) -> str:
        return f"{self.name}@{LATEST}" if self.version is None else f"{self.name}:{self.version}"


def parse_reference(text: str, version: str | None = None) -> ModelReference:
    """Reads `name`, `name:version` or `name@latest`, with or without `azureml:`.

    Args:
        text: As it was written.
        version: What is written beside it; a version in the text must be the same one.

    Raises:
        ModelError: It is nothing of that, or could lead out of the registry.
    """
    bare = text.strip().removeprefix(PREFIX)
    if bare.startswith("/"):
        raise ModelError(
            f"model {shown(text)!r}: this workspace's models are written azureml:NAME:VERSION"
        )
    name, at, label = bare.partition("@")
    if at:
        if label != LATEST:
            raise ModelError(f"model {shown(text)!r}: the only label is @{LATEST}")
        written = None
    else:
        name, colon, rest = bare.partition(":")
        written = rest if colon else None
        at = colon
    check_name(name)
    if written is not None:
        check_version(name, written)
    if version is None:
        return ModelReference(name, written)
    wanted = None if version.removeprefix("@") == LATEST else version
    if at and wanted != written:
        raise ModelError(f"model {shown(text)!r}: but model.version is {shown(version)!r}")
    return ModelReference(name, None if wanted is None else check_version(name, wanted))


def is_name(text: str) -> bool:
    """Whether a model or a version could be called so."""
    return _NAME.fullmatch(text) is not None


def check_name(name: str) -> str:
    """The name, if a model may have it.

    Raises:
        ModelError: It may not: it would be no plain name of a folder.
    """
    if not is_name(name):
        raise ModelError(
            f"model: {shown(name)!r} is no name for a model: it takes up to 254 letters, digits "
            "and '-_.', beginning with a letter or a digit"
        )
    return name


def check_version(name: str, version: str) -> str:
    """The version, if a model may have it. Numbers are written without leading zeros.

    Raises:
        ModelError: It may not.
    """
    is_plain = is_name(version) and len(version) <= _LONGEST_VERSION
    if not is_plain or version.endswith(".json") or version == LATEST:
        raise ModelError(
            f"model {name}: {shown(version)!r} is no version: it takes up to {_LONGEST_VERSION} "
            "letters, digits and '-_.', beginning with a letter or a digit"
        )
    return version


def number_of(version: str) -> int | None:
    """The number that a version is; `None` for one of another form."""
    return int(version) if _NUMBER.fullmatch(version) else None
