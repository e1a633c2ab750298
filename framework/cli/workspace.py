"""Which workspace a command looks into."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from framework.jobs import Job
    from framework.storage import Options, Store

_KEPT = frozenset({"jobs", "models"})


class Place(NamedTuple):
    """Where jobs are, and their index.

    Attributes:
        workspace: Where they are.
        index_url: The index's database; SQLite beside the jobs, or in a cache, where absent.
        options: How stores outside of the workspace are opened, as the configuration says.
    """

    workspace: Store
    index_url: str | None
    options: Options


def workspace_overrides(workspace: str | None) -> tuple[tuple[str, str], ...]:
    """The override that `--workspace` stands for."""
    return () if workspace is None else (("workspace", workspace),)


def named_option(name: str, value: str | None) -> list[str]:
    """An option as it is typed again; nothing where it wasn't given."""
    return [] if value is None else [name, value]


def workspace_of(workspace: str | None, conf: str | None) -> Store:
    """The workspace that `--workspace` names, else the configuration's."""
    return place_of(workspace, conf).workspace


def job_of(workspace: str | None, conf: str | None, name: str) -> Job:
    """A job of that workspace.

    Raises:
        NotFoundError: There is none of that name.
    """
    from framework.jobs import find_job

    place = place_of(workspace, conf)
    return find_job(place.workspace, name, place.options)


def check_there(workspace: Store) -> None:
    """Makes sure that a folder is a workspace: an empty list would hide a misspelt one.

    Raises:
        NotFoundError: No job or model was ever kept there.
    """
    from framework.errors import NotFoundError

    if not _KEPT.intersection(workspace.names()):
        raise NotFoundError(
            f"workspace {workspace.url}: there is none, no jobs or models are kept there"
        )


def place_of(workspace: str | None, conf: str | None) -> Place:
    """The same, with the index that the configuration says."""
    from framework.config import compose, datastore_options
    from framework.storage import open_store

    composition = compose(workspace_overrides(workspace), conf=conf, is_complete=False)
    settings = composition.settings
    store = open_store(settings.workspace, settings.storage_options)
    options = {**datastore_options(composition.conf), **settings.storage_options}
    return Place(store, settings.index_url, options)
