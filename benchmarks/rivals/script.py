"""What the rivals share: a folder's mini-batches, a scoring script, and its results as CSV."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any


def arguments(description: str) -> argparse.Namespace:
    """The command line of every rival."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("folder", type=Path, help="a flat folder of files")
    parser.add_argument("output", type=Path, help="the .csv that is written")
    parser.add_argument("--script", type=Path, required=True, help="the scoring script")
    parser.add_argument("--model-dir", type=Path, help="its AZUREML_MODEL_DIR")
    parser.add_argument("--mini-batch-size", type=int, default=10)
    parser.add_argument("--processes", type=int, default=2)
    return parser.parse_args()


def mini_batches(folder: Path, size: int) -> list[list[str]]:
    """The folder's files, by name, in mini-batches."""
    files = sorted(entry.path for entry in os.scandir(folder.absolute()) if entry.is_file())
    return [files[start : start + size] for start in range(0, len(files), size)]


@cache
def load(script: Path, model_dir: Path | None) -> ModuleType:
    """Imports a scoring script and calls its `init()`."""
    if model_dir is not None:
        os.environ["AZUREML_MODEL_DIR"] = str(model_dir)
    sys.path.insert(0, str(script.parent))
    spec = importlib.util.spec_from_file_location(script.stem, script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.init()
    return module


def score(mini_batch: list[str], script: Path, model_dir: Path | None) -> tuple[str, str]:
    """Scores one mini-batch, with a scorer that is loaded once in each process."""
    return encode(mini_batch, load(script, model_dir).run(mini_batch))


def encode(mini_batch: list[str], results: Any) -> tuple[str, str]:
    """The header, and the rows as CSV: of a DataFrame, or of one plain number a file."""
    if isinstance(results, list):
        pairs = zip(map(os.path.basename, mini_batch), results, strict=True)
        return "file,prediction\n", "".join(f"{file},{item}\n" for file, item in pairs)
    return ",".join(results.columns) + "\n", results.to_csv(index=False, header=False)


def write(output: Path, parts: Iterator[tuple[str, str]]) -> None:
    """Writes the parts, in the order in which they come, below one header."""
    with output.open("x", encoding="utf-8", newline="") as file:
        for index, (header, rows) in enumerate(parts):
            file.write(rows if index else header + rows)
