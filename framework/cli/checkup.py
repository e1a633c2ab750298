"""What `doctor` looks at."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from framework.domain import phrases
from framework.errors import FrameworkError
from framework.storage import Store, open_store

_DISTRIBUTION = "dask-batch-endpoints"
_LEAST_FREE = 1 << 30
_LEAST_OPEN_FILES = 1024


class Status(StrEnum):
    """How a check went."""

    OK = "ok"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        status: Whether it is as it has to be.
        name: What was looked at.
        found: What was found, and what to do about it.
    """

    status: Status
    name: str
    found: str


def check_all(
    conf: str | None,
    workspace: str | None = None,
    *,
    reindexes: bool = False,
    clears_environments: bool = False,
) -> Iterator[Check]:
    """Looks at everything, whatever is found on the way.

    Args:
        conf: The `conf/` folder.
        workspace: What `--workspace` names; else as the configuration says.
        reindexes: Whether the job index is made anew.
        clears_environments: Whether environments that no job uses are removed.
    """
    yield _python()
    yield from _libraries()
    yield from _system()
    yield from _environments(clears=clears_environments)
    yield from _workspace(conf, workspace, reindexes)


def _python() -> Check:
    version, machine = platform.python_version(), platform.platform()
    is_new = sys.version_info >= (3, 11)
    return Check(Status.OK if is_new else Status.WRONG, "Python", f"{version} on {machine}")


def _libraries() -> Iterator[Check]:
    """The installed versions against the floors that our own package declares."""
    from importlib.metadata import PackageNotFoundError, metadata, requires, version

    try:
        found = f"{_DISTRIBUTION} {version(_DISTRIBUTION)}"
        needed = requires(_DISTRIBUTION) or []
        extras = metadata(_DISTRIBUTION).get_all("Provides-Extra") or []
    except PackageNotFoundError:
        yield Check(Status.WRONG, "package", f"{_DISTRIBUTION} is not installed: pip install .")
        return
    yield Check(Status.OK, "package", found)
    lacking = _lacking(needed, None)
    text = "; ".join(lacking) or "all as new as they have to be"
    yield Check(Status.WRONG if lacking else Status.OK, "libraries", text)
    for extra in extras:
        if extra not in {"all", "dev"}:
            yield _extra(extra, needed)


def _extra(extra: str, needed: list[str]) -> Check:
    lacking = _lacking(needed, extra)
    if not lacking:
        return Check(Status.OK, f"extra {extra}", "installed")
    advice = f"pip install '{_DISTRIBUTION}[{extra}]' where you need it"
    return Check(Status.NOTE, f"extra {extra}", f"{'; '.join(lacking)}: {advice}")


def _lacking(needed: list[str], extra: str | None) -> list[str]:
    from importlib.metadata import PackageNotFoundError, version

    from packaging.requirements import Requirement

    found = []
    for requirement in map(Requirement, needed):
        if not _concerns(requirement.marker, extra):
            continue
        try:
            installed = version(requirement.name)
        except PackageNotFoundError:
            found.append(f"{requirement.name} is not installed")
        else:
            if not requirement.specifier.contains(installed, prereleases=True):
                found.append(f"{requirement.name} {installed} is not {requirement.specifier}")
    return found


def _concerns(marker: object, extra: str | None) -> bool:
    """Whether a requirement belongs to an extra, or with `None` to the package itself."""
    from packaging.markers import Marker

    if not isinstance(marker, Marker):
        return extra is None
    is_ours = marker.evaluate({"extra": extra or ""})
    return is_ours and (extra is None or not marker.evaluate({"extra": ""}))


def _system() -> Iterator[Check]:
    import resource

    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    is_enough = files == resource.RLIM_INFINITY or files >= _LEAST_OPEN_FILES
    advice = "" if is_enough else f"; raise it: ulimit -n {4 * _LEAST_OPEN_FILES}"
    said = "unlimited" if files == resource.RLIM_INFINITY else f"{files:,}"
    yield Check(Status.OK if is_enough else Status.NOTE, "open files", f"{said}{advice}")
    if sys.platform == "linux":
        yield _reaping()


def _reaping() -> Check:
    """Whether supervisors can find and end what scorer processes leave behind."""
    import ctypes

    get_child_subreaper = 37
    answer = ctypes.c_int()
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    is_there = prctl(get_child_subreaper, ctypes.byref(answer), 0, 0, 0) == 0
    if not Path("/proc/self/stat").is_file():
        return Check(Status.WRONG, "processes", "/proc is not mounted")
    if not is_there:
        return Check(Status.WRONG, "processes", "the kernel has no PR_SET_CHILD_SUBREAPER")
    return Check(Status.OK, "processes", "/proc is there, and orphans can be reaped")


def _environments(*, clears: bool) -> Iterator[Check]:
    from framework.cli import environment_checks

    yield Check(Status.OK, "Pythons", environment_checks.said_of_pythons())
    try:
        if clears:
            yield Check(Status.OK, "environments", environment_checks.clear())
        for found, is_well in environment_checks.said_of_environments():
            yield Check(Status.OK if is_well else Status.NOTE, "environments", found)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        yield Check(Status.WRONG, "environments", f"{error.filename}: {reason}")


def _workspace(conf: str | None, named: str | None, reindexes: bool) -> Iterator[Check]:
    from framework.api import compose_invocation
    from framework.cli.folder_checks import check_folder
    from framework.cli.workspace import workspace_overrides

    try:
        invocation = compose_invocation(workspace_overrides(named), conf=conf, is_complete=False)
    except FrameworkError as error:
        yield Check(Status.WRONG, "configuration", error.message.replace("\n", "; "))
        return
    found = invocation.composition.conf
    yield Check(Status.OK, "configuration", str(found or "no conf/config.yaml; none is needed"))
    broken = "; ".join(map(str, invocation.plugins.broken))
    yield Check(Status.WRONG if broken else Status.OK, "plugins", broken or "none is broken")
    settings = invocation.composition.settings
    workspace = open_store(settings.workspace, settings.storage_options)
    trouble, free = check_folder(workspace)
    yield Check(Status.WRONG if trouble else Status.OK, "workspace", trouble or workspace.url)
    if free is not None:
        status = Status.OK if free >= _LEAST_FREE else Status.NOTE
        yield Check(status, "disk space", f"{phrases.size(free)} free in the workspace")
    yield _models(workspace)
    yield _index(workspace, settings.index_url, reindexes)


def _models(workspace: Store) -> Check:
    from framework.cli.model_check import check_models

    trouble, found = check_models(workspace)
    return Check(Status.WRONG if trouble else Status.OK, "models", trouble or found)


def _index(workspace: Store, index_url: str | None, reindexes: bool) -> Check:
    from framework.cli.index_check import check_index

    trouble, found = check_index(workspace, index_url, is_remade=reindexes)
    # Jobs go on without it, and lists are read from the records.
    lacking = Status.WRONG if reindexes else Status.NOTE
    return Check(lacking if trouble else Status.OK, "job index", trouble or found)
