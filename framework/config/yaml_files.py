"""Reading a YAML file of the registry: every way in which it can be wrong is one line."""

from __future__ import annotations

from pathlib import Path

import yaml

from framework.config.texts import Lined, Loader, construct
from framework.errors import ConfigurationError, Problem


def shown_path(path: Path) -> str:
    """A path as people read it: relative to the working directory if it is below it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def read_yaml(path: Path) -> Lined:
    """The mapping in a YAML file, with the line of each key; an empty file is an empty mapping.

    Raises:
        ConfigurationError: The file can't be read, is no UTF-8, no YAML or no mapping.
    """
    source = shown_path(path)
    try:
        return parse_mapping(_text(path))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        message = f"can't be read: {reason.lower()}"
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        message = f"broken YAML: {error.problem or error.context}{where}"
    except yaml.reader.ReaderError as error:
        message = f"broken YAML: character #x{error.character:04x} is not allowed"
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        message = f"is not UTF-8: byte 0x{error.object[error.start]:02x} in line {line}"
    except RecursionError:
        message = "broken YAML: nested too deeply"
    except ValueError as error:
        message = str(error)
    raise ConfigurationError(Problem(key="", message=message, source=source)) from None


def parse_mapping(text: str) -> Lined:
    """The mapping that a YAML text holds.

    Raises:
        yaml.YAMLError: It is no YAML.
        ValueError: It is YAML, but no mapping.
    """
    node = yaml.compose(text, Loader=Loader)
    value = Lined() if node is None else construct(node)
    if value is None:
        return Lined()
    if not isinstance(value, Lined):
        kind = "a list" if isinstance(value, list) else "a single value"
        raise ValueError(f"must hold keys and values, holds {kind}")
    return value


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8-sig")
