"""Resuming jobs: what has changed since, whether it may have, and then going on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from framework.domain.states import JobStatus
from framework.errors import FrameworkError, UsageError
from framework.jobs import preflight
from framework.jobs.changes import Changes, changed_inputs, some
from framework.jobs.chosen_model import ChosenModel, choose_model, registered, same_again
from framework.jobs.job import Job
from framework.jobs.observing import Observer
from framework.jobs.plan import JobPlan
from framework.jobs.record import JobRecord, open_record
from framework.jobs.snapshot import changed_since, store_snapshot
from framework.jobs.starting import drive, make_plan, snapshot_of
from framework.plugin.plugins import Plugins
from framework.settings import Settings
from framework.storage import NO_OPTIONS, Options, Store

_FIXED = (
    "input",
    "mini_batch_size",
    "mini_batch_bytes",
    "input_include",
    "input_exclude",
    "output_action",
)
"""Under another value, what is scored and what is not would not fit together."""
_SCORED_WITH = ("model", "scorer", "code_configuration")
"""Under another value, files that are still to be scored may get other rows."""

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a job is to go on with.

    Attributes:
        restore: Makes settings of the stored document, with what shall be different by now; and a
            new document, which has no secrets.
        differences: What differs between two documents, a line for each key.
        accepts_changes: Whether it goes on where what it scores, or scores with, has changed.
        renews_model: Whether it takes the model that its settings mean by now.
    """

    restore: Callable[[Document], tuple[Settings, Document]]
    differences: Callable[[Document, Document], list[str]]
    accepts_changes: bool = False
    renews_model: bool = False


def resume(
    workspace: Store,
    name: str,
    wish: Wish,
    plugins: Plugins,
    observer: Observer,
    options: Options = NO_OPTIONS,
) -> Job:
    """Continues a job that has not Completed; what the ledger holds is not scored again.

    Args:
        workspace: Where the job is.
        name: The job's name.
        wish: What it is to go on with.
        plugins: What is registered.
        observer: Who is told how it goes.
        options: How to open what lies outside of the workspace, beyond what the record says.

    Raises:
        NotFoundError: There is no such job.
        UsageError: It is running, or can't go on as it began.
        OutputExistsError: Something else stands under the output's name.
    """
    record = open_record(workspace, name, options)
    identity = record.present()
    job = Job(record)
    if job.status == JobStatus.COMPLETED:
        job.check_output()
        observer.on_notice(f"job {name} is Completed already: there is nothing left to do")
        return job
    if not job.status.is_resumable:
        raise UsageError(
            f"job {name} is {job.status}, and another process runs it: `job stream {name}` follows "
            f"it, `job cancel {name}` stops it"
        )
    return _Resumption(record, identity, wish).begin(plugins, observer)


class _Resumption:
    """One resume: gathers what has changed, refuses or accepts it, and starts the driver."""

    def __init__(self, record: JobRecord, identity: Document, wish: Wish) -> None:
        self._identity = identity
        self._wish = wish
        self._was: Document = identity["document"]
        restored, self._document = wish.restore(self._was)
        self._settings = replace(restored, workspace=record.workspace.url, name=record.name)
        options = {**self._settings.storage_options, **record.options}
        self._record = replace(record, options=options)
        self._other = [key for key in _SCORED_WITH if not _is_same(key, self._was, self._document)]
        self._notices: list[str] = []
        self._found: list[str] = []
        self._accepted: dict[str, Any] = {}

    def begin(self, plugins: Plugins, observer: Observer) -> Job:
        """Starts the driver.

        Raises:
            UsageError: Too much has changed.
        """
        _check_fixed(self._was, self._document)
        lines = self._wish.differences(self._was, self._document)
        self._found += [line for line in lines if _key(line) in self._other]
        listing = preflight.open_listing(self._settings)
        code, model = self._code(), self._model()
        self._found += filter(None, [changed_inputs(self._record, listing.root, self._settings)])
        self._check_accepted()
        plan = make_plan(
            self._record,
            self._settings,
            self._was,
            plugins,
            listing,
            is_resumed=True,
            environment=self._environment(),
        )
        _check_unchanged(self._identity, plan)
        plan = plan.with_model(self._kept_model(model)).with_code(self._kept_code(code), {})
        told = tuple(dict.fromkeys([*lines, *self._found]))
        if self._wish.accepts_changes and told:
            self._accepted["document"] = self._document
            self._notices.append(f"it goes on with what has changed: {'; '.join(told)}")
        if "model" in self._accepted:
            title = model.title if model else None
            self._accepted["summary"] = {**self._identity["summary"], "model": title}
        identity = {**self._identity, **self._accepted}
        changes = Changes(lines=told, notices=tuple(self._notices), accepted=self._accepted)
        return drive(replace(plan, identity=identity), observer, changes)

    def _environment(self) -> Document | None:
        """What the scorer's environment was made of, where the settings ask for the same."""
        is_same = self._document["environment"] == self._was["environment"]
        return self._identity.get("environment") if is_same else None

    def _code(self) -> bytes:
        """The code by now, where it is another than the snapshot's and is to be used."""
        archive = self._identity["code"]
        folder = self._settings.code_configuration.code
        try:
            is_there = folder is not None and Path(folder).is_dir()
            present = snapshot_of(self._settings) if is_there else b""
        except (FrameworkError, OSError):  # its snapshot is what is run
            present = b""
        was = self._record.workspace.read(archive) if archive and present else b""
        changed = changed_since(was, present) if present else []
        if not changed:
            return b""
        if self._wish.accepts_changes:
            preflight.check_code(self._settings)
            self._found.append(f"code: {some(changed)}")
            return present
        self._notices.append(
            f"the code has changed since the job began ({some(changed)}): it goes on with what it "
            "began with; --accept-changes takes the new code for what is not scored yet"
        )
        return b""

    def _model(self) -> ChosenModel | None:
        if "model" in self._other or self._wish.renews_model:
            chosen = choose_model(self._settings, self._record.workspace)
            was = (self._identity["model"] or {}).get("path")
            self._found.append(f"model: {was} -> {chosen.title if chosen else None}")
            return chosen
        chosen, change = same_again(self._identity["model"], self._settings, self._record)
        self._found += filter(None, [change])
        return chosen

    def _check_accepted(self) -> None:
        if self._found and not self._wish.accepts_changes:
            raise UsageError(
                f"job {self._record.name} can't go on as it began: {'; '.join(self._found)}; "
                "--accept-changes goes on with that, for what is not scored yet"
            )

    def _kept_model(self, model: ChosenModel | None) -> ChosenModel | None:
        if model is not None and model.unregistered is not None:
            model = registered(model, self._settings, self._record.workspace)
        told = dict(model.identity) if model else None
        if told != self._identity["model"]:
            self._accepted["model"] = told
        return model

    def _kept_code(self, present: bytes) -> str:
        if not present:
            code: str = self._identity["code"]
            return code
        self._accepted["code"] = store_snapshot(self._record.workspace, present)
        return str(self._accepted["code"])


def _check_fixed(was: Document, is_now: Document) -> None:
    """Refuses changes under which what is scored and what is not would not fit together."""
    for key in _FIXED:
        if not _is_same(key, was, is_now):
            raise UsageError(
                f"{key}: a job that has begun with {was.get(key)} can't go on with "
                f"{is_now.get(key)}; start a new one"
            )


def _check_unchanged(identity: Document, plan: JobPlan) -> None:
    """Refuses to go on with another input or format than the job began with."""
    if plan.output_format.child_encoding != identity["encoding"]:
        raise UsageError(
            f"job {plan.record.name}: the output's format can't change once a job has begun"
        )
    if plan.listing.root != identity["input_root"]:
        raise UsageError(
            f"job {plan.record.name}: the input was {identity['input_root']} and is now "
            f"{plan.listing.root}"
        )


def _is_same(key: str, was: Document, is_now: Document) -> bool:
    values = (json.dumps(each.get(key), sort_keys=True) for each in (was, is_now))
    return len(set(values)) == 1


def _key(line: str) -> str:
    """The first part of the key that a line of differences begins with."""
    return line.partition(":")[0].partition(".")[0]
