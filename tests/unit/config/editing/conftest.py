from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from framework.config.editing import Address, Editor, Request, parse_settings, read_incoming
from framework.config.editing.addresses import Kind

Write = Callable[[str, str], Path]
Make = Callable[..., Request]


@pytest.fixture
def editor(here: Path) -> Editor:
    return Editor(here / "conf" / "config.yaml")


@pytest.fixture
def make() -> Make:
    """A request as the command line makes it: for a name, `kind/name` or `endpoint/deployment`."""

    def request(
        kind: Kind, name: str, *settings: str, file: str | None = None, version: str | None = None
    ) -> Request:
        endpoint, _, name = name.rpartition("/")
        return Request(
            address=Address(kind=kind, name=name, endpoint=endpoint or None, version=version),
            incoming=None if file is None else read_incoming(file),
            settings=parse_settings(kind, settings),
            replaces=file is not None,
        )

    return request
