"""What an environment is made of: the same wherever it was written, and what tells two apart."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentSpec:
    """A Python environment, read and checked; nothing in it refers to a file that may change.

    Attributes:
        source: What it was read from, for people.
        python: What the interpreter has to be, as PEP 440 writes it; several with `|` between
            them. Empty for any.
        requirements: Lines for pip, in their order: requirements, and options such as
            `--extra-index-url`.
        constraints: Lines of the constraints files that pip is given.
        seeds: What pip, setuptools and wheel have to be, where something was said of them.
        conda: Packages that only conda can install.
        channels: Where conda looks for them.
        variables: Environment variables that a conda file sets.
        local: Files and folders that requirements name, each with the SHA-256 of what was in it.
        notes: What people should know: what was left out, and what is not as it was written.
    """

    source: str
    python: str = ""
    requirements: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    seeds: tuple[str, ...] = ()
    conda: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    local: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """The same for two that are built alike, whatever file they were written in."""
        content = {**self.to_document(), "source": "", "notes": [], "variables": []}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def to_document(self) -> dict[str, Any]:
        """Plain values, for a job's record."""
        return json.loads(json.dumps(dataclasses.asdict(self)))  # type: ignore[no-any-return]

    @staticmethod
    def from_document(document: Mapping[str, Any]) -> EnvironmentSpec:
        """What `to_document` gave; keys of a later version are not looked at."""
        known = {field.name for field in dataclasses.fields(EnvironmentSpec)}
        values = {key: _frozen(value) for key, value in document.items() if key in known}
        return EnvironmentSpec(**values)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
