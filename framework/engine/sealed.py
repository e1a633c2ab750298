"""Values with references to environment variables, which are opened where they are used."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from framework.domain.references import (
    UnsetError,
    expanded,
    has_reference,
    literal,
    names_in,
)
from framework.errors import JobError


class Sealed(Mapping[str, Any]):
    """A mapping whose `${oc.env:NAME}` references are resolved when something is asked of it.

    In whatever process that is: by its own environment, else by what the driver sent along.

    Args:
        texts: The values; what is no reference in them is escaped.
        sent: What the driver knows of the variables, by their names.
    """

    def __init__(self, texts: Mapping[str, Any], sent: Mapping[str, str]) -> None:
        self._texts = texts
        self._sent = sent

    def __getitem__(self, key: str) -> Any:
        try:
            return expanded(self._texts[key], {**self._sent, **os.environ})
        except UnsetError as error:
            raise JobError(f"{key}: {error} on this instance") from error

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def __repr__(self) -> str:
        return f"Sealed({sorted(self._texts)})"

    def without_values(self) -> Sealed:
        """The same, where every process has to know the variables by itself."""
        return Sealed(self._texts, {})

    @property
    def names(self) -> set[str]:
        """The environment variables that it refers to."""
        return set(names_in(self._texts))


def seal(values: Mapping[str, Any], written: Any, environ: Mapping[str, str]) -> Sealed:
    """Puts references back into values that were resolved.

    Args:
        values: As they are used.
        written: The same as they are stored: with references, which have the values' structure.
        environ: Where the references were resolved.
    """
    texts = _unresolved(values, written)
    return Sealed(texts, {name: environ[name] for name in names_in(texts) if name in environ})


def _unresolved(value: Any, written: Any) -> Any:
    if isinstance(value, Mapping):
        known = written if isinstance(written, Mapping) else {}
        return {key: _unresolved(item, known.get(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        others = [*(written if isinstance(written, list | tuple) else ()), *([None] * len(value))]
        return [_unresolved(item, other) for item, other in zip(value, others, strict=False)]
    if isinstance(written, str) and has_reference(written):
        return written
    return literal(value) if isinstance(value, str) else value
