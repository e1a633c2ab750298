"""Measures one run: a command from its start to its exit, and what it wrote."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from workloads import ROOT, THREADS, Workload, command

_SAMPLE_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run's figures.

    Attributes:
        rival: Who ran.
        cycle: In which cycle.
        files: How many files there were to score.
        wall_s: From the process's start to its exit.
        peak_pss_mib: Most memory of the whole process tree, shared pages split; sampled.
        rows: Rows in the output, without its header.
        unique_rows: How many of them differ.
        sha256: Of the output.
    """

    rival: str
    cycle: int
    files: int
    wall_s: float
    peak_pss_mib: float
    rows: int
    unique_rows: int
    sha256: str


def measure(rival: str, workload: Workload, folder: Path, *, cycle: int, files: int) -> Run:
    """Runs a rival once, in an empty folder of its own.

    Raises:
        RuntimeError: The run failed, or its output is not there.
    """
    with tempfile.TemporaryDirectory(prefix="benchmark-") as room:
        argv, output = command(rival, workload, folder, Path(room))
        wall_s, peak = _run(argv, Path(room))
        rows, unique, digest = _examine(output)
    return Run(
        rival=rival,
        cycle=cycle,
        files=files,
        wall_s=round(wall_s, 4),
        peak_pss_mib=round(peak / 2**20, 1),
        rows=rows,
        unique_rows=unique,
        sha256=digest,
    )


def _run(argv: list[str], room: Path) -> tuple[float, int]:
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, **THREADS, "PYTHONPATH": path}
    environment.pop("FRAMEWORK_CONF", None)  # everybody's own configuration stays out of it
    with (room / "log").open("w+") as log:
        began = time.perf_counter()
        process = subprocess.Popen(argv, cwd=room, env=environment, stdout=log, stderr=log)
        memory = _Memory(process.pid)
        memory.start()
        status = process.wait()
        wall_s = time.perf_counter() - began
        memory.stop()
        if status:
            log.seek(0)
            raise RuntimeError(f"{' '.join(argv)} exited with {status}:\n{log.read()[-4000:]}")
    return wall_s, memory.peak


def _examine(output: Path) -> tuple[int, int, str]:
    if not output.is_file():
        raise RuntimeError(f"the run wrote no {output.name}")
    data = output.read_bytes()
    lines = data.splitlines()[1:]
    return len(lines), len(set(lines)), hashlib.sha256(data).hexdigest()


class _Memory(threading.Thread):
    """Samples the memory of a process and its descendants."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self._root = psutil.Process(pid)
        self._ended = threading.Event()

    def run(self) -> None:
        """Samples until it is stopped."""
        while not self._ended.wait(_SAMPLE_S):
            self.peak = max(self.peak, self._sample())

    def stop(self) -> None:
        """Ends the sampling."""
        self._ended.set()
        self.join()

    def _sample(self) -> int:
        try:
            tree = [self._root, *self._root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return 0
        return sum(_pss(process) for process in tree)


def _pss(process: psutil.Process) -> int:
    try:
        info = process.memory_full_info()
    except (psutil.Error, OSError):  # it has ended since it was listed
        return 0
    return int(getattr(info, "pss", info.uss))  # macOS has no pss
