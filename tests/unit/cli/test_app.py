from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from framework.cli import main
from framework.cli.app import root


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FRAMEWORK_CONF", raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


def verbs(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    yield path
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from verbs(command, (*path, name))
        else:
            yield (*path, name)


ALL = list(verbs(root))


@pytest.mark.parametrize("verb", ALL, ids=" ".join)
def test_every_help_says_what_the_verb_does_and_gives_an_example(
    verb: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*verb, "--help"]) == 0
    said = capsys.readouterr().out
    example = said.partition("Examples:\n")[2].strip().splitlines()[0].strip()
    assert example.removeprefix("JOB=$(").startswith(" ".join(["python -m framework", *verb]))
    assert "..." not in said.partition("Commands:")[2].partition("Examples:")[0]


def test_the_verbs_are_those_of_the_specification() -> None:
    assert {" ".join(verb) for verb in ALL} >= {
        "invoke",
        "init",
        "config show",
        "plugins list",
        "doctor",
        "job list",
        "job show",
        "job resume",
    }


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["invok"], "did you mean 'invoke'?"),
        (["jobs", "list"], "did you mean 'job'?"),
        (["job", "shwo", "x"], "did you mean 'show'?"),
        (["job", "show"], "missing argument 'NAME'"),
        (["job", "show", "a", "b"], "unexpected extra argument"),
        (["job", "list", "--quary", "name"], "--query"),
        (["invoke"], "endpoint=mnist-batch"),
        (["invoke", "--name", "x"], "nothing to score"),
        (["invoke", "--name", "x", "input=d", "name=y"], "two names are given"),
        (["invoke", "endpoint=a", "-o", "xml"], "'json', 'yaml', 'table', 'tsv'"),
        (["invoke", "endpoint=a", "--output=results/"], "output.path=results/"),
        (["invoke", "endpoint=a", "--query", "a["], "JMESPath"),
        (["invoke", "endpoint=a", "--query", ""], "JMESPath"),
        (["invoke", "endpoint=a", "--name"], "--name"),
        (["config", "show", "--mini_batch_size=3"], "mini_batch_size=3"),
        (["config", "show", "mini_batch_sise=3"], "mini_batch_size"),
        (["doctor", "now"], "unexpected extra argument"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    words: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1
    assert hint in captured.err


def test_no_words_at_all_show_the_help_as_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "Usage:" in capsys.readouterr().err


def test_windows_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("framework.cli.app.os.name", "nt")
    code = main(["--help"])
    monkeypatch.undo()
    assert code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_init_prints_what_it_wrote_and_what_to_type_next(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "my project"]) == 0
    captured = capsys.readouterr()
    assert all(Path(line).is_file() for line in captured.out.splitlines())
    assert "cd 'my project' && python -m framework invoke" in captured.err


def test_init_never_overwrites(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init"]) == 0
    assert main(["init"]) == 2
    assert "would overwrite" in capsys.readouterr().err


def test_what_init_says_to_type_is_a_sound_invocation(capsys: pytest.CaptureFixture[str]) -> None:
    main(["init"])
    words = capsys.readouterr().err.partition("framework invoke ")[2].split()
    assert main(["invoke", *words, "--dry-run", "--query", "files", "-o", "tsv"]) == 0
    assert capsys.readouterr().out == "3\n"


def test_config_show_is_yaml_with_origins_on_demand(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", "mini_batch_size=20", "--origin"]) == 0
    said = capsys.readouterr().out
    assert yaml.safe_load(said)["mini_batch_size"] == 20
    (line,) = [line for line in said.splitlines() if line.startswith("mini_batch_size:")]
    assert line.endswith("# override")


def test_config_show_takes_queries_and_other_formats(capsys: pytest.CaptureFixture[str]) -> None:
    main(["config", "show", "--query", "retry_settings.max_retries", "-o", "tsv"])
    assert capsys.readouterr().out == "3\n"
    main(["config", "show", "-o", "json"])
    assert json.loads(capsys.readouterr().out)["output_file_name"] == "predictions.csv"
    main(["config", "show", "mini_batch_size=7", "--origin", "-o", "json"])
    rows = {row["key"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["mini_batch_size"] == {"key": "mini_batch_size", "value": 7, "origin": "override"}
    assert rows["retry_settings.timeout"]["origin"] == "default"


def test_config_show_reads_the_conf_that_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "other").mkdir()
    (folder / "other" / "config.yaml").write_text("mini_batch_size: 77\n")
    main(["config", "show", "--conf", "other", "--query", "mini_batch_size", "-o", "tsv"])
    assert capsys.readouterr().out == "77\n"


def test_all_problems_are_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", "mini_batch_size=x", "error_treshold=1"]) == 2
    assert capsys.readouterr().err.count("error: ") == 2


def test_plugins_list_has_the_built_in_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins", "list", "-o", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    found = {(row["kind"], row["name"]) for row in rows}
    assert found >= {("scorer", "script"), ("compute", "local"), ("output format", "csv")}


def test_a_broken_plugin_is_listed_with_its_error_and_harms_nobody(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "conf").mkdir()
    (folder / "conf" / "config.yaml").write_text("plugins: [plugin_that_raises]\n")
    (folder / "plugin_that_raises.py").write_text("print('hello')\nraise RuntimeError('no')\n")
    monkeypatch.syspath_prepend(str(folder))
    assert main(["plugins", "list"]) == 0
    rows = json.loads(capsys.readouterr().out)
    (broken,) = [row for row in rows if row["kind"] == "broken"]
    assert broken["name"] == "plugin_that_raises"
    assert "RuntimeError: no" in broken["error"]
    assert main(["doctor", "--query", "[?status=='wrong'].check"]) == 1
    assert json.loads(capsys.readouterr().out) == ["plugins"]


def test_doctor_finds_nothing_wrong_here_and_leaves_nothing_behind(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"Python", "libraries", "workspace", "plugins", "open files"} <= {
        row["check"] for row in rows
    }
    assert not list(folder.iterdir())


def test_doctor_names_what_is_wrong_with_the_configuration(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "conf").mkdir()
    (folder / "conf" / "config.yaml").write_text("mini_batch_sise: 3\n")
    assert main(["doctor", "--query", "[?check=='configuration'].found|[0]", "-o", "tsv"]) == 1
    assert "mini_batch_size" in capsys.readouterr().out


def test_no_jobs_are_an_empty_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["job", "list"]) == 0
    assert capsys.readouterr().out == "[]\n"


@pytest.mark.parametrize("verb", ["show", "resume"])
def test_a_job_that_is_not_there_is_exit_code_4(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["job", verb, "nope"]) == 4
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1
    assert "nope" in captured.err


def test_looking_at_jobs_makes_no_workspace(folder: Path) -> None:
    main(["job", "list"])
    main(["job", "show", "nope"])
    assert not list(folder.iterdir())


def test_an_unexpected_exception_is_a_line_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("surprise")

    monkeypatch.setattr("framework.config.initialize", broken)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main(["init"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "KeyError: 'surprise'" in said
    assert main(["init", "-v"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_our_log_is_said_with_v_and_warnings_always(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log = logging.getLogger("framework.somewhere")

    def chatty(_: object) -> list[Path]:
        log.warning("mind the gap")
        log.info("going on")
        return []

    monkeypatch.setattr("framework.config.initialize", chatty)
    main(["init"])
    said = capsys.readouterr().err
    assert said.splitlines()[0] == "warning: mind the gap"
    assert "going on" not in said
    main(["init", "-v"])
    assert "INFO framework.somewhere: going on" in capsys.readouterr().err


def test_an_unreadable_workspace_is_named_by_doctor(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    folder.chmod(0o500)
    code = main(["doctor", "--query", "[?check=='workspace'].found|[0]", "-o", "tsv"])
    folder.chmod(0o700)
    assert code == 1
    assert "can't write" in capsys.readouterr().out
