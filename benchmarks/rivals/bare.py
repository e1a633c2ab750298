"""Scores a folder with `multiprocessing.Pool`: the best script that one would write by hand.

The model is loaded once in each child, rows are encoded in the children, several mini-batches
travel at a time, and the parent, which imports no library, writes one file in order. There is no
retry, no timeout, no record, and no second try after a crash.
"""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from types import ModuleType

import script as rival

scorer: ModuleType


def start(script: Path, model_dir: Path | None) -> None:
    """Loads the scorer in a child."""
    global scorer
    scorer = rival.load(script, model_dir)


def score(mini_batch: list[str]) -> tuple[str, str]:
    """Scores one mini-batch in a child."""
    return rival.encode(mini_batch, scorer.run(mini_batch))


def main() -> None:
    """Scores the folder."""
    given = rival.arguments(__doc__.splitlines()[0])
    batches = rival.mini_batches(given.folder, given.mini_batch_size)
    together = max(1, min(100, len(batches) // (given.processes * 20)))
    # Forking is safe and the quickest: the parent has no threads and nothing heavy.
    context = multiprocessing.get_context("fork")
    with context.Pool(given.processes, start, (given.script, given.model_dir)) as pool:
        rival.write(given.output, pool.imap(score, batches, chunksize=together))


if __name__ == "__main__":
    main()
