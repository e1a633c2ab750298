"""Overrides as they are typed, and what was meant where they are none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
        following = overrides[place + 1] if place + 1 < len(overrides) else None
        for message in _wrong(word, following, ctx):
            raise click.UsageError(without_signatures(message), ctx)


def _wrong(word: str, following: str | None, ctx: click.Context) -> Iterator[str]:
    key, separator, value = word.partition("=")
    if not word.strip():
        yield "an override is empty; is a variable of the shell not set?"
    elif word.startswith("-"):
        yield _no_option(word, following, ctx)
    elif not key:
        yield f"{word!r} has no key; write key=value without spaces around ="
    elif separator and not value and following is not None and "=" not in following:
        yield f"write {word}{following} without a space after ="
    elif not separator and not word.startswith("~"):
        yield _no_override(word, following)


def _no_option(word: str, following: str | None, ctx: click.Context) -> str:
    name, separator, value = word.partition("=")
    if not separator and following is not None and "=" not in following:
        value = following
    key = _key_meant(name)
    if key is not None:
        return f"no option {name!r}, settings are written without dashes: {key}={value or '...'}"
    options = [option for each in ctx.command.params for option in each.opts]
    match = nearest(name, options)
    return f"no option {name!r}" + (f", did you mean {match!r}?" if match else "")


def _key_meant(option: str) -> str | None:
    """The setting that an option stands for, such as `mini_batch_size` for `--mini-batch-size`."""
    from framework.config.schema import ROOT, dotted, fields, node_at

    name = option.lstrip("-").replace("-", "_")
    if option in _CONFUSED:
        return _CONFUSED[option]
    if len(name) > 1 and node_at(tuple(name.split("."))) is not None:
        return name
    keys = [dotted(key) for key, _ in fields(key=ROOT)]
    below = [key for key in keys if key.endswith(f".{name}")]
    return below[0] if below else (nearest(name, keys) if len(name) > 3 else None)


def _no_override(word: str, following: str | None) -> str:
    head, colon, rest = word.partition(":")
    if following is not None and following.startswith("="):
        return f"write {word}{following.replace(' ', '')} without spaces around ="
    if colon and rest and not rest.startswith("/") and _key_meant(head) == head:
        return f"{word!r} is no override; write {head}={rest.strip()}"
    if "/" in word or Path(word).exists():
        return f"{word!r} is no override; did you mean input={word}?"
    return f"{word!r} is no override; write key=value, such as endpoint={word}"
