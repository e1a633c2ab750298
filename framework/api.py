"""Invoking from Python: scripts, notebooks, and the command line itself.

A job runs in a thread of this process that is ours, so that it also runs where an event loop runs
already, as in Jupyter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from framework.config import Composition, Override, compose, differences, overrides_of, restore
from framework.errors import ConfigurationError, NotFoundError, Problem, UsageError
from framework.plugin import Plugins, load_plugins

if TYPE_CHECKING:
    from framework.jobs import Job, Observer, PreparedJob
    from framework.settings import Settings
    from framework.storage import Store

Begin = Callable[["Observer"], "Job"]
"""Begins a job in a thread of its own, and returns at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """An invocation whose configuration is sound.

    Attributes:
        composition: Its settings, and where each came from.
        plugins: What is registered.
    """

    composition: Composition
    plugins: Plugins

    def prepare(self) -> PreparedJob:
        """Makes every check that needs no cluster.

        Raises:
            UsageError: Input, model, script or scorer can't be used.
            OutputExistsError: Something stands under the output's name.
        """
        from framework.jobs import prepare

        return prepare(self.composition.settings, self.composition.document, self.plugins)

    def workspace(self) -> Store:
        """Where its job is, or will be."""
        from framework.storage import open_store

        settings = self.composition.settings
        return open_store(settings.workspace, settings.storage_options)

    def ready(self, *, accepts_changes: bool = False) -> Begin:
        """Makes every check that needs no cluster, and says how the job begins.

        It is a new job, or the one that has its name and its settings already: that one is
        resumed, unless it is running or completed.

        Args:
            accepts_changes: Whether a job of that name goes on where that has changed which it
                scores, or scores with.

        Raises:
            UsageError: It can't be done; or a job of that name has other settings.
            OutputExistsError: Something stands under the output's name.
        """
        taken = self._of_same_name()
        if taken is not None:
            return self._again(taken, accepts_changes=accepts_changes)
        prepared = self.prepare()
        return partial(_start, prepared)

    def _of_same_name(self) -> Job | None:
        from framework.jobs import find_job

        settings = self.composition.settings
        if settings.name is None:
            return None
        try:
            return find_job(self.workspace(), settings.name, settings.storage_options)
        except NotFoundError:
            return None

    def _again(self, job: Job, *, accepts_changes: bool) -> Begin:
        changed = differences(job.document, self.composition.document)
        moved = job.model_moved_on(self.composition.settings)
        if moved is not None:
            changed.append(f"model: {moved} (`job resume {job.name}` goes on with the old one)")
        may_change = accepts_changes and job.status.is_resumable
        if changed and not may_change:
            raise UsageError(f"job {job.name!r} is there with other settings: {'; '.join(changed)}")
        if may_change:
            return partial(_resume_as, self, job.name, renews_model=moved is not None)
        if job.status.is_resumable:
            return partial(resume, self, job.name, ())
        job.check_output()
        return lambda _observer: job  # completed, or another process runs it


def invoke(
    *overrides: str,
    conf: str | None = None,
    observer: Observer | None = None,
    accept_changes: bool = False,
    **settings: Any,
) -> Job:
    """Starts a job and returns at once.

    Args:
        overrides: As on the command line: `"mini_batch_size=20"`, `"+tags.team=blue"`.
        conf: The `conf/` folder; found as on the command line where absent.
        observer: Told of what happens, in a thread of the job's.
        accept_changes: Whether a job of the same name, which was stopped, goes on with these
            settings, and with what else has changed, where that is sound.
        settings: Settings by name. Values are taken as they are; `resources={"instance_count": 2}`
            and `**{"resources.instance_count": 2}` mean the same.

    Returns:
        The job: `job.wait()` waits for its end, `job.results()` reads its output, `job.cancel()`
        and `job.resume()` stop and continue it.

    Raises:
        UsageError: The configuration, the input, the model or the script can't be used.
        OutputExistsError: Something stands under the output's name.
        NotFoundError: There is no such endpoint, deployment or compute.

    Example:
        job = framework.invoke(endpoint="mnist-batch", input="digits/", mini_batch_size=20)
        job.wait().results().head()
    """
    from framework.jobs import SilentObserver

    invocation = compose_invocation([*overrides, *overrides_of(settings)], conf=conf)
    observer = observer or SilentObserver()
    job = invocation.ready(accepts_changes=accept_changes)(observer)
    job.resumer = partial(resume, invocation, job.name, (), observer)
    return job


def compose_invocation(
    overrides: Sequence[Override], *, conf: str | None = None, is_complete: bool = True
) -> Invocation:
    """Composes the configuration and loads the plugins that it asks for.

    Args:
        overrides: Texts as they are typed, or pairs of a key and a value from Python.
        conf: The `conf/` folder.
        is_complete: Whether an input and a scorer must be there.

    Raises:
        ConfigurationError: All that is wrong, together.
        NotFoundError: There is no such endpoint, deployment or compute; or no job whose failed
            inputs are to be scored.
    """
    composition = _retrying(overrides, conf) or compose(
        overrides, conf=conf, is_complete=is_complete
    )
    settings = composition.settings
    plugins = load_plugins(settings.plugins, settings.plugins_disabled)
    return Invocation(composition=composition, plugins=plugins)


def _retrying(overrides: Sequence[Override], conf: str | None) -> Composition | None:
    """The composition of an invocation with `retry_errors`; `None` for any other.

    The input is the job's failed inputs. Where nothing says what scores them, all else is as that
    job had it, less what is overridden.
    """
    if not any(
        "retry_errors" in (each if isinstance(each, str) else each[0]) for each in overrides
    ):
        return None
    first = compose(overrides, conf=conf, is_complete=False)
    name = first.settings.retry_errors
    if name is None:
        return None
    if first.origins.get("input") == "override":
        message = f"the input is what failed in job {name}; leave `input` out"
        raise ConfigurationError(Problem(key="retry_errors", message=message))
    from framework.jobs.failed_inputs import failed_inputs
    from framework.storage import open_store

    failed = failed_inputs(
        open_store(first.settings.workspace, first.settings.storage_options), name
    )
    listed: Override = ("input", [f"@{failed.path}"])
    if first.settings.scorer.name is not None:
        return compose([*overrides, listed], conf=conf)
    kept = {**failed.document, "name": None, "input": [], "index_url": None}
    again = restore(kept, [*overrides, listed], conf=first.conf)
    settings = replace(again.settings, index_url=first.settings.index_url)
    return replace(again, settings=settings)


def resume(
    invocation: Invocation,
    name: str,
    overrides: Sequence[Override],
    observer: Observer,
    *,
    accepts_changes: bool = False,
) -> Job:
    """Continues a job that failed, was canceled or lost its driver.

    Args:
        invocation: Says the workspace and the plugins; need not be complete.
        name: The job's name.
        overrides: Changes to its settings, such as `output.path=...`.
        observer: Told of what happens, in a thread of the job's.
        accepts_changes: Whether it goes on where that has changed which it scores, or scores with.

    Raises:
        NotFoundError: There is no such job.
        UsageError: It can't be resumed, or not with these changes.
    """
    from framework import jobs

    wish = jobs.Wish(
        restore=partial(_restored, overrides, invocation.composition),
        differences=differences,
        accepts_changes=accepts_changes,
    )
    options = invocation.composition.settings.storage_options
    job = jobs.resume(invocation.workspace(), name, wish, invocation.plugins, observer, options)
    job.resumer = partial(resume, invocation, name, overrides, observer)
    return job


def _resume_as(invocation: Invocation, name: str, observer: Observer, *, renews_model: bool) -> Job:
    """Continues a job with the settings of an invocation, and not with those that it began with."""
    from framework import jobs

    composition = invocation.composition
    wish = jobs.Wish(
        restore=lambda _document: (composition.settings, composition.document),
        differences=differences,
        accepts_changes=True,
        renews_model=renews_model,
    )
    options = composition.settings.storage_options
    return jobs.resume(invocation.workspace(), name, wish, invocation.plugins, observer, options)


def _start(prepared: PreparedJob, observer: Observer) -> Job:
    from framework.jobs import start

    return start(prepared, observer)


def _restored(
    overrides: Sequence[Override], present: Composition, document: Mapping[str, Any]
) -> tuple[Settings, Mapping[str, Any]]:
    # The index is the workspace's, as that says by now, and not the job's own.
    composition = restore({**document, "index_url": None}, overrides, conf=present.conf)
    # What opens the workspace now opens it on the instances, too.
    options = {**composition.settings.storage_options, **present.settings.storage_options}
    settings = replace(
        composition.settings, index_url=present.settings.index_url, storage_options=options
    )
    return settings, composition.document
