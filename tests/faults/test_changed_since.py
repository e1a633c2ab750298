"""What a job scores, or scores with, changes between a stop and a resume."""

from __future__ import annotations

import json

STOPS = """
    import os, time
    from notes import note_files
    def run(mini_batch):
        note_files(mini_batch)
        names = [os.path.basename(file) for file in mini_batch]
        if names[0] > "f00003.txt":
            time.sleep(0.2)  # the failure is known before many more are scored
        if "f00003.txt" in names:
            raise ValueError("it stops here")
        return [open(file).read().strip() for file in mini_batch]
"""
GOES_ON = """
    from notes import note_files
    def run(mini_batch):
        note_files(mini_batch)
        return ["new" for file in mini_batch]
"""


def _stopped(bench, *overrides):
    """A job that has ended with some files scored, and some not attempted."""
    bench.files(12)
    bench.script(STOPS)
    ended = bench.invoke("error_threshold=0", "retry_settings.max_retries=1", *overrides).check(1)
    counts = ended.counts
    assert counts["failed"] == 1
    assert f"{12 - counts['succeeded'] - 1} not attempted" in ended.err
    return counts["succeeded"]


def test_changed_inputs_are_named_and_go_on_only_if_that_is_accepted(bench):
    scored = _stopped(bench)
    (bench.data / "f00000.txt").write_text("scored already: of no matter")
    (bench.data / "f00010.txt").write_text("longer")
    (bench.data / "f00011.txt").unlink()

    noted = bench.noted
    refused = bench.resume("error_threshold=-1").check(2)
    assert "job job can't go on as it began: input: " in refused.err
    assert "f00010.txt had 2 bytes and has 6, f00011.txt is gone" in refused.err
    assert "f00000.txt" not in refused.err
    assert bench.noted == noted

    words = ("--accept-changes", "error_threshold=-1")
    ended = bench.resume(*words).check()
    assert ended.counts["succeeded"] == 10
    assert [each["file"] for each in ended.errors] == ["f00003.txt", "f00011.txt"]
    assert "it goes on with what has changed: error_threshold: 0 -> -1; input: " in ended.err
    assert ended.lines[-1] == "f00010.txt,longer"
    manifest = json.loads((ended.record / "manifest.json").read_text())
    assert manifest["changes"][0][0] == "error_threshold: 0 -> -1"
    assert scored >= 3


def test_changed_code_is_told_and_taken_only_if_that_is_accepted(bench):
    scored = _stopped(bench)
    bench.script(GOES_ON)

    still = bench.resume().check(1)
    assert "the code has changed since the job began (score.py has changed)" in still.err

    ended = bench.resume("--accept-changes", "error_threshold=-1").check()
    assert ended.counts["succeeded"] == 11
    assert [line.split(",")[1] for line in ended.lines[1:]] == ["x"] * scored + ["new"] * (
        11 - scored
    )
    assert bench.show()["status"] == "Completed"


def test_the_same_name_with_other_settings_goes_on_only_if_that_is_accepted(bench):
    _stopped(bench)
    bench.script(GOES_ON, "other.py")
    words = ("code_configuration.scoring_script=other.py", "error_threshold=-1")

    refused = bench.invoke(*words, "retry_settings.max_retries=1").check(2)
    assert "code_configuration.scoring_script: 'score.py' -> 'other.py'" in refused.err

    never = bench.invoke(*words, "mini_batch_size=2", "--accept-changes").check(2)
    assert "mini_batch_size: a job that has begun with 1 can't go on with 2" in never.err

    ended = bench.invoke(*words, "retry_settings.max_retries=1", "--accept-changes").check()
    assert ended.counts["succeeded"] == 11
    again = bench.invoke(*words, "retry_settings.max_retries=1").check()  # these are its own now
    assert again.counts == ended.counts
    assert bench.show()["counts"] == ended.counts


def test_a_changed_model_is_told_by_its_checksums(bench):
    model = bench.root / "model.bin"
    model.write_text("one")
    _stopped(bench, f"model.path={model}")
    model.write_text("three")

    refused = bench.resume("error_threshold=-1").check(2)
    assert "model: the model has changed: " in refused.err
    assert "(3 bytes, SHA-256 " in refused.err
    assert "(5 bytes, SHA-256 " in refused.err

    ended = bench.resume("--accept-changes", "error_threshold=-1").check()
    assert ended.counts["succeeded"] == 11
