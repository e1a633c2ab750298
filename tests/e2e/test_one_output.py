"""One output has one job: never two, never over something that is there."""

from __future__ import annotations

import os

import pytest

from framework.storage import LocalStore

SCRIPT = """
    import os
    from notes import note_files
    def run(mini_batch):
        note_files(mini_batch)
        return [os.environ["WHO"]]
"""


def test_two_jobs_that_race_for_one_output_never_both_succeed(bench):
    bench.files(20)
    bench.script(SCRIPT)
    rounds = 2
    for turn in range(rounds):
        output = bench.root / f"results {turn}"
        racing = [
            bench.start(
                f"output.path={output}", f"+environment_variables.WHO={who}", name=who + str(turn)
            )
            for who in ("red", "blue")
        ]
        ended = [each.end() for each in racing]

        assert sorted(each.code for each in ended) == [0, 3], [each.err for each in ended]
        winner = next(each for each in ended if each.code == 0)
        loser = next(each for each in ended if each.code == 3)
        who = winner.summary["name"].rstrip("0123456789")
        assert winner.lines[1:] == [f"f{place:05d}.txt,{who}" for place in range(20)]
        assert os.listdir(output) == ["predictions.csv"]
        assert "exists already" in loser.err
        if loser.out:  # it had begun: what it scored can go elsewhere
            noted = len(bench.noted)
            moved = bench.resume(
                f"output.path={bench.root}/moved {turn}", name=loser.summary["name"]
            ).check()
            assert len(moved.lines) == 21
            assert len(bench.noted) == noted


def test_of_two_jobs_with_files_of_their_own_the_loser_leaves_nothing_behind(bench):
    bench.files(4)
    bench.script(
        """
        import os
        def run(mini_batch):
            for name in "abc":
                with open(os.path.join(os.environ["AZUREML_BI_OUTPUT_PATH"], name), "w") as file:
                    file.write(os.environ["WHO"])
            return [os.environ["WHO"]]
        """
    )
    output = bench.root / "results"
    output.mkdir()
    (output / "b").write_text("a rival's")

    ended = bench.call(f"output.path={output}", "+environment_variables.WHO=me").check(1)

    assert f"{output}/b" in ended.err
    assert (output / "b").read_text() == "a rival's"
    assert {path.name for path in output.iterdir()} <= {"a", "b"}
    moved = bench.resume(f"output.path={bench.root}/elsewhere").check()
    assert {path.name for path in moved.output.parent.iterdir()} == {*"abc", "predictions.csv"}


@pytest.mark.parametrize("there", ["a file", "a folder", "a link to nowhere"])
def test_whatever_stands_under_the_name_stops_the_job_before_it_scores(bench, there):
    bench.files(3)
    bench.script(SCRIPT)
    output = bench.root / "results" / "predictions.csv"
    output.parent.mkdir()
    if there == "a file":
        output.write_text("precious")
    elif there == "a folder":
        output.mkdir()
    else:
        output.symlink_to("nowhere")

    ended = bench.invoke(f"output.path={output.parent}", "+environment_variables.WHO=me").check(3)

    assert str(output) in ended.err
    assert "exists already" in ended.err
    assert ended.out == ""
    assert not bench.noted
    assert not bench.workspace.exists() or not list(bench.workspace.rglob("*"))
    assert there != "a file" or output.read_text() == "precious"


def test_the_same_command_again_exits_3_and_a_fresh_output_path_does_not(bench):
    bench.files(3)
    bench.script(SCRIPT)
    words = [f"output.path={bench.root}/results", "+environment_variables.WHO=me"]
    bench.invoke(*words, name="one").check()
    noted = len(bench.noted)

    bench.invoke(*words, name="two").check(3)

    assert len(bench.noted) == noted
    bench.invoke(*words, "output_file_name=more.csv", name="three").check()


def test_a_rival_that_comes_while_it_scores_wins_and_the_job_goes_elsewhere(bench):
    bench.files(10)
    bench.script(
        "import time\n"
        + SCRIPT.replace("note_files(m", "time.sleep(0.05); note_files(m").replace("\n    ", "\n")
    )
    output = bench.root / "results" / "predictions.csv"
    running = bench.start(f"output.path={output.parent}", "+environment_variables.WHO=me")
    assert running.wait_until(lambda: bench.noted)
    output.parent.mkdir(exist_ok=True)
    output.write_text("a rival's")
    ended = running.end().check(3)

    assert ended.status == "Failed"
    assert output.read_text() == "a rival's"
    assert os.listdir(output.parent) == ["predictions.csv"]
    assert bench.resume().code == 3
    assert output.read_text() == "a rival's"
    moved = bench.resume(f"output.path={bench.root}/elsewhere").check()
    assert len(moved.lines) == 11
    assert moved.output.parent == bench.root / "elsewhere"
    assert len(bench.noted) == 10


def test_a_store_that_can_not_promise_one_winner_is_told_of_and_used(bench, monkeypatch):
    monkeypatch.setattr(LocalStore, "creates_exclusively", property(lambda store: False))
    bench.files(1)
    bench.script("def run(mini_batch):\n    return [1] * len(mini_batch)")
    ended = bench.call()
    assert "warning: the store of " in ended.err
    assert "ignores conditions: of two jobs that end at the same moment" in ended.err
    assert len(ended.lines) == 2
