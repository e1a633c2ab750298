"""`model`: registered models."""

from __future__ import annotations

from framework.cli.groups import LazyGroup
from framework.cli.options import examples

model = LazyGroup(
    name="model",
    help="Models: registered in the workspace, by name and version.",
    verbs={
        "create": "framework.cli.model_create:model_create",
        "list": "framework.cli.model_list:model_list",
        "show": "framework.cli.model_show:model_show",
        "update": "framework.cli.model_update:model_update",
        "archive": "framework.cli.model_archive:model_archive",
        "restore": "framework.cli.model_archive:model_restore",
        "download": "framework.cli.model_download:model_download",
        "delete": "framework.cli.model_delete:model_delete",
    },
    epilog=examples(
        "python -m framework model create --name mnist --path model.pt",
        "python -m framework model list",
    ),
)
