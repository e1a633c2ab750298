"""The kinds of entries that `conf/` holds, as the command line speaks of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framework.config.editing import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityKind:
    """One kind, in words and examples.

    Attributes:
        kind: Its name.
        plural: The same for several.
        example: A name for examples.
        created_with: What `create` is given in its example.
        updated_with: What `update` is given in its example.
        shown: A part of it, for `--query`.
        columns: What a table of several shows of each.
        is_versioned: Whether it has versions.
    """

    kind: Kind
    plural: str
    example: str
    created_with: str
    updated_with: str
    shown: str
    columns: tuple[str, ...]
    is_versioned: bool = False

    @property
    def article(self) -> str:
        """Its name after `a` or `an`."""
        if self.kind == "data":
            return "data"
        return f"{'an' if self.kind[0] in 'aeiou' else 'a'} {self.kind}"

    @property
    def has_endpoint(self) -> bool:
        """Whether it belongs to an endpoint."""
        return self.kind == "deployment"

    @property
    def named(self) -> str:
        """How the example is named on a command line."""
        return f"{self.example} -e mnist-batch" if self.has_endpoint else self.example


ENDPOINT = EntityKind(
    kind="endpoint",
    plural="endpoints",
    example="mnist-batch",
    created_with="--file endpoint.yml",
    updated_with="--set defaults.deployment_name=mnist-keras-dpl",
    shown="defaults.deployment_name",
    columns=("name", "default", "description"),
)
DEPLOYMENT = EntityKind(
    kind="deployment",
    plural="deployments",
    example="mnist-torch-dpl",
    created_with="--file deployment.yml -e mnist-batch --set-default",
    updated_with="--set mini_batch_size=20",
    shown="resources.instance_count",
    columns=("name", "endpoint_name", "default", "description"),
)
ENVIRONMENT = EntityKind(
    kind="environment",
    plural="environments",
    example="torch-cpu",
    created_with="--file environment.yml",
    updated_with="--set tags.team=vision",
    shown="version",
    columns=("name", "version", "description"),
    is_versioned=True,
)
DATASTORE = EntityKind(
    kind="datastore",
    plural="datastores",
    example="team-bucket",
    created_with="--file datastore.yml",
    updated_with="--set description='Raw images'",
    shown="type",
    columns=("name", "type", "description"),
)
COMPUTE = EntityKind(
    kind="compute",
    plural="computes",
    example="big-box",
    created_with="--name big-box --set type=local",
    updated_with="--set wait_timeout=60",
    shown="type",
    columns=("name", "type", "description"),
)
DATA = EntityKind(
    kind="data",
    plural="data",
    example="digits",
    created_with="--file data.yml",
    updated_with="--set description='Digits of 2026'",
    shown="path",
    columns=("name", "version", "type", "path"),
    is_versioned=True,
)
