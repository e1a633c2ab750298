"""Values as YAML: fragments in block or flow style that are read back as what they were."""

from __future__ import annotations

import math
from typing import Any

import yaml

from framework.config.texts import Plain, decide

_INDENT = 2
_BREAKS = frozenset("\x85\u2028\u2029")
"""What PyYAML writes as they are and reads back as spaces."""


class _Dumper(yaml.SafeDumper):
    """Writes `Plain` texts without quotes, and quotes whatever a reader might take for more."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_plain(dumper: yaml.SafeDumper, data: Plain) -> yaml.ScalarNode:
    tag = dumper.resolve(yaml.ScalarNode, str(data), (True, False))  # type: ignore[no-untyped-call]
    return dumper.represent_scalar(tag, str(data))


def _represent_text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
    style = None if isinstance(decide(data), str) else "'"
    if "\n" in data and not any(line != line.rstrip() for line in data.split("\n")):
        style = "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)


def _represent_mapping(dumper: yaml.SafeDumper, data: dict[str, Any]) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", data.items())


_Dumper.add_representer(Plain, _represent_plain)
_Dumper.add_representer(str, _represent_text)
_Dumper.add_multi_representer(dict, _represent_mapping)


def block(mapping: dict[str, Any], column: int) -> str:
    """A block mapping whose keys stand in this column; without the last line's end."""
    lines = _dumped(mapping, is_flow=False).removesuffix("\n").split("\n")
    return "\n".join(f"{' ' * column}{line}" if line else line for line in lines)


def flow(value: Any) -> str:
    """A value that fits in one line."""
    if isinstance(value, dict | list):
        return _dumped(value, is_flow=True).strip()
    # In a list of one, so that a scalar is quoted where a flow collection needs that.
    return _dumped([value], is_flow=True).strip()[1:-1]


def below(column: int) -> int:
    """The column of what is nested in a mapping in this column."""
    return column + _INDENT


def _dumped(value: Any, *, is_flow: bool) -> str:
    dumped: str = yaml.dump(
        value,
        Dumper=_Dumper,
        default_flow_style=is_flow,
        sort_keys=False,
        allow_unicode=not _has_breaks(value),
        width=math.inf,
    )
    return dumped


def _has_breaks(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_breaks, value)) or any(map(_has_breaks, value.values()))
    if isinstance(value, list):
        return any(map(_has_breaks, value))
    return isinstance(value, str) and not _BREAKS.isdisjoint(value)
