"""Overrides as they are typed, and what was meant where they are none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from framework.domain.redaction import without_signatures
from framework.domain.suggestions import nearest

# Options of other tools, and of our own under another name.
_CONFUSED = {"--output-path": "output.path", "--output_path": "output.path"}

overrides_argument = click.argument(
    "overrides", nargs=-1, type=click.UNPROCESSED, metavar="[OVERRIDE]..."
)

ANYWHERE = {"ignore_unknown_options": True}
"""A verb's context settings: what looks like an option comes to `check_overrides`."""


def check_overrides(overrides: Sequence[str], ctx: click.Context) -> None:
    """Finds what is no override.

    Raises:
        click.UsageError: Something isn't; says what was likely meant.
    """
    for place, word in enumerate(overrides):
        message = _wrong(word, overrides[place + 1 : place + 3], ctx)
        if message is not None:
            raise click.UsageError(without_signatures(message), ctx)


def _wrong(word: str, after: Sequence[str], ctx: click.Context) -> str | None:
    key, separator, value = word.partition("=")
    if not word.strip():
        return "an override is empty; is a variable of the shell not set?"
    if word.startswith("-"):
        return _no_option(word, after, ctx)
    if not key:
        return f"{word!r} has no key; write key=value without spaces around ="
    if separator and not value and _is_value(after):
        return f"write {word}{after[0]} without a space after ="
    if separator or word.startswith("~"):
        return None
    return _no_override(word, after)


def _is_value(after: Sequence[str]) -> bool:
    """Whether the next word looks like a value that was parted from its key."""
    return bool(after) and "=" not in after[0] and not after[0].startswith(("-", "~"))


def _no_option(word: str, after: Sequence[str], ctx: click.Context) -> str:
    name, separator, value = word.partition("=")
    if not separator and _is_value(after):
        value = after[0]
    options = [option for each in ctx.command.params for option in each.opts]
    match = nearest(name, options)
    key = _key_meant(name)
    is_sure = name in _CONFUSED or key == _as_key(name) or match is None
    if key is not None and is_sure:
        return f"no option {name!r}, settings are written without dashes: {key}={value or '...'}"
    return f"no option {name!r}" + (f", did you mean {match!r}?" if match else "")


def _key_meant(option: str) -> str | None:
    """The setting that an option stands for, such as `mini_batch_size` for `--mini-batch-size`."""
    from framework.config.schema import ROOT, dotted, fields, node_at

    name = _as_key(option)
    if option in _CONFUSED:
        return _CONFUSED[option]
    if len(name) > 1 and node_at(tuple(name.split("."))) is not None:
        return name
    keys = [dotted(key) for key, _ in fields(key=ROOT)]
    below = [key for key in keys if key.endswith(f".{name}")]
    return below[0] if below else (nearest(name, keys) if len(name) > 3 else None)


def _as_key(option: str) -> str:
    return option.lstrip("-").replace("-", "_")


def _no_override(word: str, after: Sequence[str]) -> str:
    head, colon, rest = word.partition(":")
    if after and after[0].startswith("="):
        meant = word + "".join(after if after[0] == "=" else after[:1])
        return f"write {meant} without spaces around ="
    if colon and rest and not rest.startswith("/") and _key_meant(head) == head:
        return f"{word!r} is no override; write {head}={rest.strip()}"
    if _key_meant(word) == word:
        value = after[0] if _is_value(after) else "..."
        return f"{word!r} is no override; write {word}={value}"
    if "/" in word or Path(word).exists():
        return f"{word!r} is no override; did you mean input={word}?"
    return f"{word!r} is no override; write key=value, such as endpoint={word}"
