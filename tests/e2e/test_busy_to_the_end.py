"""Scoring that suddenly turns slow keeps all processes busy to the end."""

from __future__ import annotations

import pytest

FILES = 150
SLOW_FROM = 138
SLOW_S = 1.0
SCRIPT = f"""
    import os, time
    from notes import note
    def run(mini_batch):
        began = time.time()
        is_slow = int(os.path.basename(mini_batch[0])[1:6]) >= {SLOW_FROM}
        time.sleep({SLOW_S} if is_slow else 0.01)
        note(os.getpid(), began, time.time())
        return [1]
"""


@pytest.mark.parametrize("where", ["max_concurrency_per_instance=2", "resources.instance_count=2"])
def test_the_last_mini_batches_of_all_processes_end_together(bench, where):
    bench.files(FILES)
    bench.script(SCRIPT)

    bench.call(where).check()

    last: dict[str, float] = {}
    slow: dict[str, int] = {}
    for pid, began, ended in (line.split("\t") for line in bench.noted):
        last[pid] = max(last.get(pid, 0.0), float(ended))
        slow[pid] = slow.get(pid, 0) + (float(ended) - float(began) >= SLOW_S / 2)
    assert len(last) == 2
    assert max(last.values()) - min(last.values()) <= 1.5 * SLOW_S
    assert sum(slow.values()) == FILES - SLOW_FROM
    assert min(slow.values()) >= (FILES - SLOW_FROM) // 2 - 1
