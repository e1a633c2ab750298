"""Which output format a job has."""

from __future__ import annotations

from collections.abc import Mapping

from framework.domain.suggestions import did_you_mean
from framework.errors import ConfigurationError, Problem
from framework.outputs.contract import OutputFormat
from framework.outputs.text import AzureMLFormat
from framework.settings import Output

_STYLES: dict[str, type[OutputFormat]] = {"azureml": AzureMLFormat}


def choose_format(
    registered: Mapping[str, type[OutputFormat]], *, file_name: str, output: Output
) -> OutputFormat:
    """The format of a job's output.

    `output.style` decides before `output.format`, and that before the file name's ending.

    Args:
        registered: The output formats there are, by name.
        file_name: The output's file name.
        output: The job's settings.

    Raises:
        ConfigurationError: There is no such style, format or ending, or the format can't be made
            with these settings.
    """
    if output.style is not None:
        factory = _by_style(output)
    elif output.format is not None:
        factory = _by_name(registered, output.format)
    else:
        factory = _by_ending(registered, file_name)
    return factory(header=output.header, separator=output.separator)


def _by_style(output: Output) -> type[OutputFormat]:
    style = str(output.style).lower()
    if style not in _STYLES:
        known = did_you_mean(style, _STYLES)
        raise _problem("output.style", f"no style is called {output.style!r}{known}")
    if output.format not in (None, style, "csv"):
        raise _problem("output.format", f"{output.format!r} can't have the style {style!r}")
    return _STYLES[style]


def _by_name(registered: Mapping[str, type[OutputFormat]], name: str) -> type[OutputFormat]:
    if name in registered:
        return registered[name]
    if name.lower() in registered:
        return registered[name.lower()]
    known = did_you_mean(name, registered)
    raise _problem("output.format", f"no output format is called {name!r}{known}")


def _by_ending(registered: Mapping[str, type[OutputFormat]], file_name: str) -> type[OutputFormat]:
    endings = {
        suffix.lower(): factory for factory in registered.values() for suffix in factory.suffixes
    }
    lower = file_name.lower()
    found = [ending for ending in endings if lower.endswith(ending)]
    if found:
        return endings[max(found, key=len)]
    dot = lower.rfind(".")
    written = file_name[dot:] if dot > 0 else ""
    what = f"nothing writes {written!r}" if written else "it has no ending that picks the format"
    raise _problem("output_file_name", f"{file_name!r}: {what}{did_you_mean(written, endings)}")


def _problem(key: str, message: str) -> ConfigurationError:
    return ConfigurationError(Problem(key=key, message=message))
