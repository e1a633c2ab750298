"""What the verbs of `model` share: their options, and how a model is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from framework.cli.workspace import workspace_of

if TYPE_CHECKING:
    from framework.models import ModelReference, ModelRegistry, ModelVersion

Verb = TypeVar("Verb", bound=Callable[..., Any])

SAMPLE: dict[str, Any] = {
    "id": "azureml:m:1",
    "name": "m",
    "version": "1",
    "type": "custom_model",
    "description": "",
    "tags": {},
    "properties": {},
    "path": "",
    "size": 1,
    "files": 1,
    "sha256": "",
    "created_at": "",
    "is_archived": False,
}


def version_option(verb: Verb) -> Verb:
    """`--version`: one version."""
    return click.option("--version", metavar="VERSION", help="The version.")(verb)


def label_option(verb: Verb) -> Verb:
    """`--label`: the newest version, as `az` has it."""
    return click.option(
        "--label",
        type=click.Choice(["latest"]),
        help="The newest version that is not archived; so it is without --version, too.",
    )(verb)


def tags_option(verb: Verb) -> Verb:
    """`--tags`: a tag."""
    return click.option("--tags", multiple=True, metavar="KEY=VALUE", help="A tag; repeatable.")(
        verb
    )


def description_option(verb: Verb) -> Verb:
    """`--description`: for people."""
    return click.option("--description", metavar="TEXT", help="What people should know of it.")(
        verb
    )


def reference_of(name: str, version: str | None, label: str | None = None) -> ModelReference:
    """The model that a verb is about: `NAME`, `NAME:VERSION`, or with `--version`."""
    from framework.models import parse_reference

    if version is not None and label is not None:
        raise click.UsageError("--version and --label say the same; give one of them")
    return parse_reference(name, version or label)


def registry_of(workspace: str | None, conf: str | None) -> ModelRegistry:
    """The registry of the workspace that is meant."""
    from framework.models import ModelRegistry

    return ModelRegistry(workspace_of(workspace, conf))


def entity(registry: ModelRegistry, model: ModelVersion) -> dict[str, Any]:
    """A version as it is shown."""
    return {
        "id": model.reference,
        "name": model.name,
        "version": model.version,
        "type": model.type,
        "description": model.description,
        "tags": dict(model.tags),
        "properties": dict(model.properties),
        "path": f"{registry.store.url.rstrip('/')}/{model.path}",
        "size": model.size,
        "files": len(model.content.files),
        "sha256": model.sha256,
        "created_at": model.created_at,
        "is_archived": model.is_archived,
    }


def rows(entities: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Versions as the rows of a table."""
    from framework.domain import phrases

    return [
        {
            "name": each["name"],
            "version": each["version"],
            "type": each["type"],
            "size": phrases.size(each["size"]),
            "created": each["created_at"][:19],
            "archived": "yes" if each["is_archived"] else "",
            "description": each["description"],
        }
        for each in entities
    ]
