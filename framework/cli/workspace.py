"""Which workspace a command looks into."""

from __future__ import annotations

from typing import NamedTuple

_KEPT = frozenset({"jobs", "models"})


class Place(NamedTuple):
    """Where jobs are, and their index.

    Attributes:
        workspace: The folder.
        index_url: The index's database; SQLite in the workspace where absent.
    """

    workspace: str
    index_url: str | None


def workspace_overrides(workspace: str | None) -> tuple[tuple[str, str], ...]:
    """The override that `--workspace` stands for."""
    return () if workspace is None else (("workspace", workspace),)


def named_option(name: str, value: str | None) -> list[str]:
    """An option as it is typed again; nothing where it wasn't given."""
    return [] if value is None else [name, value]


def workspace_of(workspace: str | None, conf: str | None) -> str:
    """The workspace that `--workspace` names, else the configuration's."""
    return place_of(workspace, conf).workspace


def check_there(workspace: str) -> None:
    """Makes sure that a folder is a workspace: an empty list would hide a misspelt one.

    Raises:
        NotFoundError: No job or model was ever kept there.
    """
    from framework.errors import NotFoundError
    from framework.storage import open_store

    if not _KEPT.intersection(open_store(workspace).names()):
        raise NotFoundError(
            f"workspace {workspace}: there is none, no jobs or models are kept there"
        )


def place_of(workspace: str | None, conf: str | None) -> Place:
    """The same, with the index that the configuration says."""
    from framework.config import compose

    composition = compose(workspace_overrides(workspace), conf=conf, is_complete=False)
    settings = composition.settings
    return Place(settings.workspace, settings.index_url)
