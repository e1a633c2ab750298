from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from framework import errors
from framework.cli.failures import exit_code_of
from framework.cli.run_state import RunState

KINDS = [
    errors.FrameworkError,
    errors.UsageError,
    errors.InputError,
    errors.ModelError,
    errors.ScriptError,
    errors.PluginError,
    errors.OutputExistsError,
    errors.NotFoundError,
    errors.StorageError,
    errors.JobError,
    errors.JobCanceledError,
]


def told(error: BaseException, *, verbose: bool = False) -> int:
    return exit_code_of(error, RunState(is_verbose=verbose))


@pytest.mark.parametrize("kind", KINDS)
def test_an_expected_failure_is_one_line_and_its_own_exit_code(
    kind: type[errors.FrameworkError], capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(kind("the model is not there")) == kind.exit_code
    assert capsys.readouterr().err == "error: the model is not there\n"


def test_each_problem_of_a_configuration_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    problems = [errors.Problem(key=key, message="unknown key", source="override") for key in "ab"]
    assert told(errors.ConfigurationError(*problems)) == 2
    assert capsys.readouterr().err == (
        "error: a: unknown key (override)\nerror: b: unknown key (override)\n"
    )


def test_a_users_own_traceback_is_shown_whole_before_the_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    trace = 'Traceback (most recent call last):\n  File "score.py", line 1\nValueError: no\n'
    assert told(errors.ScriptError("score.py failed", user_traceback=trace)) == 2
    assert capsys.readouterr().err == f"{trace}error: score.py failed\n"


def test_a_bug_is_one_line_that_says_where_the_traceback_is(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert told(ZeroDivisionError("division by zero")) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "ZeroDivisionError: division by zero" in said
    path = re.search(r"traceback in (\S+)\)", said)
    assert path is not None
    assert "ZeroDivisionError" in Path(path[1]).read_text()


def test_a_bug_is_one_line_even_where_no_file_can_be_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    assert told(ZeroDivisionError()) == 1
    assert capsys.readouterr().err.endswith("ZeroDivisionError (-v shows the traceback)\n")


def test_a_bugs_traceback_is_shown_with_v(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError as error:
        told(error, verbose=True)
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_ctrl_c_is_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(KeyboardInterrupt()) == 130
    assert told(click.Abort()) == 130
    assert capsys.readouterr().err == "interrupted\n" * 2


def test_clicks_own_messages_become_one_line_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(click.UsageError("Missing argument 'NAME'.\n  more")) == 2
    assert capsys.readouterr().err == "error: missing argument 'NAME'. more\n"


def test_neither_escapes_nor_signatures_reach_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told(errors.InputError("https://host/a\x1b[2J.png?sv=1&sig=SECRET is not there"))
    said = capsys.readouterr().err
    assert "SECRET" not in said
    assert "\x1b" not in said
