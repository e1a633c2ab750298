"""Runs all workloads by all rivals in interleaved cycles, and writes a table.

Run it as `python benchmarks/run.py W1 W3 --data data --cycles 3`, on inputs of `make_data.py`.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

import report
from measuring import Run, measure
from workloads import BARE, OURS, PLAIN_DASK, WORKLOADS


def main() -> int:
    """Measures, and writes `benchmarks.md` and `benchmarks.json`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workloads", nargs="+", choices=WORKLOADS, metavar="WORKLOAD")
    parser.add_argument("--data", type=Path, required=True, help="the target of make_data.py")
    parser.add_argument("--target", type=Path, default=Path(), help="where the table is written")
    parser.add_argument("--cycles", type=int, default=3)
    parser.add_argument("--rivals", nargs="+", choices=(OURS, PLAIN_DASK), default=[OURS])
    given = parser.parse_args()

    rows, everything, wrong = [], {}, []
    for name in given.workloads:
        runs = run_cycles(name, given.data.absolute() / name, given.rivals, given.cycles)
        everything[name] = [asdict(run) for run in runs]
        wrong += report.problems(name, runs)
        rows += report.figures(name, runs)

    about = report.machine()
    page = report.markdown(rows, about, given.cycles)
    given.target.mkdir(parents=True, exist_ok=True)
    (given.target / "benchmarks.md").write_text(page, encoding="utf-8")
    content = {"machine": about, "figures": rows, "runs": everything, "problems": wrong}
    (given.target / "benchmarks.json").write_text(json.dumps(content, indent=2), encoding="utf-8")
    print(page)
    for problem in wrong:
        print(problem, file=sys.stderr)
    return 1 if wrong else 0


def run_cycles(name: str, data: Path, rivals: list[str], cycles: int) -> list[Run]:
    """Runs each rival once a cycle and size, bare before and after them."""
    runs = []
    for cycle in range(cycles + 1):
        for rival in (BARE, *rivals) if cycle < cycles else (BARE,):
            for files in WORKLOADS[name].sizes_for(rival):
                run = measure(rival, WORKLOADS[name], data / str(files), cycle=cycle, files=files)
                print(f"{name} {cycle} {rival} {files}: {run.wall_s:.2f} s", file=sys.stderr)
                runs.append(run)
    return runs


if __name__ == "__main__":
    sys.exit(main())
