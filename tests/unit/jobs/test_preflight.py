from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from framework.errors import (
    ConfigurationError,
    FrameworkError,
    InputError,
    ModelError,
    NotFoundError,
    OutputExistsError,
    PluginError,
    ScriptError,
    UsageError,
)
from framework.jobs.starting import prepare
from framework.plugin import load_plugins
from framework.settings import Settings
from framework.settings.deployment import (
    CodeConfiguration,
    Environment,
    Model,
    OutputAction,
    ScorerChoice,
)
from framework.settings.job import Compute, Output


@pytest.fixture(scope="module")
def plugins():
    return load_plugins()


@pytest.fixture
def good(tmp_path) -> Settings:
    """Settings with which a job can be started."""
    for name in ("1.txt", "2.txt", "sub/3.txt"):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "score.py").write_text("def run(mini_batch): return mini_batch")
    (tmp_path / "model.bin").write_text("w")
    return Settings(
        name="job",
        input=(str(tmp_path / "data"),),
        workspace=str(tmp_path / "workspace"),
        code_configuration=CodeConfiguration(
            code=str(tmp_path / "code"), scoring_script="score.py"
        ),
        scorer=ScorerChoice(name="script"),
        model=Model(path=str(tmp_path / "model.bin")),
    )


@pytest.fixture
def check(plugins):
    def check(settings: Settings):
        return prepare(settings, {}, plugins)

    return check


def test_a_good_job_is_planned_and_nothing_is_scored(good, check):
    plan = check(replace(good, mini_batch_size=2)).dry_run()

    assert (plan.files, plan.mini_batches, plan.bytes) == (3, 2, 3)
    assert (plan.smallest, plan.largest) == (1, 2)
    assert plan.first_files == ("1.txt", "2.txt", "sub/3.txt")
    assert plan.output == f"{good.workspace}/outputs/job/predictions.csv"


def test_preparing_writes_no_job_down(good, check):
    check(good)

    assert not (Path(good.workspace) / "jobs" / "job").exists()
    assert not (Path(good.workspace) / "outputs").exists()


def test_a_summary_only_job_has_no_output(good, check):
    prepared = check(replace(good, output_action=OutputAction.SUMMARY_ONLY))

    assert prepared.dry_run().output is None


def bad(good: Settings, tmp_path: Path) -> dict[str, tuple[Settings, type[FrameworkError], str]]:
    """By what is wrong: settings, the kind of error, and the key that it has to name."""
    code = good.code_configuration
    (tmp_path / "code" / "broken.py").write_text("def run(mini_batch)\n    return 1")
    (tmp_path / "code" / "empty.py").write_text("x = 1")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    outputs = tmp_path / "out"
    outputs.mkdir()
    (outputs / "predictions.csv").write_text("there")
    return {
        "no input": (replace(good, input=()), ConfigurationError, "input"),
        "input not there": (replace(good, input=(str(tmp_path / "no"),)), InputError, "input"),
        "empty input": (replace(good, input=(str(tmp_path / "empty"),)), InputError, "input"),
        "all left out": (replace(good, input_include=("*.png",)), InputError, "input"),
        "model not there": (
            replace(good, model=Model(path=str(tmp_path / "no.bin"))),
            ModelError,
            "model.path",
        ),
        "model of a registry": (replace(good, model=Model(name="net")), NotFoundError, "model"),
        "no scorer": (replace(good, scorer=ScorerChoice()), ConfigurationError, "scorer.name"),
        "no such scorer": (replace(good, scorer=ScorerChoice(name="scrpt")), PluginError, "scrpt"),
        "wrong parameter": (
            replace(good, scorer=ScorerChoice(name="script", params={"spped": 3})),
            ConfigurationError,
            "spped",
        ),
        "no script": (
            replace(good, code_configuration=CodeConfiguration(code=code.code)),
            ConfigurationError,
            "code_configuration.scoring_script",
        ),
        "script not there": (
            replace(good, code_configuration=replace(code, scoring_script="scor.py")),
            ScriptError,
            "code_configuration.scoring_script",
        ),
        "code not there": (
            replace(good, code_configuration=replace(code, code=str(tmp_path / "no"))),
            ScriptError,
            "code_configuration.code",
        ),
        "syntax error": (
            replace(good, code_configuration=replace(code, scoring_script="broken.py")),
            ScriptError,
            "broken.py, line 1",
        ),
        "no run": (
            replace(good, code_configuration=replace(code, scoring_script="empty.py")),
            ScriptError,
            "run(mini_batch)",
        ),
        "output there": (
            replace(good, output=Output(path=str(outputs))),
            OutputExistsError,
            "predictions.csv",
        ),
        "output below a file": (
            replace(good, output=Output(path=str(tmp_path / "file" / "x"))),
            UsageError,
            "output.path",
        ),
        "workspace below a file": (
            replace(good, workspace=str(tmp_path / "file" / "x")),
            UsageError,
            str(tmp_path / "file"),
        ),
        "unknown ending": (
            replace(good, output_file_name="predictions.xlsx"),
            ConfigurationError,
            "output_file_name",
        ),
        "unknown format": (
            replace(good, output=Output(format="cvs")),
            ConfigurationError,
            "output.format",
        ),
        "no such compute": (
            replace(good, compute=Compute(name="slrum")),
            PluginError,
            "slrum",
        ),
        "wrong compute parameter": (
            replace(good, compute=Compute(params={"dashbord": True})),
            ConfigurationError,
            "dashbord",
        ),
        "environment to be built": (
            replace(good, environment=Environment(conda_file="conda.yaml")),
            UsageError,
            "environment",
        ),
    }


CASES = [
    "no input",
    "input not there",
    "empty input",
    "all left out",
    "model not there",
    "model of a registry",
    "no scorer",
    "no such scorer",
    "wrong parameter",
    "no script",
    "script not there",
    "code not there",
    "syntax error",
    "no run",
    "output there",
    "output below a file",
    "workspace below a file",
    "unknown ending",
    "unknown format",
    "no such compute",
    "wrong compute parameter",
    "environment to be built",
]


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_told_in_one_line_that_names_the_key(good, check, tmp_path, case):
    settings, kind, key = bad(good, tmp_path)[case]

    with pytest.raises(kind) as raised:
        check(settings)
    message = str(raised.value)
    assert key in message
    assert "\n" not in message
    assert not message.endswith(".")
    assert raised.value.exit_code in {2, 3, 4}


def test_every_case_is_tested(good, tmp_path):
    assert list(bad(good, tmp_path)) == CASES


def test_a_model_is_fingerprinted_with_all_that_is_in_it(good, check, tmp_path):
    folder = tmp_path / "net"
    (folder / "deep").mkdir(parents=True)
    (folder / "a").write_text("1")
    (folder / "deep" / "b").write_text("22")
    settings = replace(good, model=Model(path=str(folder)))
    first = check(settings).model.identity
    again = check(settings).model.identity
    (folder / "deep" / "b").write_text("23")
    changed = check(settings).model.identity
    (folder / "deep" / "b").rename(folder / "deep" / "c")
    renamed = check(settings).model.identity

    assert (first["size"], first["path"]) == (3, str(folder))
    assert first == again
    assert len({each["sha256"] for each in (first, changed, renamed)}) == 3


def test_a_broken_link_in_a_model_is_told(good, check, tmp_path):
    folder = tmp_path / "net"
    folder.mkdir()
    (folder / "weights").symlink_to("nowhere")

    with pytest.raises(ModelError, match="net"):
        check(replace(good, model=Model(path=str(folder))))


def test_the_workspace_is_no_input(good, check, tmp_path):
    """`input=.` in a folder that the workspace lies in."""
    workspace = tmp_path / "data" / ".framework"
    (workspace / "jobs" / "old").mkdir(parents=True)
    (workspace / "jobs" / "old" / "job.json").write_text("{}")
    plan = check(replace(good, workspace=str(workspace))).dry_run()

    assert plan.files == 3


def test_a_name_that_is_taken_is_refused(good, check):
    record = Path(good.workspace) / "jobs" / "job"
    record.mkdir(parents=True)
    (record / "job.json").write_text("{}")

    with pytest.raises(UsageError, match="job"):
        check(good)


def test_fresh_names_differ(good, check):
    names = {check(replace(good, name=None)).plan.record.name for _ in range(5)}

    assert len(names) == 5
    assert all(os.path.basename(name) == name for name in names)
