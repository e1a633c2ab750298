"""However the work is divided, the output has the same bytes, in the order of the input."""

from __future__ import annotations

import itertools

SCRIPT = """
    import hashlib, os, random, time
    from notes import note_files
    def run(mini_batch):
        time.sleep(random.expovariate(1 / 0.008))
        note_files(mini_batch)
        return [
            {"name": os.path.basename(file), "hash": hashlib.md5(file[-9:].encode()).hexdigest()}
            for file in mini_batch
        ]
"""


def test_processes_instances_and_mini_batches_do_not_change_the_output(bench):
    names = [f"{folder}/f {place:03d}é.txt" for folder in ("b", "a", "a.b") for place in range(25)]
    for name in names:
        bench.files(name, content=name)
    bench.script(SCRIPT)
    outputs = set()

    for processes, instances, size in itertools.product((1, 2), (1, 2), (1, 10, 1000)):
        bench.log.unlink(missing_ok=True)
        ended = bench.call(
            f"max_concurrency_per_instance={processes}",
            f"resources.instance_count={instances}",
            f"mini_batch_size={size}",
            name=f"job-{processes}-{instances}-{size}",
        ).check()
        outputs.add(ended.data)
        assert len(bench.noted) == ended.counts["rows"] == 75

    assert len(outputs) == 1
    rows = [line.partition(",")[0] for line in outputs.pop().decode().splitlines()[1:]]
    assert rows == [name.rpartition("/")[2] for name in sorted(names)]


def test_mini_batches_are_closed_early_by_their_bytes(bench):
    for name, size in (("a", 10), ("b", 10), ("c", 100), ("d", 1), ("e", 1), ("f", 1)):
        bench.files(name, content="x" * size)
    bench.script(
        """
        import os
        from notes import note
        def run(mini_batch):
            note(*map(os.path.basename, mini_batch))
            return [1] * len(mini_batch)
        """
    )

    bench.call("mini_batch_size=2", "mini_batch_bytes=50").check()

    assert sorted(bench.noted) == ["a\tb", "c", "d\te", "f"]
