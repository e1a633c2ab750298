"""The job scripts that are submitted, compared to those that were looked through by hand."""

from __future__ import annotations

import dask
import pytest

from framework.engine.job_queues import (
    JobQueueCompute,
    LsfCompute,
    PbsCompute,
    SgeCompute,
    SlurmCompute,
)
from framework.errors import UsageError

COMMON = {
    "cores": 4,
    "memory": "16GB",
    "queue": "long",
    "walltime": "02:00:00",
    "job_script_prologue": ["module load python/3.11"],
    "python": "/opt/venv/bin/python",
    "interface": "ib0",
    "local_directory": "/scratch",
}
WORKER = """\

module load python/3.11
/opt/venv/bin/python -m distributed.cli.dask_worker tls://10.0.0.1:8786 --name instance \
--nthreads 4 --memory-limit 14.90GiB --nanny --death-timeout 60.0 --local-directory /scratch \
--dashboard-address 127.0.0.1:0 --memory-limit 0 --interface ib0
"""
SCRIPTS = {
    (SlurmCompute, "account"): """\
#SBATCH -J batch-endpoint
#SBATCH -p long
#SBATCH -A team
#SBATCH -n 1
#SBATCH --cpus-per-task=4
#SBATCH --mem=15G
#SBATCH -t 02:00:00
#SBATCH --gres=gpu:1
#SBATCH -o /dev/null
""",
    (PbsCompute, "account"): """\
#PBS -N batch-endpoint
#PBS -q long
#PBS -A team
#PBS -l select=1:ncpus=4:mem=15GB
#PBS -l walltime=02:00:00
#PBS --gres=gpu:1
#PBS -j oe
#PBS -o /dev/null
""",
    (SgeCompute, "project"): """\
#$ -N batch-endpoint
#$ -q long
#$ -P team
#$ -l h_rt=02:00:00
#$ -cwd
#$ -j y
#$ --gres=gpu:1
#$ -o /dev/null
""",
    (LsfCompute, "project"): """\
#BSUB -J batch-endpoint
#BSUB -q long
#BSUB -P "team"
#BSUB -n 4
#BSUB -R "span[hosts=1]"
#BSUB -M 16
#BSUB -W 02:00:00
#BSUB --gres=gpu:1
#BSUB -o /dev/null
""",
}


@pytest.fixture(autouse=True)
def submit_commands(tmp_path, monkeypatch):
    """Commands to submit jobs with, which nobody runs."""
    for name in ("sbatch", "qsub", "bsub"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))


def script(compute: JobQueueCompute) -> str:
    job = compute._kind.job_cls("tls://10.0.0.1:8786", name="instance", **compute.job_options())
    return job.job_script()


@pytest.mark.parametrize(("kind", "charged"), SCRIPTS)
def test_the_job_script_asks_for_what_was_set(kind, charged):
    units = {"lsf_units": "gb"} if kind is LsfCompute else {}
    compute = kind(**COMMON, **{charged: "team"}, **units, job_extra_directives=["--gres=gpu:1"])
    head = "#!/usr/bin/env bash\n\n"
    assert script(compute) == head + SCRIPTS[kind, charged] + WORKER.removeprefix("\n")


@pytest.mark.parametrize("kind", [SlurmCompute, PbsCompute, SgeCompute, LsfCompute])
def test_without_a_walltime_the_queues_own_holds(kind):
    units = {"lsf_units": "gb"} if kind is LsfCompute else {}
    text = script(kind(cores=1, memory="1GB", **units))
    assert not [word for word in ("00:30", "walltime", "h_rt", "SBATCH -t", "-W") if word in text]


def test_the_jobs_own_output_is_kept_where_asked(tmp_path):
    text = script(SlurmCompute(cores=1, memory="1GB", log_directory=str(tmp_path / "logs")))
    assert f"#SBATCH -o {tmp_path}/logs/batch-endpoint-%J.out" in text
    assert "/dev/null" not in text


def test_dask_jobqueues_own_configuration_fills_what_is_left_out():
    with dask.config.set({"jobqueue.slurm.queue": "theirs"}):
        assert "#SBATCH -p theirs" in script(SlurmCompute(cores=1, memory="1GB"))


def test_scorer_processes_share_the_cores_of_their_job():
    compute = SlurmCompute(cores=8, memory="1GB")
    assert [compute.threads(3, processes) for processes in (1, 3, 16)] == [8, 2, 1]


def test_a_machine_that_can_not_submit_is_told_so(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="there is no sbatch on this machine"):
        SlurmCompute(cores=1, memory="1GB")
