"""The workloads, and the command with which each rival does one."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
BARE, OURS, PLAIN_DASK = "bare", "framework", "plain-dask"
PROCESSES = 2
# One thread for each scoring process, whoever starts it.
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


@dataclass(frozen=True, kw_only=True)
class Workload:
    """What is scored.

    Attributes:
        title: What it measures.
        sizes: The numbers of files, the smaller one to take the start-up out.
        plain_dask_sizes: Those for a task a mini-batch, where the others would take an hour.
        mini_batch_size: Files in one scoring call.
        script: The scoring script.
        model: The model's file, in a folder that becomes AZUREML_MODEL_DIR.
    """

    title: str
    sizes: tuple[int, int]
    plain_dask_sizes: tuple[int, int]
    mini_batch_size: int
    script: Path
    model: Path | None = None

    def sizes_for(self, rival: str) -> tuple[int, int]:
        """The numbers of files that a rival scores."""
        return self.plain_dask_sizes if rival == PLAIN_DASK else self.sizes


_MNIST = ROOT / "examples" / "01-mnist"
WORKLOADS = {
    "W1": Workload(
        title="PNG digits of 28 by 28, a torch script",
        sizes=(1_000, 10_000),
        plain_dask_sizes=(1_000, 10_000),
        mini_batch_size=10,
        script=_MNIST / "code" / "torch" / "score.py",
        model=_MNIST / "models" / "torch" / "digits.pt",
    ),
    "W3": Workload(
        title="tiny files, a scorer that does nothing",
        sizes=(10_000, 100_000),
        plain_dask_sizes=(1_000, 10_000),
        mini_batch_size=1,
        script=HERE / "scorers" / "noop.py",
    ),
}


def command(rival: str, workload: Workload, folder: Path, room: Path) -> tuple[list[str], Path]:
    """The command of one run, and the output that it writes.

    Args:
        rival: Who runs it.
        workload: What is scored.
        folder: The input.
        room: An empty folder for whatever the run writes.
    """
    output = room / "predictions.csv"
    if rival == OURS:
        return _ours(workload, folder, room), output
    program = HERE / "rivals" / f"{rival.replace('-', '_')}.py"
    model_dir = ["--model-dir", str(workload.model.parent)] if workload.model else []
    return [
        *(sys.executable, str(program), str(folder), str(output)),
        *("--script", str(workload.script), *model_dir),
        *("--mini-batch-size", str(workload.mini_batch_size), "--processes", str(PROCESSES)),
    ], output


def _ours(workload: Workload, folder: Path, room: Path) -> list[str]:
    overrides = {
        "input": folder,
        "output.path": room,
        "workspace": room / "workspace",
        "code_configuration.code": workload.script.parent,
        "code_configuration.scoring_script": workload.script.name,
        "mini_batch_size": workload.mini_batch_size,
        "max_concurrency_per_instance": PROCESSES,
        "resources.instance_count": 1,
        **{f"environment_variables.{name}": value for name, value in THREADS.items()},
    }
    if workload.model:
        overrides["model.path"] = workload.model
    settings = [f"+{key}={value}" for key, value in overrides.items()]
    return [sys.executable, "-m", "framework", "invoke", *settings, "--no-progress"]
