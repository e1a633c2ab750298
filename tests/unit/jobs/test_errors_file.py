from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from framework.domain.outcomes import Failure, FailureKind, Outcome, Receipt, Stage
from framework.jobs.errors_file import write_errors
from framework.jobs.ledger import Ledger
from framework.storage import open_input

ROOT = "/data/in"


def lines(record) -> list[dict]:
    text = Path(record.url("errors.jsonl")).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n")[:-1]]


def failed_inputs(record) -> list[str]:
    return Path(record.url("failed_inputs.txt")).read_text(encoding="utf-8").split("\n")[:-1]


def failing(index: int, *files: str, **more) -> Outcome:
    failure = Failure(
        files=files,
        count=more.pop("count", len(files)),
        stage=Stage.SCORE,
        kind=more.pop("kind", FailureKind.EXCEPTION),
        message=f"ValueError: {index}",
        traceback="Traceback:\n  line\n",
        process_log="instance-0-1.log",
    )
    return Outcome(index, 5, 5 - failure.count, 0, 3, 0.1, failures=(failure,))


@pytest.fixture
def ledger(claim) -> Ledger:
    return Ledger(claim())


def test_each_failed_file_has_a_line_in_input_order(record, ledger):
    ledger.add([Receipt(outcomes=(failing(7, "c", "d/e"),), part=None)])
    ledger.add([Receipt(outcomes=(failing(2, "a"),), part=None)])
    write_errors(record, ROOT)

    told = lines(record)
    assert [line["file"] for line in told] == ["a", "c", "d/e"]
    assert told[0] == {
        "file": "a",
        "mini_batch": 2,
        "count": 1,
        "stage": "score",
        "kind": "exception",
        "tries": 3,
        "message": "ValueError: 2",
        "traceback": "Traceback:\n  line\n",
        "process_log": "instance-0-1.log",
    }
    assert failed_inputs(record) == ["/data/in/a", "/data/in/c", "/data/in/d/e"]


def test_failures_without_names_are_counted(record, ledger):
    short = failing(0, count=3, kind=FailureKind.SHORT_RESULT)
    ledger.add([Receipt(outcomes=(short,), part=None)])
    write_errors(record, ROOT)

    (line,) = lines(record)
    assert (line["file"], line["count"], line["kind"]) == (None, 3, "short_result")
    assert failed_inputs(record) == []


def test_of_a_mini_batch_only_its_first_outcome_is_told(record, ledger):
    good = Outcome(0, 1, 1, 0, 1, 0.1)
    ledger.add([Receipt(outcomes=(good, failing(1, "b")), part=None)])
    ledger.add([Receipt(outcomes=(failing(0, "a"), failing(1, "x")), part=None)])
    write_errors(record, ROOT)

    assert [line["file"] for line in lines(record)] == ["b"]


def test_writing_again_replaces_what_was_written(record, ledger):
    ledger.add([Receipt(outcomes=(failing(1, "b"),), part=None)])
    write_errors(record, ROOT)
    ledger.add([Receipt(outcomes=(failing(0, "a"),), part=None)])
    write_errors(record, ROOT)

    assert [line["file"] for line in lines(record)] == ["a", "b"]
    assert sorted(os.listdir(Path(record.url()))) == [
        "epochs",
        "errors.jsonl",
        "failed_inputs.txt",
        "ledger",
    ]


@pytest.mark.parametrize("root", ["/data/in", "/data/in/", "/"])
def test_paths_are_those_of_the_files(record, ledger, root):
    ledger.add([Receipt(outcomes=(failing(0, "a"),), part=None)])
    write_errors(record, root)

    assert failed_inputs(record) == [f"{root.rstrip('/')}/a"]


ODD = [
    "plain.txt",
    "with space.txt",
    " leading",
    "trailing ",
    "#hash",
    "@at",
    "100%25.txt",
    "q?uestion",
    "star*.txt",
    "br[ac]ket.txt",
    "{a,b}",
    "ü日本",
    'quo"te',
    "back\\slash",
    "tab\there",
    os.fsdecode(b"no-utf-8-\xff"),
]


def test_failed_inputs_can_be_given_back_as_input(record, ledger, tmp_path):
    """`input=@failed_inputs.txt` scores exactly what failed, whatever its name."""
    data = tmp_path / "data"
    data.mkdir()
    for name in [*ODD, "star1.txt", "bra.txt", "another"]:
        Path(data, name).touch()
    ledger.add([Receipt(outcomes=(failing(0, *ODD),), part=None)])
    write_errors(record, str(data))

    listing = open_input([f"@{Path(record.url('failed_inputs.txt'))}"])
    assert {os.path.join(listing.root, file.path) for file in listing.files()} == {
        str(data / name) for name in ODD
    }


def test_what_has_odd_names_is_still_json(record, ledger):
    names = [*ODD, "new\nline", "\u2028"]
    ledger.add([Receipt(outcomes=(failing(0, *names),), part=None)])
    write_errors(record, ROOT)

    assert [line["file"] for line in lines(record)] == names


def test_a_name_with_a_line_break_does_not_break_the_list(record, ledger, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    names = ["a", "new\nline %0A", "return\r", "z"]
    for name in names:
        Path(data, name).touch()
    ledger.add([Receipt(outcomes=(failing(0, *names),), part=None)])
    write_errors(record, str(data))

    listing = open_input([f"@{Path(record.url('failed_inputs.txt'))}"])
    assert [file.path for file in listing.files()] == names
    assert [line["file"] for line in lines(record)] == names
