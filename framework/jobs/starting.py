"""Starting jobs: from settings to a running job, new or resumed."""

from __future__ import annotations

import json
import platform
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from framework.domain.mini_batches import plan_mini_batches
from framework.domain.outcomes import Counts
from framework.domain.states import JobStatus
from framework.errors import UsageError
from framework.jobs import preflight
from framework.jobs.clock import now
from framework.jobs.driver import Driver
from framework.jobs.job import Job
from framework.jobs.journal import Journal
from framework.jobs.observing import Observer, Reporter, shown_counts
from framework.jobs.plan import JobPlan, model_fingerprint
from framework.jobs.record import JobRecord, open_record
from framework.jobs.snapshot import store_snapshot, take_snapshot
from framework.plugin.plugins import Plugins
from framework.settings import Settings
from framework.storage.inputs import InputListing

_LOOK_AHEAD = 10_000
_FIRST_FILES = 10
_FIXED = (
    "mini_batch_size",
    "mini_batch_bytes",
    "input_include",
    "input_exclude",
    "scorer",
    "code_configuration",
    "output_action",
)
_LIBRARIES = ("dask-batch-endpoints", "distributed", "pandas", "pyarrow", "numpy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a job would do, as `--dry-run` shows it.

    Attributes:
        input: The input's root.
        output: Where the output would be; `None` for `summary_only`.
        files: How many files there are.
        bytes: Their size together.
        mini_batches: How many scoring calls they take.
        smallest: Files in the smallest mini-batch.
        largest: Files in the largest one.
        smallest_bytes: Bytes in the lightest mini-batch.
        largest_bytes: Bytes in the heaviest one.
        first_files: The first few files.
    """

    input: str
    output: str | None
    files: int
    bytes: int
    mini_batches: int
    smallest: int
    largest: int
    smallest_bytes: int
    largest_bytes: int
    first_files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedJob:
    """A job that has passed preflight; nothing of it is written down yet.

    Attributes:
        plan: What a driver would work with, but for the code's snapshot.
        code: The archive of the code; empty for a scorer from a plugin.
        model: The model's path, size and checksum.
    """

    plan: JobPlan
    code: bytes
    model: Mapping[str, Any] | None

    def dry_run(self) -> Plan:
        """Lists the input and plans its mini-batches."""
        settings = self.plan.settings
        files = bytes_ = batches = 0
        counts: list[int] = [0, 0]
        sizes: list[int] = [0, 0]
        first: list[str] = []
        for batch in plan_mini_batches(
            self.plan.listing.files(),
            max_files=settings.mini_batch_size,
            max_bytes=settings.mini_batch_bytes,
        ):
            count, size = len(batch.files), batch.bytes
            counts = [min(counts[0], count), max(counts[1], count)] if batches else [count] * 2
            sizes = [min(sizes[0], size), max(sizes[1], size)] if batches else [size] * 2
            first += [file.path for file in batch.files[: _FIRST_FILES - len(first)]]
            files, bytes_, batches = files + count, bytes_ + size, batches + 1
        return Plan(
            input=self.plan.listing.root,
            output=self.plan.target.url if self.plan.target else None,
            files=files,
            bytes=bytes_,
            mini_batches=batches,
            smallest=counts[0],
            largest=counts[1],
            smallest_bytes=sizes[0],
            largest_bytes=sizes[1],
            first_files=tuple(first),
        )


def prepare(settings: Settings, document: Mapping[str, Any], plugins: Plugins) -> PreparedJob:
    """Makes sure of everything that can be known without a cluster.

    Args:
        settings: The composed settings, secrets resolved.
        document: The same as plain values, secrets as references.
        plugins: What is registered.

    Raises:
        UsageError: Something can't be used; what and where is in its message.
        OutputExistsError: Something stands under the output's name.
    """
    name = settings.name or _fresh_name(settings)
    record = open_record(settings.workspace, name)
    preflight.require_local(record.workspace, "workspace")
    if record.exists():
        raise UsageError(f"name: there is a job {name} already; see `job show {name}`")
    listing = preflight.open_listing(settings)
    plan = _plan(record, settings, {**document, "name": name}, plugins, listing)
    preflight.check_input(listing, _LOOK_AHEAD)
    model = model_fingerprint(plan.launch.model or None)
    return PreparedJob(plan=plan, code=_snapshot(settings), model=model)


def start(prepared: PreparedJob, observer: Observer) -> Job:
    """Writes the job down, and runs it in a thread of this process.

    Raises:
        UsageError: There is a job with this name by now.
    """
    plan = prepared.plan
    code = store_snapshot(plan.record.workspace, prepared.code) if prepared.code else ""
    identity = _identity(plan, code, prepared.model)
    try:
        plan.record.create(identity)
    except FileExistsError:
        raise UsageError(f"name: there is a job {plan.record.name} already") from None
    return _drive(plan.with_code(code, identity), observer)


def resume(
    workspace: str,
    name: str,
    restore: Callable[[Mapping[str, Any]], Settings],
    plugins: Plugins,
    observer: Observer,
) -> Job:
    """Continues a job that has not Completed; what the ledger holds is not scored again.

    Args:
        workspace: Where the job is.
        name: The job's name.
        restore: Makes settings of the stored document, with what shall be different by now.
        plugins: What is registered.
        observer: Who is told how it goes.

    Raises:
        NotFoundError: There is no such job.
        UsageError: It is running, or can't go on as it began.
        OutputExistsError: Something else stands under the output's name.
    """
    record = open_record(workspace, name)
    identity = record.identity()
    job = Job(record)
    if job.status == JobStatus.COMPLETED:
        return job
    if not job.status.is_resumable:
        raise UsageError(f"job {name} is {job.status}; cancel it first to start it anew")
    settings = replace(restore(identity["document"]), workspace=workspace, name=name)
    _check_same_plan(identity["document"], settings)
    listing = preflight.open_listing(settings)
    plan = _plan(record, settings, identity["document"], plugins, listing, is_resumed=True)
    _check_unchanged(identity, plan)
    return _drive(plan.with_code(identity["code"], identity), observer)


def _plan(
    record: JobRecord,
    settings: Settings,
    document: Mapping[str, Any],
    plugins: Plugins,
    listing: InputListing,
    *,
    is_resumed: bool = False,
) -> JobPlan:
    output_format = preflight.make_format(settings, plugins)
    compute = preflight.make_compute(settings, plugins)
    launch = preflight.make_launch(settings, plugins, output_format, has_snapshot=is_resumed)
    threads = compute.threads(
        settings.resources.instance_count, settings.max_concurrency_per_instance
    )
    return JobPlan(
        record=record,
        settings=settings,
        document=document,
        plugins=plugins,
        compute=compute,
        output_format=output_format,
        target=preflight.make_target(settings, record.name, may_exist=is_resumed),
        launch=replace(launch, threads=threads),
        listing=listing,
        identity={},
    )


def _drive(plan: JobPlan, observer: Observer) -> Job:
    journal = Journal.claim(plan.record, started_at=now())
    summary = plan.identity["summary"]
    reporter = Reporter(plan.record, journal.epoch, observer, plan.plugins, summary)
    driver = Driver(plan, journal, reporter)
    job = Job(plan.record, driver)
    job.start()
    return job


def _identity(plan: JobPlan, code: str, model: Mapping[str, Any] | None) -> dict[str, Any]:
    created_at = now()
    settings = plan.settings
    return {
        "name": plan.record.name,
        "created_at": created_at,
        "document": plan.document,
        "input_root": plan.listing.root,
        "encoding": plan.output_format.child_encoding,
        "code": code,
        "model": model,
        "versions": _versions(),
        "summary": {
            "name": plan.record.name,
            "status": JobStatus.NOT_STARTED,
            "endpoint": settings.endpoint,
            "deployment": settings.deployment,
            "model": settings.model.name or settings.model.path,
            "input": settings.input[0] if len(settings.input) == 1 else list(settings.input),
            "output": plan.target.url if plan.target else None,
            "counts": shown_counts(Counts()),
            "created_at": created_at,
        },
    }


def _check_same_plan(document: Mapping[str, Any], settings: Settings) -> None:
    """Refuses changes under which what is scored and what is not would not fit together."""
    now_planned = asdict(settings)
    for key in _FIXED:
        was, is_now = document.get(key), now_planned[key]
        if json.dumps(was) != json.dumps(is_now):
            raise UsageError(
                f"{key}: a job that has begun with {was} can't go on with {is_now}; start a new one"
            )


def _check_unchanged(identity: Mapping[str, Any], plan: JobPlan) -> None:
    """Refuses to go on with another model or input than the job began with."""
    model = model_fingerprint(plan.launch.model or None)
    if model != identity["model"]:
        raise UsageError(f"job {plan.record.name}: the model has changed since it was created")
    if plan.output_format.child_encoding != identity["encoding"]:
        raise UsageError(
            f"job {plan.record.name}: the output's format can't change once a job has begun"
        )
    if plan.listing.root != identity["input_root"]:
        raise UsageError(
            f"job {plan.record.name}: the input was {identity['input_root']} and is now "
            f"{plan.listing.root}"
        )


def _snapshot(settings: Settings) -> bytes:
    code, script = settings.code_configuration.code, settings.code_configuration.scoring_script
    if settings.scorer.name != preflight.SCRIPT or code is None or script is None:
        return b""
    apart = [settings.workspace, settings.output.path, settings.model.path, *settings.input]
    return take_snapshot(
        Path(code),
        leave_out=[Path(path) for path in apart if path],
        always=[Path(script).as_posix()],
    )


def _fresh_name(settings: Settings) -> str:
    moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    return f"{settings.endpoint or 'job'}-{moment}-{secrets.token_hex(2)}"


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            versions[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return versions
