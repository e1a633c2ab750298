"""The computes `slurm`, `pbs`, `sge` and `lsf`: an instance is a job in a queue."""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import dask
from dask_jobqueue import LSFCluster, PBSCluster, SGECluster, SLURMCluster
from dask_jobqueue.core import Job, JobQueueCluster
from distributed import Security
from distributed.deploy.spec import ProcessInterface

from framework.domain.homes import at_home
from framework.engine.contract import Compute
from framework.engine.own_scheduler import (
    LOOPBACK,
    NO_DASHBOARD,
    OWN_CONFIG,
    scheduler_options,
    serve_dashboard,
)
from framework.errors import JobError, UsageError

logger = logging.getLogger(__name__)

# A worker's own page would be open to the network; and its limit would be for its process alone,
# where the memory is for the scorers beside it.
_WORKER = ("--dashboard-address", LOOPBACK, "--memory-limit", "0")
_KEYS = ".dask-batch-endpoints-"
_STDERR = re.compile(r"\nstderr:\n(.*)\n", flags=re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class JobQueueCompute(Compute):
    """One instance is one job of the queue; all of them are canceled with ours.

    Dask's scheduler runs in the driver's process, on a machine that can submit jobs. What is left
    out is taken from dask-jobqueue's own configuration, where there is any.

    Attributes:
        cores: Cores of each instance.
        memory: Memory of each instance, such as `16GB`.
        queue: The queue, or partition.
        walltime: How long an instance may live, as the batch system writes it; what the queue
            grants where absent.
        job_extra_directives: More lines of the job script's header, without their `#SBATCH`.
        job_script_prologue: Commands before the worker is started, such as `module load`.
        job_name: What jobs are called in the queue.
        log_directory: Where the jobs' own output goes; nowhere without.
        local_directory: A folder for temporary files on the nodes.
        python: The Python there that has this package; this one where absent.
        worker_extra_args: More options for `dask worker`.
        interface: The network interface of this machine and of the nodes, such as `ib0`.
        host: The name or address of this machine that nodes reach it by.
        tls: Whether everything is encrypted and authenticated, by a certificate made for the job.
        shared_temp_directory: Where the workers find its key: a folder that nodes see, too.
        death_timeout: Seconds after which a worker that has lost the scheduler ends itself.
        dashboard: Whether Dask's dashboard is served, on the loopback interface.
    """

    cores: int
    memory: str
    queue: str | None = None
    walltime: str | None = None
    job_extra_directives: Sequence[str] = ()
    job_script_prologue: Sequence[str] = ()
    job_name: str = "batch-endpoint"
    log_directory: str | None = None
    local_directory: str | None = None
    python: str | None = None
    worker_extra_args: Sequence[str] = ()
    interface: str | None = None
    host: str | None = None
    tls: bool = True
    shared_temp_directory: str = "~"
    death_timeout: float = 60.0
    dashboard: bool = True

    _kind: ClassVar[type[JobQueueCluster]]
    _walltime: ClassVar[str]
    _silence: ClassVar[tuple[str, ...]] = ("-o /dev/null",)

    def __post_init__(self) -> None:
        submit = self._kind.job_cls.submit_command
        if shutil.which(submit) is None:
            raise UsageError(
                f"there is no {submit} on this machine: jobs are submitted from one that has it"
            )

    def cluster(self, instances: int) -> AbstractContextManager[Any]:
        """Submits a job for each instance; those that start late join late."""
        return self._start(instances)

    def threads(self, instances: int, processes: int) -> int:
        """The scorer processes of an instance share its cores."""
        return max(1, self.cores // processes)

    @contextmanager
    def _start(self, instances: int) -> Iterator[Any]:
        security = Security.temporary() if self.tls else None
        here = {"host": self.host, "interface": self.interface}
        with (
            TemporaryDirectory(prefix=_KEYS, dir=self._shared()) as keys,
            dask.config.set({**OWN_CONFIG, **({} if self.dashboard else NO_DASHBOARD)}),
            self._kind(
                job_cls=type("_Job", (_Tolerant, self._kind.job_cls), {}),
                **self.job_options(),
                security=security,
                shared_temp_directory=keys,
                scheduler_options=scheduler_options(here, security),
                silence_logs=logging.WARNING,
            ) as cluster,
        ):
            if self.dashboard:
                serve_dashboard(cluster.scheduler)
            cluster.scale(instances)
            cluster.sync(_submitted, cluster)
            _check_any(cluster)
            yield cluster

    def job_options(self) -> dict[str, Any]:
        """What dask-jobqueue's jobs are made with."""
        directives = [*self.job_extra_directives, *(() if self.log_directory else self._silence)]
        return {
            "cores": self.cores,
            "memory": self.memory,
            "processes": 1,
            "queue": self.queue,
            "walltime": self.walltime,
            "job_name": self.job_name,
            "job_extra_directives": directives,
            "job_script_prologue": list(self.job_script_prologue),
            "log_directory": _expanded(self.log_directory) if self.log_directory else None,
            "local_directory": self.local_directory,
            "python": self.python,
            "interface": self.interface,
            "death_timeout": self.death_timeout,
            "worker_extra_args": [*_WORKER, *self.worker_extra_args],
            # dask-jobqueue would ask for half an hour; the queue knows better.
            "job_directives_skip": () if self.walltime else (self._walltime,),
            **self._own_options(),
        }

    def _own_options(self) -> dict[str, Any]:
        """What only this batch system knows."""
        return {}

    def _shared(self) -> str:
        folder = _expanded(self.shared_temp_directory)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise JobError(f"compute.shared_temp_directory: {folder} is no folder to write to")
        return folder


@dataclass(frozen=True, kw_only=True)
class SlurmCompute(JobQueueCompute):
    """Jobs of SLURM.

    Attributes:
        account: What the jobs are charged to.
    """

    account: str | None = None

    _kind: ClassVar[type[JobQueueCluster]] = SLURMCluster
    _walltime: ClassVar[str] = "#SBATCH -t "

    def _own_options(self) -> dict[str, Any]:
        return {"account": self.account}


@dataclass(frozen=True, kw_only=True)
class PbsCompute(JobQueueCompute):
    """Jobs of PBS.

    Attributes:
        account: What the jobs are charged to.
        resource_spec: What a job asks for, instead of what `cores` and `memory` say.
    """

    account: str | None = None
    resource_spec: str | None = None

    _kind: ClassVar[type[JobQueueCluster]] = PBSCluster
    _walltime: ClassVar[str] = "-l walltime="
    _silence: ClassVar[tuple[str, ...]] = ("-j oe", "-o /dev/null")

    def _own_options(self) -> dict[str, Any]:
        return {"account": self.account, "resource_spec": self.resource_spec}


@dataclass(frozen=True, kw_only=True)
class SgeCompute(JobQueueCompute):
    """Jobs of a Grid Engine.

    Attributes:
        project: What the jobs are charged to.
        resource_spec: What a job asks for: a Grid Engine has no common words for cores and memory.
    """

    project: str | None = None
    resource_spec: str | None = None

    _kind: ClassVar[type[JobQueueCluster]] = SGECluster
    _walltime: ClassVar[str] = "-l h_rt="

    def _own_options(self) -> dict[str, Any]:
        return {"project": self.project, "resource_spec": self.resource_spec}


@dataclass(frozen=True, kw_only=True)
class LsfCompute(JobQueueCompute):
    """Jobs of LSF.

    Attributes:
        project: What the jobs are charged to.
        lsf_units: The unit of memory that this LSF is configured with; asked of it where absent.
    """

    project: str | None = None
    lsf_units: str | None = None

    _kind: ClassVar[type[JobQueueCluster]] = LSFCluster
    _walltime: ClassVar[str] = "#BSUB -W "

    def _own_options(self) -> dict[str, Any]:
        return {"project": self.project, "lsf_units": self.lsf_units}


def _expanded(path: str) -> str:
    return at_home(path)


class _Tolerant(Job):
    """A job whose submission may fail: its cluster could not be closed any more, otherwise."""

    error: str | None = None

    async def start(self) -> None:
        try:
            await super().start()
        except RuntimeError as error:
            self.error = _said(error)
            await ProcessInterface.start(self)

    async def close(self) -> None:
        await super().close()
        await ProcessInterface.close(self)  # dask-jobqueue's leaves it as if it ran


async def _submitted(cluster: JobQueueCluster) -> None:
    """Waits until all jobs are in the queue."""
    await cluster


def _check_any(cluster: JobQueueCluster) -> None:
    """Makes sure that at least one job is in the queue, and tells of the others."""
    jobs = list(cluster.workers.values())
    errors = dict.fromkeys(job.error for job in jobs if job.error)
    if all(job.error for job in jobs):
        raise JobError(f"no job could be submitted: {'; '.join(errors)}")
    for error in errors:
        logger.warning("a job could not be submitted: %s", error)


def _said(error: RuntimeError) -> str:
    """What the submitting command said, out of what dask-jobqueue makes of it."""
    found = _STDERR.search(str(error))
    return " ".join((found[1] if found else str(error)).split())
