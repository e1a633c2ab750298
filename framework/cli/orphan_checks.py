"""What `doctor --clean` finds and removes."""

from __future__ import annotations

from collections.abc import Iterator

from framework.cli.checkup import Check, Status
from framework.domain import phrases
from framework.errors import FrameworkError

_NAME = "orphan"


def check_orphans(
    conf: str | None, workspace: str | None = None, *, removes: bool
) -> Iterator[Check]:
    """Lists what killed and deleted jobs have left, with sizes.

    Args:
        conf: The `conf/` folder.
        workspace: What `--workspace` names; else as the configuration says.
        removes: Whether it is removed, too.
    """
    from framework.api import compose_invocation
    from framework.cli.workspace import workspace_overrides
    from framework.jobs.orphans import find_orphans

    try:
        invocation = compose_invocation(
            workspace_overrides(workspace), conf=conf, is_complete=False
        )
        options = invocation.composition.settings.storage_options
        found = list(find_orphans(invocation.workspace(), options))
    except FrameworkError as error:
        yield Check(Status.WRONG, _NAME, error.message.replace("\n", "; "))
        return
    for orphan in found:
        told = f"{orphan.url}: {orphan.what}, {phrases.size(orphan.size)}"
        if not removes:
            yield Check(Status.NOTE, _NAME, f"{told}; --clean --yes removes it")
            continue
        try:
            orphan.remove()
            yield Check(Status.OK, _NAME, f"removed {told}")
        except FrameworkError as error:
            yield Check(Status.WRONG, _NAME, f"{told}: {error.message}")
    if not found:
        yield Check(Status.OK, _NAME, "there is none")
