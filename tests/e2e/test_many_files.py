"""Very many tiny files."""

from __future__ import annotations

FILES = 20_000


def test_so_many_mini_batches_are_all_counted_and_written_once(bench):
    bench.files(*(f"{place // 500:03d}/{place:06d}" for place in range(FILES)), content="")
    bench.script("def run(mini_batch):\n    return [1]")

    ended = bench.call("max_concurrency_per_instance=2").check()

    assert ended.counts == {
        "files": FILES,
        "succeeded": FILES,
        "failed": 0,
        "rows": FILES,
        "tries": FILES,
    }
    assert ended.lines == [
        "file,prediction",
        *(f"{place // 500:03d}/{place:06d},1" for place in range(FILES)),
    ]
    assert len(bench.ledgered()) == FILES
