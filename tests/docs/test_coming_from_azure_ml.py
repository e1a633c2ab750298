"""Each command on the page is one that we have, with the options it is shown with."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from framework.cli.app import root

PAGE = Path(__file__).parents[2] / "docs" / "coming-from-azure-ml.md"
COMMAND = re.compile(r"`(framework [^`]+)`")


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """The verb that the words name, and the words behind it."""
    found: click.Command = root
    while isinstance(found, click.Group) and words:
        name, *words = words
        context = click.Context(found)
        found = found.get_command(context, name)
        assert found is not None, f"there is no verb {name}"
    return found, words


COMMANDS = COMMAND.findall(PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("text", COMMANDS)
def test_a_command_of_the_page_is_there_with_its_options(text):
    words = [word for word in shlex.split(text)[1:] if word != "…"]
    command, arguments = command_of(words)
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in arguments if word.startswith("-")} <= known


@pytest.mark.parametrize("group", ["endpoint", "deployment", "job"])
def test_every_verb_of_a_group_is_on_the_page(group):
    verbs, _ = command_of([group])
    assert isinstance(verbs, click.Group)
    shown = {text.split()[2] for text in COMMANDS if text.split()[1] == group}
    assert shown == set(verbs.list_commands(click.Context(verbs)))
