"""Turns runs into figures: ratios to bare within a cycle, and costs of a mini-batch."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import psutil
from measuring import Run
from workloads import BARE, WORKLOADS

_LIBRARIES = ("dask", "distributed", "numpy", "pandas", "torch", "torchvision")


def machine() -> dict[str, Any]:
    """Where and with what was measured."""
    versions = {}
    for library in _LIBRARIES:
        try:
            versions[library] = importlib.metadata.version(library)
        except importlib.metadata.PackageNotFoundError:
            versions[library] = "not installed"
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "system": platform.platform(),
        "cores": len(psutil.Process().cpu_affinity()) if psutil.LINUX else os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "python": platform.python_version(),
        **versions,
    }


def problems(name: str, runs: Sequence[Run]) -> list[str]:
    """What makes the figures worthless: rows that are missing or differ between rivals."""
    found = [
        f"{name}: {run.rival} wrote {run.rows} rows, {run.unique_rows} unique, of {run.files} files"
        for run in runs
        if run.rows != run.files or run.unique_rows != run.files
    ]
    for files in sorted({run.files for run in runs}):
        by_digest: dict[str, set[str]] = {}
        for run in runs:
            if run.files == files:
                by_digest.setdefault(run.sha256, set()).add(run.rival)
        if len(by_digest) > 1:
            groups = " / ".join(", ".join(sorted(group)) for group in by_digest.values())
            found.append(f"{name}: outputs for {files} files differ: {groups}")
    return found


def figures(name: str, runs: Sequence[Run]) -> list[dict[str, Any]]:
    """One row for each rival: medians, and ranges of the ratios to bare within a cycle."""
    rivals = list(dict.fromkeys(run.rival for run in runs))
    bare = _cycles(name, BARE, runs)
    rows = []
    for rival in rivals:
        mine = _cycles(name, rival, runs)
        # The last cycle of bare has no rivals: it is there to bracket those of the one before.
        pairs = [(mine[cycle], _bracket(bare, cycle)) for cycle in mine if cycle + 1 in bare]
        small, full = WORKLOADS[name].sizes_for(rival)
        same_size = WORKLOADS[name].sizes_for(BARE) == (small, full)
        of_rival = [run for run in runs if run.rival == rival]
        rows.append(
            {
                "workload": name,
                "rival": rival,
                "files": full,
                "wall_s": statistics.median(wall for wall, _ in mine.values()),
                "slope_us": statistics.median(slope for _, slope in mine.values()),
                "wall_ratio": _spread([a[0] / b[0] for a, b in pairs]) if same_size else None,
                "slope_ratio": _spread([a[1] / b[1] for a, b in pairs]),
                "peak_pss_mib": max(run.peak_pss_mib for run in of_rival),
            }
        )
    return rows


def _cycles(name: str, rival: str, runs: Sequence[Run]) -> dict[int, tuple[float, float]]:
    """By cycle: the whole wall of the full size, and microseconds for each further mini-batch."""
    small, full = WORKLOADS[name].sizes_for(rival)
    walls = {(run.cycle, run.files): run.wall_s for run in runs if run.rival == rival}
    batches = (full - small) / WORKLOADS[name].mini_batch_size
    return {
        cycle: (wall, (wall - walls[cycle, small]) / batches * 1e6)
        for (cycle, files), wall in walls.items()
        if files == full
    }


def _bracket(bare: dict[int, tuple[float, float]], cycle: int) -> tuple[float, float]:
    """Bare, as it was before and after the cycle's rivals."""
    before, after = bare[cycle], bare[cycle + 1]
    return (before[0] + after[0]) / 2, (before[1] + after[1]) / 2


def _spread(ratios: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(ratios), "min": min(ratios), "max": max(ratios)}


def markdown(rows: Sequence[dict[str, Any]], about: dict[str, Any], cycles: int) -> str:
    """The figures as a page."""
    where = ", ".join(f"{key} {value}" for key, value in about.items())
    table = "\n".join(_line(row) for row in rows)
    titles = "\n".join(
        f"- {name}: {WORKLOADS[name].title}, mini_batch_size {WORKLOADS[name].mini_batch_size}"
        for name in dict.fromkeys(row["workload"] for row in rows)
    )
    return f"""# Benchmarks

{titles}

Ratios are to `bare` within a cycle: median (least to greatest) of {cycles} interleaved cycles.
"Each further mini-batch" leaves start-up out: the difference between two sizes.

| workload | rival | files | wall | ratio | each further mini-batch | ratio | peak memory |
| --- | --- | --- | --- | --- | --- | --- | --- |
{table}

{where}
"""


def _line(row: dict[str, Any]) -> str:
    cells = (
        row["workload"],
        row["rival"],
        f"{row['files']:,}",
        f"{row['wall_s']:.2f} s",
        _ratio(row["wall_ratio"]),
        f"{row['slope_us']:,.0f} µs",
        _ratio(row["slope_ratio"]),
        f"{row['peak_pss_mib']:,.0f} MiB" if row["peak_pss_mib"] else "over too soon",
    )
    return f"| {' | '.join(cells)} |"


def _ratio(spread: dict[str, float] | None) -> str:
    if spread is None:
        return "other size"
    return f"{spread['median']:.2f} ({spread['min']:.2f} to {spread['max']:.2f})"
