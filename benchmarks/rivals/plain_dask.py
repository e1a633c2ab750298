"""Scores a folder with one Dask task a mini-batch: how one would use Dask by hand.

Worker processes load the model once, a sliding window bounds the tasks in flight, rows are encoded
on the workers, and the client writes them in order.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import script as rival
from distributed import Client, LocalCluster, as_completed

WINDOW = 64


def scored(
    client: Client, batches: list[list[str]], *of_scorer: Path | None
) -> Iterator[tuple[str, str]]:
    """Keeps a window of tasks in flight, and yields their results in order."""
    waiting = iter(enumerate(batches))

    def submit() -> None:
        for index, batch in waiting:
            futures.add(client.submit(rival.score, batch, *of_scorer, key=f"score-{index}"))
            return

    futures = as_completed(with_results=True)
    for _ in range(WINDOW):
        submit()
    done: dict[int, tuple[str, str]] = {}
    due = 0
    for future, result in futures:
        done[int(future.key.removeprefix("score-"))] = result
        submit()
        while due in done:
            yield done.pop(due)
            due += 1


def main() -> None:
    """Scores the folder."""
    given = rival.arguments(__doc__.splitlines()[0])
    batches = rival.mini_batches(given.folder, given.mini_batch_size)
    cluster = LocalCluster(
        n_workers=given.processes, threads_per_worker=1, dashboard_address="127.0.0.1:0"
    )
    with cluster, Client(cluster) as client:
        rival.write(given.output, scored(client, batches, given.script, given.model_dir))


if __name__ == "__main__":
    main()
