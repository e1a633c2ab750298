"""The power goes out between any two changes on the disk: nothing is ever there by half.

Some of the steps are drawn by chance; of all of them, in twenty minutes:

    EACH_STEP=1 python -m pytest tests/faults/test_killed_at_each_step.py --timeout=0
"""

from __future__ import annotations

import json
import os
import random
from functools import partial
from pathlib import Path

import pytest

PROGRAM = str(Path(__file__).with_name("killed_at_each_step.py"))
ON_S3 = str(Path(__file__).with_name("killed_at_each_request.py"))
NEVER = 1_000_000
EACH = "EACH_STEP" in os.environ
AT_ONCE = 10
COMMITTING = 7
ELSEWHERE = 3

SCRIPT = """
    import os
    from notes import note_files
    def run(mini_batch):
        note_files(mini_batch)
        names = [os.path.basename(file) for file in mini_batch]
        if "f00003.txt" in names:
            raise ValueError("bad")
        with open(os.path.join(os.environ["AZUREML_BI_OUTPUT_PATH"], names[0]), "w") as file:
            file.write(names[0])
        return names
"""


def _jobs(bench, numbers):
    folder = bench.root / "jobs"
    folder.mkdir(exist_ok=True)
    settings = [
        word for word in bench.overrides("retry_settings.max_retries=1") if "workspace" not in word
    ]
    words = [str(folder), *map(str, numbers), "--", *settings]
    ended = bench.run(*words, program=(PROGRAM,)).end().check()
    return [json.loads(line) for line in ended.out.splitlines()]


def _in_turns(run, numbers):
    """Runs jobs, a few by each command: one command may not take minutes."""
    for start in range(0, len(numbers), AT_ONCE):
        yield from run(numbers[start : start + AT_ONCE])


def _sums(manifest):
    """What does not depend on how often the job was killed."""
    output = {key: manifest["output"][key] for key in ("size", "rows", "sha256")}
    return output, manifest["extras"], manifest["inputs"], manifest["code"]


@pytest.mark.slow
def test_killed_before_any_step_and_resumed_the_output_is_as_if_undisturbed(bench):
    bench.files(6)
    bench.script(SCRIPT)
    (undisturbed,) = _jobs(bench, [NEVER])
    assert undisturbed["killed"] == 0, undisturbed["said"]
    expected = undisturbed["after"]
    written = [f"f{place:05d}.txt" for place in (0, 1, 2, 4, 5)]
    assert sorted(expected) == [*written, "predictions.csv"]
    steps = undisturbed["steps"]
    committing = [place for place, step in enumerate(steps, 1) if f"/output-{NEVER}" in step]
    last = [place for place, step in enumerate(steps, 1) if "manifest.json" in step]
    others = sorted(set(range(1, len(steps) + 1)) - set(committing))
    seed = random.randrange(1 << 32)
    print(f"seed {seed}, {len(steps)} steps")
    chance = random.Random(seed).sample(others, ELSEWHERE)
    numbers = sorted({*committing[-COMMITTING:], *last[-1:], *chance})

    everything = list(range(1, len(steps) + 1))
    for job in _in_turns(partial(_jobs, bench), everything if EACH else numbers):
        told = f"killed before {job['steps'][-1]}\n{job['said']}"
        assert job["killed"] in {-9, 0}, told  # 0: this run took fewer steps
        final = job["before"].get("predictions.csv")
        assert final in {None, expected["predictions.csv"]}, told
        assert job["resumed"] == 0, told
        assert job["after"] == expected, told
        assert not job["staging"], told
        assert _sums(job["manifest"]) == _sums(undisturbed["manifest"]), told


@pytest.mark.slow
def test_killed_before_any_request_to_s3_and_resumed_the_output_is_as_if_undisturbed(bench, s3):
    bench.files(6)
    bench.script(SCRIPT)
    url, _ = s3.new_bucket()
    access = {
        "AWS_ACCESS_KEY_ID": s3.access["key"],
        "AWS_SECRET_ACCESS_KEY": s3.access["secret"],
        "AWS_ENDPOINT_URL": s3.endpoint,
    }
    settings = [
        word for word in bench.overrides("retry_settings.max_retries=1") if "workspace" not in word
    ]

    def jobs(numbers):
        words = [str(bench.root), url, *map(str, numbers), "--", *settings]
        ended = bench.run(*words, program=(ON_S3,), env=access).end().check()
        return [json.loads(line) for line in ended.out.splitlines()]

    (undisturbed,) = jobs([NEVER])
    assert undisturbed["killed"] == 0, undisturbed["said"]
    expected = undisturbed["after"]
    assert "predictions.csv" in expected
    steps = undisturbed["steps"]
    numbers = list(range(1, len(steps) + 1)) if EACH else _some(steps, "predictions.csv")

    for job in _in_turns(jobs, numbers):
        told = f"killed before {job['steps'][-1]}\n{job['said']}"
        assert job["killed"] in {-9, 0}, told  # 0: this run took fewer steps
        final = job["before"].get("predictions.csv")
        assert final in {None, expected["predictions.csv"]}, told
        assert job["resumed"] == 0, told
        assert job["after"] == expected, told
        assert not job["staging"], told


def _some(steps: list[str], named: str) -> list[int]:
    """Those that have to do with a file, and others at random."""
    about = {place for place, step in enumerate(steps, 1) if named in step}
    others = sorted(set(range(1, len(steps) + 1)) - about)
    seed = random.randrange(1 << 32)
    print(f"seed {seed}, {len(steps)} requests")
    return sorted({*about, *random.Random(seed).sample(others, ELSEWHERE)})
