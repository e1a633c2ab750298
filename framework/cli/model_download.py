"""`model download`: a model's content, as it was registered."""

from __future__ import annotations

from typing import Any

import click

from framework.cli.model_options import label_option, reference_of, registry_of, version_option
from framework.cli.options import (
    conf_option,
    examples,
    name_argument,
    no_progress_option,
    verbose_option,
    workspace_option,
)
from framework.cli.streams import write_result
from framework.cli.transfer import shown_transfer

_EXAMPLES = examples(
    "python -m framework model download mnist",
    "python -m framework model download --name mnist --version 1 --download-path models/",
)


@click.command("download", epilog=_EXAMPLES)
@name_argument("model")
@version_option
@label_option
@click.option(
    "-p",
    "--download-path",
    metavar="DIR",
    default=".",
    help="The folder that gets NAME/, which holds it; the working directory by default.",
)
@workspace_option
@conf_option
@no_progress_option
@verbose_option
def model_download(
    name: str, workspace: str | None, conf: str | None, no_progress: bool, **given: Any
) -> int:
    """Download a model, checked by its checksum.

    It lies under its own name in the folder NAME; its path is printed. Nothing is replaced.
    """
    from framework.models.downloading import download

    registry = registry_of(workspace, conf)
    model = registry.get(reference_of(name, given["version"], given["label"]))
    with shown_transfer(model.title, is_wanted=not no_progress) as on_progress:
        path = download(registry, model, given["download_path"], on_progress)
    write_result(f"{path}\n".encode("utf-8", "surrogateescape"))
    return 0
