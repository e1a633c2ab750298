"""Scores the same files from a local folder and from a store of objects far away, in turn.

Run it as `python benchmarks/remote.py --data data/W1/10000 --cycles 3 --delay-ms 30`, on inputs of
`make_data.py`; it needs the extra `s3`. The store is `object_server.py`, on the same machine: what
it costs is a part of the figures.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from report import machine
from workloads import HERE, ROOT, THREADS

_MNIST = ROOT / "examples" / "01-mnist"


def main() -> int:
    """Measures pairs of runs, and prints each and the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder of digits")
    parser.add_argument("--cycles", type=int, default=3)
    parser.add_argument("--delay-ms", type=float, default=30.0)
    parser.add_argument("--processes", type=int, default=1, help="scoring processes")
    given = parser.parse_args()
    files = sum(1 for path in given.data.iterdir())
    pairs = []
    with object_server(given.data, given.delay_ms) as address:
        for cycle in range(given.cycles):
            # Who goes first changes, so that a machine that gets busier favours nobody.
            inputs = [("local", str(given.data.absolute())), ("remote", "s3://bucket/")]
            runs = {
                name: measured(place, address, given.processes)
                for name, place in (inputs if cycle % 2 else inputs[::-1])
            }
            if runs["local"]["sha256"] != runs["remote"]["sha256"]:
                raise RuntimeError("the outputs differ")
            pairs.append(runs)
            print(cycle, told(runs, files), flush=True)
    ratios = [pair["local"]["scoring_s"] / pair["remote"]["scoring_s"] for pair in pairs]
    print(json.dumps(machine()))
    print(
        f"{files} files, {given.processes} scoring processes, {given.delay_ms:g} ms a request: "
        f"remote throughput is {statistics.median(ratios):.2f} of local, "
        f"{min(ratios):.2f} to {max(ratios):.2f}, the median of {len(pairs)} pairs"
    )
    return 0


def told(runs: dict[str, dict[str, float]], files: int) -> str:
    """One line of a pair."""
    each = (
        f"{name} {files / run['scoring_s']:.0f} files/s ({run['scoring_s']:.1f} s of "
        f"{run['wall_s']:.1f}, CPU {run['cpu_s']:.1f} s)"
        for name, run in sorted(runs.items())
    )
    ratio = runs["local"]["scoring_s"] / runs["remote"]["scoring_s"]
    return f"{'; '.join(each)}; ratio {ratio:.2f}"


@contextmanager
def object_server(folder: Path, delay_ms: float) -> Iterator[str]:
    """A store with the folder's files; yields its address."""
    command = [sys.executable, str(HERE / "object_server.py"), str(folder)]
    server = subprocess.Popen(
        [*command, "--delay-ms", str(delay_ms)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
    finally:
        server.kill()
        server.wait()


def measured(place: str, address: str, processes: int) -> dict[str, float]:
    """One job; seconds from the first mini-batch sent to the last are those of its record."""
    access = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "testing")
    environment = {**os.environ, **THREADS, **access, "AWS_ENDPOINT_URL": address}
    environment |= {"AWS_DEFAULT_REGION": "us-east-1"}
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    with tempfile.TemporaryDirectory(prefix="benchmark-") as room:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.perf_counter()
        done = subprocess.run(
            command(place, Path(room), processes),
            env=environment | {"PYTHONPATH": path},
            cwd=room,
            capture_output=True,
            text=True,
            check=False,
        )
        wall_s = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            raise RuntimeError(done.stderr[-4000:])
        return {
            "wall_s": wall_s,
            "scoring_s": scoring_s(Path(room)),
            "cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
            "sha256": sha256_of(Path(room) / "predictions.csv"),
        }


def command(place: str, room: Path, processes: int) -> list[str]:
    """The command of one job, which writes into an empty folder."""
    overrides = {
        "input": place,
        "output.path": room,
        "workspace": room / "workspace",
        "code_configuration.code": _MNIST / "code" / "torch",
        "code_configuration.scoring_script": "score.py",
        "model.path": _MNIST / "models" / "torch" / "digits.pt",
        "mini_batch_size": 10,
        "max_concurrency_per_instance": processes,
        "resources.instance_count": 1,
        **{f"environment_variables.{name}": value for name, value in THREADS.items()},
    }
    settings = [f"+{key}={value}" for key, value in overrides.items()]
    return [sys.executable, "-m", "framework", "invoke", *settings, "--no-progress"]


def scoring_s(room: Path) -> float:
    """Seconds from the job's first receipt to its last: what starts and what ends is left out."""
    (ledger,) = room.glob("workspace/jobs/*/ledger/*.jsonl")
    entries = map(json.loads, ledger.read_text(encoding="utf-8").splitlines())
    moments = [entry["at"] for entry in entries if "receipt" in entry]
    return moments[-1] - moments[0]


def sha256_of(path: Path) -> str:
    """What tells one output from another."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
