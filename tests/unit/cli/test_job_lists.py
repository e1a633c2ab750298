from __future__ import annotations

import json
import sys
from pathlib import Path

import click
import pytest

from framework.cli import main
from framework.cli.job import job as group
from framework.cli.job_parameters import Since, Status, Tag
from framework.domain.states import JobStatus


@pytest.fixture(autouse=True)
def _no_conf(monkeypatch, tmp_path):
    monkeypatch.delenv("FRAMEWORK_CONF", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(records, capfd):
    """Runs a command in the workspace; gives its exit code, stdout and stderr."""

    def run(*words: str) -> tuple[int, str, str]:
        code = main([*words, "--workspace", str(records.workspace)])
        out, err = capfd.readouterr()
        return code, out, err

    return run


@pytest.fixture
def listed(run):
    """The names that a list shows."""

    def listed(*words: str) -> list[str]:
        code, out, err = run(*(words or ("job", "list")), "-o", "json")
        assert code == 0, err
        return [each["name"] for each in json.loads(out)]

    return listed


@pytest.fixture
def some(records):
    kinds = [
        ("one", "Completed", "e", "d"),
        ("two", "Failed", "e", "d2"),
        ("three", "Running", "f", "d"),
        ("four", "Canceled", None, None),
    ]
    for number, (name, status, endpoint, deployment) in enumerate(kinds, start=1):
        records.create(
            name,
            status,
            created_at=f"2026-01-0{number}T12:00:00.000Z",
            endpoint=endpoint,
            deployment=deployment,
            tags={"team": "red" if number < 3 else "blue"},
        )
    return records


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("", "four three two one"),
        ("--status Failed", "two"),
        ("--status failed --status RUNNING", "three two"),
        ("--status Queued", ""),
        ("--endpoint e", "two one"),
        ("-e e --deployment d", "one"),
        ("--deployment d", "three one"),
        ("--since 2026-01-03", "four three"),
        ("--since 2026-01-03T12:00:00Z", "four three"),
        ("--since 2026-01-03T13:00:00+01:00", "four three"),
        ("--since 2026-01-03T12:00:01", "four"),
        ("--since 1s", ""),
        ("--since 5000w", "four three two one"),
        ("--max-results 2", "four three"),
        ("-r 1 --endpoint e", "two"),
        ("--tag team=red", "two one"),
        ("--tag team=red --tag x=y", ""),
        ("--archived-only", ""),
        ("--include-archived", "four three two one"),
    ],
)
def test_a_list_is_narrowed(some, listed, words, names):
    assert listed("job", "list", *words.split()) == names.split()


def test_an_endpoints_and_a_deployments_jobs(some, listed):
    assert listed("endpoint", "list-jobs", "--name", "e") == ["two", "one"]
    assert listed("endpoint", "list-jobs", "e", "--status", "Failed") == ["two"]
    found = listed("deployment", "list-jobs", "--name", "d", "--endpoint-name", "e")
    assert found == ["one"]
    assert listed("deployment", "list-jobs", "-n", "d", "-e", "f", "--max-results", "1") == [
        "three"
    ]


@pytest.fixture
def conf(tmp_path):
    """A registry with an endpoint that has no jobs, and its deployment."""
    folder = tmp_path / "conf"
    (folder / "endpoint").mkdir(parents=True)
    (folder / "deployment" / "mnist-batch").mkdir(parents=True)
    (folder / "config.yaml").write_text("{}\n")
    (folder / "endpoint" / "mnist-batch.yaml").write_text("{}\n")
    (folder / "deployment" / "mnist-batch" / "torch.yaml").write_text("{}\n")
    return folder


def test_an_endpoint_without_jobs_has_none(conf, some, listed):
    assert listed("endpoint", "list-jobs", "mnist-batch") == []
    assert listed("deployment", "list-jobs", "torch", "-e", "mnist-batch") == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("endpoint list-jobs mnist-bach", "did you mean 'mnist-batch'?"),
        ("deployment list-jobs torhc -e mnist-batch", "did you mean 'torch'?"),
        ("deployment list-jobs torch -e mnist-bach", "did you mean 'mnist-batch'?"),
        ("endpoint list-jobs ../x", "no endpoint named '../x'"),
        ("deployment list-jobs config -e ../..", "no endpoint named '../..'"),
        ("deployment list-jobs ../x -e mnist-batch", "named '../x'"),
    ],
)
def test_a_misspelt_one_is_not_found(conf, some, run, words, said):
    code, out, err = run(*words.split())

    assert (code, out) == (4, "")
    assert said in err


def test_a_deleted_one_still_has_its_jobs(conf, some, listed, run):
    run("job", "archive", "one")
    assert listed("deployment", "list-jobs", "d", "-e", "e") == []
    assert listed("endpoint", "list-jobs", "e") == ["two"]


def test_a_list_has_the_keys_that_show_has(some, run):
    told = json.loads(run("job", "list", "-o", "json")[1])
    shown = json.loads(run("job", "show", "three", "-o", "json")[1])

    assert told[1] == shown
    told = json.loads(run("job", "list", "--include-archived", "-o", "json")[1])
    assert told[1] == {**shown, "archived": False}


def test_an_archived_job_is_left_out_until_it_is_restored(some, listed, run):
    assert run("job", "archive", "--name", "two") == (0, "", "")
    assert run("job", "archive", "two") == (0, "", "")
    assert listed() == ["four", "three", "one"]
    assert listed("job", "list", "--archived-only") == ["two"]
    assert listed("job", "list", "--include-archived") == ["four", "three", "two", "one"]
    assert run("job", "show", "two", "--query", "status", "-o", "tsv")[1] == "Failed\n"

    assert run("job", "restore", "two") == (0, "", "")
    assert run("job", "restore", "-n", "two") == (0, "", "")
    assert listed() == ["four", "three", "two", "one"]


def test_a_table_says_what_is_archived_only_where_that_may_differ(some, run):
    run("job", "archive", "two")
    assert "archived" not in run("job", "list", "-o", "table")[1]
    told = run("job", "list", "--include-archived", "-o", "table")[1]
    assert [line.split()[-1] for line in told.splitlines()[2:]] == [
        "false",
        "false",
        "true",
        "false",
    ]


def test_deleting_asks_for_yes_where_nobody_can_be_asked(some, listed, run):
    code, out, err = run("job", "delete", "one")
    assert (code, out) == (2, "")
    assert "--yes" in err
    assert "one" in listed()

    assert run("job", "delete", "one", "--yes") == (0, "", "")
    assert run("job", "delete", "-y", "-n", "two") == (0, "", "")
    assert listed() == ["four", "three"]


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 130), ("\n", 130)])
def test_on_a_terminal_it_is_asked_for(some, listed, run, monkeypatch, answer, code):
    import io

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    ended, out, err = run("job", "delete", "one")

    assert (ended, out) == (code, "")
    assert "Delete job one" in err
    assert ("one" in listed()) is (code != 0)


def test_a_job_that_runs_is_not_deleted(some, listed, run):
    code, _, err = run("job", "delete", "three", "--yes")

    assert code == 2
    assert "job cancel three" in err
    assert "three" in listed()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("job list --status Runing", 2, "did you mean 'Running'?"),
        ("job list --status nonsense", 2, "'Canceled'"),
        ("job list --since yesterday", 2, "2d"),
        ("job list --since 2026-13-01", 2, "2026-13-01"),
        ("job list --since 9999999999999999w", 2, "9999999999999999w"),
        ("job list --max-results 0", 2, "0"),
        ("job list --max-results many", 2, "many"),
        ("job list --tag team", 2, "key=value"),
        ("job list --include-archived --archived-only", 2, "contradict"),
        ("job archive nobody", 4, "nobody"),
        ("job restore nobody", 4, "nobody"),
        ("job delete fuor --yes", 4, "did you mean four?"),
        ("job delete four --name one --yes", 2, "two names"),
        ("deployment list-jobs --name d", 2, "--endpoint-name"),
        ("endpoint list-jobs", 2, "NAME"),
    ],
)
def test_wrong_usage_is_one_line(some, run, words, code, said):
    ended, out, err = run(*words.split())

    assert (ended, out) == (code, "")
    assert said in err
    assert len(err.splitlines()) == 1


def _job_verbs() -> list[str]:
    context = click.Context(group)
    verbs = {name: group.get_command(context, name) for name in group.list_commands(context)}
    return [
        name
        for name, verb in verbs.items()
        if verb is not None and any("--name" in each.opts for each in verb.params)
    ]


def test_all_verbs_about_one_job_take_its_name_either_way():
    assert {"show", "resume", "archive", "restore", "delete"} <= set(_job_verbs())


@pytest.mark.parametrize("verb", _job_verbs())
@pytest.mark.parametrize("name", ["../victim", "..", ".", "", "/etc", "a/../../victim", "victim/."])
def test_no_name_leads_out_of_the_workspace(some, run, tmp_path, verb, name):
    """Beside the jobs stands what would be a job, if a name could lead there."""
    victim = Path(some.create("one-more").url()).rename(some.workspace / "victim")
    before = sorted(str(each) for each in tmp_path.rglob("*"))
    yes = ["--yes"] if verb == "delete" else []
    code, out, err = run("job", verb, "--name", name, *yes)

    assert (code, out) == (2, "")
    assert "is no name for a job" in err
    assert len(err.splitlines()) == 1
    assert victim.exists()
    assert sorted(str(each) for each in tmp_path.rglob("*")) == before


def test_ages_and_moments_are_read_as_they_are_written():
    read = Since().convert
    assert read("2026-01-31", None, None) == "2026-01-31T00:00:00.000Z"
    assert read("2026-01-31T15:30+02:00", None, None) == "2026-01-31T13:30:00.000Z"
    assert read(" 1d ", None, None) < read("12h", None, None) < read("90m", None, None)
    assert read("1w", None, None) < read("6.5D", None, None)


@pytest.mark.parametrize("status", JobStatus)
def test_each_status_may_be_written_in_any_case(status):
    assert Status().convert(status.upper(), None, None) is status


def test_a_tags_value_is_all_that_follows_the_first_equals_sign():
    assert Tag().convert("a=b=c", None, None) == ("a", "b=c")
    assert Tag().convert("a=", None, None) == ("a", "")
