"""Writing a command's result to stdout: JSON, YAML, tab-separated values or a table."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from framework.cli.streams import write_result
from framework.errors import UsageError

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult


_LINE_BREAKS = frozenset("\x85\u2028\u2029")
"""What PyYAML writes as they are and reads back as spaces."""


def show(value: Any, *, form: str | None, query: ParsedResult | None = None) -> None:
    """Writes the result.

    Args:
        value: Mappings, lists and scalars.
        form: `json`, `yaml`, `table` or `tsv`; a table on a terminal, else JSON where absent.
        query: Picks a part of it.

    Raises:
        UsageError: The query can't be applied to the result.
    """
    if query is not None:
        value = select(query, value)
    chosen = "table" if wants_table(form) else form or "json"
    write_result(_WRITERS[chosen](value))


def wants_table(form: str | None) -> bool:
    """Whether the result is for people's eyes."""
    return form == "table" or (form is None and sys.stdout.isatty())


def select(query: ParsedResult, value: Any) -> Any:
    """The part of a result that a query picks.

    Raises:
        UsageError: The query can't be applied to it.
    """
    import jmespath

    try:
        return query.search(value)
    except jmespath.exceptions.JMESPathError as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"--query {query.expression!r}: {reason}") from None


def check(query: ParsedResult | None, sample: Any) -> None:
    """Finds what is wrong with a query whatever the result, before there is one.

    Raises:
        UsageError: It calls a function that isn't there, or with too few or many arguments.
    """
    import jmespath

    if query is None:
        return
    try:
        query.search(sample)
    except (jmespath.exceptions.UnknownFunctionError, jmespath.exceptions.ArityError) as error:
        raise UsageError(f"--query {query.expression!r}: {error}") from None
    except jmespath.exceptions.JMESPathError:
        return  # a type that the sample has may not be the result's


def to_json(value: Any) -> bytes:
    """JSON, indented as `az` does; names that are no UTF-8 as escapes."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return f"{text}\n".encode("utf-8", "backslashreplace")


def to_yaml(value: Any) -> bytes:
    """YAML in block style, keys in their own order."""
    import yaml

    written = json.dumps(value, ensure_ascii=False, default=str)
    is_safe = not _LINE_BREAKS.intersection(written)
    text: str = yaml.safe_dump(
        json.loads(written), sort_keys=False, allow_unicode=is_safe, width=2**20
    )
    return text.removesuffix("...\n").encode()


def to_tsv(value: Any) -> bytes:
    """Tab-separated values as `az` writes them: what a shell can read.

    A scalar is written as it is, a list one item a line, what is nested separated by tabs. Names
    that are no UTF-8 keep their own bytes.
    """
    items = value if isinstance(value, list) else [value]
    return "".join(f"{_row(item)}\n" for item in items).encode("utf-8", "surrogateescape")


def to_table(value: Any) -> bytes:
    """A table for people."""
    from framework.cli.tables import draw

    return draw(value).encode("utf-8", "backslashreplace")


def _row(item: Any) -> str:
    if isinstance(item, Mapping):
        return "\t".join(_cell(value) for value in item.values())
    if isinstance(item, list):
        return "\t".join(_cell(value) for value in item)
    return _scalar(item)


def _cell(value: Any) -> str:
    if isinstance(value, Mapping | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    text = _scalar(value)
    return text.replace("\t", "\\t").replace("\n", "\\n")


def _scalar(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


_WRITERS = {"json": to_json, "yaml": to_yaml, "tsv": to_tsv, "table": to_table}
