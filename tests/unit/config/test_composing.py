from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from framework.config import Composition, compose, overrides_of, restore
from framework.errors import ConfigurationError, NotFoundError
from framework.settings import LoggingLevel, OutputAction, Settings

AD_HOC = ("scorer.name=line-count", "input=data")


def problems_of(*overrides: Any, **options: Any) -> dict[str, str]:
    with pytest.raises(ConfigurationError) as caught:
        compose(overrides, **options)
    return {problem.key: str(problem) for problem in caught.value.problems}


def test_overrides_alone_are_enough(here: Path) -> None:
    made = compose(
        [
            "+code_configuration.code=.",
            "+code_configuration.scoring_script=score.py",
            "+model.path=model.pt",
            "+input=data/",
        ]
    )
    assert made.conf is None
    assert made.settings.scorer.name == "script"
    assert made.settings.code_configuration.code == str(here)
    assert made.settings.code_configuration.scoring_script == "score.py"
    assert made.settings.model.path == str(here / "model.pt")
    assert made.settings.input == (str(here / "data"),)
    assert made.settings.workspace == str(here / ".framework")


def test_later_layers_win(workspace: Path, write: Any) -> None:
    write(
        "conf/endpoint/digits.yaml",
        "defaults: {deployment_name: torch}\n"
        "settings: {mini_batch_size: 6, error_threshold: 4, retry_settings: {timeout: 1}}\n",
    )
    made = compose(["endpoint=digits", "input=x", "error_threshold=9"])
    assert made.settings.mini_batch_size == 6
    assert made.settings.retry_settings.timeout == 7
    assert made.settings.error_threshold == 9
    assert made.origins["mini_batch_size"] == "conf/endpoint/digits.yaml"
    assert made.origins["retry_settings.timeout"] == "conf/deployment/digits/torch.yaml"
    assert made.origins["error_threshold"] == "override"
    assert made.origins["keep_alive"] == "default"


def test_without_a_deployment_the_endpoints_default_is_used(workspace: Path) -> None:
    made = compose(["+endpoint=digits", "+input=x"])
    assert (made.settings.endpoint, made.settings.deployment) == ("digits", "torch")
    assert made.origins["deployment"] == "conf/endpoint/digits.yaml"


def test_a_named_deployment_is_used(workspace: Path) -> None:
    made = compose(["endpoint=digits", "deployment=keras", "input=x"])
    assert made.settings.scorer.name == "keras"


def test_a_deployments_identity_stays_out_of_the_job_and_its_tags_merge(workspace: Path) -> None:
    made = compose(["endpoint=digits", "input=x", "+tags.run=night"])
    assert made.settings.name is None
    assert made.settings.tags == {"team": "vision", "run": "night"}
    assert "description" not in made.document


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["endpoint=digit"], "did you mean 'digits'"),
        (["endpoint=zzz"], "there is 'digits'"),
        (["endpoint=../digits"], "did you mean 'digits'"),
        (["endpoint=digits", "deployment=kears"], "did you mean 'keras'"),
        (["deployment=torch", "endpoint=Digits"], "did you mean 'digits'"),
    ],
)
def test_a_name_that_is_not_there_is_not_found(
    workspace: Path, overrides: list[str], said: str
) -> None:
    with pytest.raises(NotFoundError, match=said):
        compose(overrides)


def test_without_conf_a_name_that_is_not_there_says_so() -> None:
    with pytest.raises(NotFoundError, match="no conf/ here"):
        compose(["endpoint=digits"])


def test_an_endpoint_without_default_names_its_deployments(workspace: Path, write: Any) -> None:
    write("conf/endpoint/digits.yaml", "name: digits\n")
    said = problems_of("endpoint=digits", "input=x")["deployment"]
    assert "'keras', 'torch'" in said


def test_a_deployment_alone_says_which_endpoint_has_it(workspace: Path) -> None:
    assert "endpoint=digits" in problems_of("deployment=keras", "input=x")["deployment"]


def test_a_default_deployment_that_is_not_there_names_the_endpoints_file(
    workspace: Path, write: Any
) -> None:
    write("conf/endpoint/digits.yaml", "defaults: {deployment_name: toch}\n")
    with pytest.raises(NotFoundError, match=r"conf/endpoint/digits\.yaml.*did you mean 'torch'"):
        compose(["endpoint=digits", "input=x"])


def test_everything_wrong_is_said_at_once(workspace: Path, write: Any) -> None:
    write("conf/deployment/digits/keras.yaml", "scorer: keras\n\nmini_batch_sise: 3\n")
    said = problems_of(
        "endpoint=digits",
        "deployment=keras",
        "mini_batch_size=ten",
        "resources.instance_count=0",
        "retry_settings=5",
        "timeout=3",
        "name=a/b",
        "output_file_name=a/b.csv",
        "logging_level=inof",
    )
    assert "did you mean 'mini_batch_size'" in said["mini_batch_sise"]
    assert "conf/deployment/digits/keras.yaml:3" in said["mini_batch_sise"]
    assert "must be a whole number, is 'ten' (override)" in said["mini_batch_size"]
    assert "at least 1, is 0" in said["resources.instance_count"]
    assert "retry_settings.timeout" in said["retry_settings"]
    assert "did you mean 'retry_settings.timeout'" in said["timeout"]
    assert "did you mean 'info'" in said["logging_level"]
    assert "output.path" in said["output_file_name"]
    assert {"name", "input"} <= said.keys()


@pytest.mark.parametrize(
    ("override", "meant"),
    [
        ("imput=x", "input"),
        ("mini-batch-size=3", "mini_batch_size"),
        ("instance_count=3", "resources.instance_count"),
        ("retry.timeout=3", "retry_settings.timeout"),
        ("settings.mini_batch_size=3", "mini_batch_size"),
        ("scoring_script=x", "code_configuration.scoring_script"),
        ("model.pth=x", "model.path"),
        ("endpoint_name=x", "endpoint"),
        ("deployment_name=x", "deployment"),
        ("enviroment.image=x", "environment.image"),
    ],
)
def test_an_unknown_key_names_the_nearest_wherever_it_stands(override: str, meant: str) -> None:
    key = override.partition("=")[0]
    assert f"did you mean {meant!r}?" in problems_of(override, *AD_HOC)[key]


def test_an_unknown_key_that_resembles_none_is_refused() -> None:
    assert "unknown key" in problems_of("qqqq.xxxx=1", *AD_HOC)["qqqq.xxxx"]


@pytest.mark.parametrize(
    "override",
    [
        "mini_batch_size=0",
        "max_concurrency_per_instance=0",
        "resources.instance_count=-1",
        "retry_settings.max_retries=-1",
        "retry_settings.timeout=0",
        "retry_settings.init_timeout=-1",
        "retry_settings.timeout=nan",
        "retry_settings.timeout=inf",
        "error_threshold=-2",
        "keep_alive=-1",
        "mini_batch_bytes=0",
        "mini_batch_bytes=4 GiBs",
        "mini_batch_size=1.5",
        "mini_batch_size=",
        "mini_batch_size=true",
        "output.header=perhaps",
        "output.style=azure",
        "model.type=triton_model",
        "output_action=append",
        "input_type=folder",
        "name=../x",
        "name=a b",
        "name=.hidden",
        "name=..",
        "name=" + "x" * 256,
        "name=",
        "output_file_name=",
        "output_file_name=..",
        "output_file_name=a/b",
        "output_file_name=" + "x" * 256,
    ],
)
def test_a_value_that_does_not_fit_its_key_is_refused(override: str) -> None:
    key = override.partition("=")[0].lstrip("+")
    assert "(override)" in problems_of(override, *AD_HOC)[key]


def test_azures_zero_retries_means_one_try() -> None:
    made = compose([*AD_HOC, "retry_settings.max_retries=0"])
    assert made.settings.retry_settings.max_retries == 1
    assert any("max_retries" in notice for notice in made.notices)


@pytest.mark.parametrize(
    ("bounds", "asked", "instances", "notice"),
    [
        (["compute.min_instances=3"], [], 3, None),
        (["compute.min_instances=3"], ["4"], 4, None),
        (
            ["compute.min_instances=3"],
            ["2"],
            3,
            "resources.instance_count: 2 is less than compute.min_instances, so the job has 3",
        ),
        (["compute.min_instances=2", "compute.max_instances=2"], [], 2, None),
        (
            ["compute.min_instances=1", "compute.max_instances=2"],
            ["3"],
            2,
            "resources.instance_count: 3 is more than compute.max_instances, so the job has 2",
        ),
    ],
)
def test_a_job_stays_within_its_computes_bounds(
    bounds: list[str], asked: list[str], instances: int, notice: str | None
) -> None:
    counts = [f"resources.instance_count={count}" for count in asked]
    composed = compose(["scorer.name=x", "input=data", *bounds, *counts])
    assert composed.settings.resources.instance_count == instances
    assert [each for each in composed.notices if "instance" in each] == [notice] * bool(notice)


def test_least_instances_are_at_most_the_most() -> None:
    problems = problems_of("compute.min_instances=3", "compute.max_instances=2")
    assert "at most compute.max_instances, 2, is 3" in problems["compute.min_instances"]


def test_words_of_closed_sets_may_have_any_case() -> None:
    made = compose([*AD_HOC, "output_action=Summary_Only", "logging_level=DEBUG"])
    assert made.settings.output_action is OutputAction.SUMMARY_ONLY
    assert made.settings.logging_level is LoggingLevel.DEBUG
    assert made.document["logging_level"] == "debug"


def test_missing_input_and_scorer_are_said_only_where_a_job_is_to_run() -> None:
    assert {"input", "scorer"} == problems_of().keys()
    assert compose([], is_complete=False).settings.input == ()


def test_an_mlflow_model_infers_its_scorer() -> None:
    assert compose(["model.path=m", "model.type=mlflow_model", "input=x"]).settings.scorer.name == (
        "mlflow"
    )


def test_a_script_wins_over_the_model_and_a_named_scorer_over_both() -> None:
    script = ["model.type=mlflow_model", "code_configuration.scoring_script=s.py", "input=x"]
    assert compose(script).settings.scorer.name == "script"
    assert compose([*script, "scorer=mine"]).settings.scorer.name == "mine"


def test_a_script_without_code_has_its_own_folder_as_code(here: Path) -> None:
    made = compose(["code_configuration.scoring_script=sub/score.py", "input=x"])
    assert made.settings.code_configuration.code == str(here / "sub")
    assert made.settings.code_configuration.scoring_script == "score.py"


def test_a_script_below_code_stays_relative_to_it(here: Path) -> None:
    made = compose(
        ["code_configuration.code=src", "code_configuration.scoring_script=a/s.py", "input=x"]
    )
    assert made.settings.code_configuration.code == str(here / "src")
    assert made.settings.code_configuration.scoring_script == "a/s.py"


def test_the_last_of_two_overrides_wins() -> None:
    assert (
        compose([*AD_HOC, "mini_batch_size=3", "mini_batch_size=4"]).settings.mini_batch_size == 4
    )
    assert compose([*AD_HOC, "+tags.a=1", "+tags.a=2"]).settings.tags == {"a": "2"}


def test_a_registered_model_is_kept_as_a_reference_until_a_path_replaces_it(
    workspace: Path, write: Any
) -> None:
    write("conf/deployment/digits/keras.yaml", "scorer: keras\nmodel: azureml:digits:3\n")
    base = ["endpoint=digits", "deployment=keras", "input=x"]
    assert compose(base).settings.model.name == "azureml:digits:3"
    replaced = compose([*base, "model.path=/m.pt"]).settings.model
    assert (replaced.name, replaced.path) == (None, "/m.pt")


def test_another_model_by_name_forgets_all_of_the_old_one(workspace: Path, write: Any) -> None:
    write(
        "conf/deployment/digits/keras.yaml",
        "scorer: keras\nmodel: {name: m, path: m, version: 3, type: mlflow_model}\n",
    )
    made = compose(["endpoint=digits", "deployment=keras", "input=x", "model=/other"])
    model = made.settings.model
    assert (model.name, model.path, model.version, model.type) == (
        None,
        "/other",
        None,
        "custom_model",
    )


def test_a_chosen_compute_fills_what_overrides_do_not_say(workspace: Path, write: Any) -> None:
    write("conf/compute/grid.yaml", "type: dask\naddress: tcp://a:1\nwait_timeout: 9\n")
    base = ["endpoint=digits", "input=x", "compute=azureml:grid"]
    made = compose(base)
    assert made.settings.compute.name == "grid"
    assert made.settings.compute.type == "dask"
    assert made.settings.compute.params == {"address": "tcp://a:1"}
    changed = compose([*base, "compute.address=tcp://b:2", "compute.wait_timeout=3"])
    assert changed.settings.compute.params == {"address": "tcp://b:2"}
    assert changed.settings.compute.wait_timeout == 3
    assert changed.origins["compute.params.address"] == "override"
    assert changed.origins["compute.type"] == "conf/compute/grid.yaml"


def test_a_job_that_is_resumed_on_another_compute_has_nothing_of_the_first(
    workspace: Path, write: Any
) -> None:
    write("conf/compute/grid.yaml", "type: dask\naddress: tcp://a:1\nwait_timeout: 9\n")
    write("conf/compute/farm.yaml", "type: slurm\nqueue: long\n")
    made = compose(["endpoint=digits", "input=x", "compute=grid", "compute.wait_timeout=3"])
    conf = workspace / "conf/config.yaml"
    same = restore(made.document, ["compute=grid"], conf=conf).settings.compute
    assert same == made.settings.compute
    farm = restore(made.document, ["compute=farm", "compute.cores=2"], conf=conf).settings.compute
    assert (farm.type, farm.params) == ("slurm", {"queue": "long", "cores": 2})
    assert farm.wait_timeout == Settings().compute.wait_timeout
    home = restore(made.document, ["compute=local"], conf=conf).settings.compute
    assert home == Settings().compute
    with pytest.raises(NotFoundError, match="did you mean"):
        restore(made.document, ["compute=gird"], conf=conf)


def test_a_deployments_words_on_its_compute_stay_unless_another_is_chosen(
    workspace: Path, write: Any
) -> None:
    write("conf/compute/grid.yaml", "type: dask\nwait_timeout: 9\n")
    write(
        "conf/deployment/digits/keras.yaml",
        "scorer: keras\ncompute: {name: grid, wait_timeout: 8, address: a}\n",
    )
    base = ["endpoint=digits", "deployment=keras", "input=x"]
    assert compose(base).settings.compute.wait_timeout == 8
    assert compose([*base, "compute=grid"]).settings.compute.params == {"address": "a"}
    other = compose([*base, "compute=local"]).settings.compute
    assert (other.name, other.params, other.wait_timeout) == (
        "local",
        {},
        Settings().compute.wait_timeout,
    )


def test_the_default_compute_is_for_deployments_that_name_none(workspace: Path, write: Any) -> None:
    write("conf/config.yaml", "default_compute: azureml:grid\n")
    write("conf/compute/grid.yaml", "type: dask\n")
    base = ["endpoint=digits", "input=x"]
    assert compose(base).settings.compute.name == "grid"
    assert compose([*base, "compute=local"]).settings.compute.type is None
    write("conf/deployment/digits/torch.yaml", "scorer: a\ncompute: local\n")
    assert compose(base).settings.compute.name == "local"
    assert compose([*base, "~compute"]).settings.compute.name == "grid"


def test_an_unknown_compute_is_not_found_and_a_registered_one_needs_no_file(
    workspace: Path, write: Any
) -> None:
    write("conf/compute/grid.yaml", "type: dask\n")
    base = ["endpoint=digits", "input=x"]
    with pytest.raises(NotFoundError, match="did you mean 'grid'"):
        compose([*base, "compute=gird"], computes=["local", "slurm"])
    made = compose([*base, "compute=slurm"], computes=["local", "slurm"])
    assert made.settings.compute.name == "slurm"


def test_a_broken_file_of_another_endpoint_harms_nobody(workspace: Path, write: Any) -> None:
    write("conf/endpoint/other.yaml", "{")
    assert compose(["endpoint=digits", "input=x"]).settings.endpoint == "digits"


def test_an_absent_environment_variable_names_key_and_file(workspace: Path, write: Any) -> None:
    write("conf/deployment/digits/keras.yaml", "scorer: keras\nmodel:\n  path: ${oc.env:NO_SUCH}\n")
    said = problems_of("endpoint=digits", "deployment=keras", "input=x")["model.path"]
    assert "'NO_SUCH' is not set" in said
    assert "conf/deployment/digits/keras.yaml:3" in said


def test_a_secret_is_in_the_settings_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "geheim-7")
    made = compose([*AD_HOC, "+environment_variables.KEY=${oc.env:TOKEN}"])
    assert made.settings.environment_variables == {"KEY": "geheim-7"}
    assert made.document["environment_variables"] == {"KEY": "${oc.env:TOKEN}"}
    assert "geheim" not in json.dumps(made.document) + repr(made) + made.to_yaml(origin=True)
    monkeypatch.setenv("TOKEN", "geheim-8")
    assert restore(made.document).settings.environment_variables == {"KEY": "geheim-8"}


def test_a_secret_of_the_wrong_type_is_not_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "geheim")
    said = problems_of(*AD_HOC, "mini_batch_size=${oc.env:TOKEN}")["mini_batch_size"]
    assert "${oc.env:TOKEN}" in said
    assert "geheim" not in said


def test_a_plain_secret_is_pointed_out() -> None:
    made = compose([*AD_HOC, "+environment_variables.API_TOKEN=geheim"])
    assert any("API_TOKEN" in notice for notice in made.notices)
    assert not any("geheim" in notice for notice in made.notices)


def test_a_signature_is_used_but_not_stored() -> None:
    signed = "https://a.blob.core.windows.net/c/x?sv=1&sig=geheim"
    made = compose(["scorer=a", f"input={signed}"])
    assert made.settings.input == (signed,)
    assert made.document["input"] == ["https://a.blob.core.windows.net/c/x"]
    again = restore(made.document, [f"input={signed}"]).settings
    assert again.input == (signed,)


def test_problems_do_not_repeat_a_signature() -> None:
    said = problems_of(*AD_HOC, "mini_batch_size=https://h/x?sig=geheim")
    assert "geheim" not in str(said)


def test_keyword_arguments_are_taken_as_they_are(here: Path) -> None:
    made = compose(
        overrides_of(
            {
                "scorer": {"name": "a", "params": {"n": 3, "text": "007", "deep": {"x": None}}},
                "input": [Path("a b"), "[c]"],
                "mini_batch_size": 20,
                "retry_settings.timeout": 1.5,
                "tags": {"a.b": "x=y"},
                "environment_variables": {"A": 1, "B": True},
                "compute": {"name": "local", "threads": 2},
                "output.header": False,
                "model": None,
            }
        )
    )
    made_of = made.settings
    assert made_of.scorer.params == {"n": 3, "text": "007", "deep": {"x": None}}
    assert made_of.input == (str(here / "a b"), str(here / "[c]"))
    assert made_of.mini_batch_size == 20
    assert made_of.retry_settings.timeout == 1.5
    assert made_of.tags == {"a.b": "x=y"}
    assert made_of.environment_variables == {"A": "1", "B": "true"}
    assert made_of.compute.params == {"threads": 2}
    assert made_of.output.header is False
    assert restore(json.loads(json.dumps(made.document))).settings == made_of


def test_a_text_from_python_is_one_item_and_no_list() -> None:
    made = compose([("input", "/[a, b]"), ("scorer", "x"), ("scorer.params.p", "[1]")])
    assert made.settings.input == ("/[a, b]",)
    assert made.settings.scorer.params == {"p": "[1]"}


def test_something_that_no_configuration_can_hold_is_refused() -> None:
    assert "object" in problems_of(*AD_HOC, ("scorer.params.x", object()))["scorer.params.x"]
    assert "no key 'a'" in problems_of(*AD_HOC, ("mini_batch_size", {"a": 1}))["mini_batch_size"]


def test_a_restored_document_is_validated_like_anything_else() -> None:
    document = compose([*AD_HOC]).document
    with pytest.raises(ConfigurationError, match="mini_batch_size: must be at least 1"):
        restore({**document, "mini_batch_size": 0})
    with pytest.raises(ConfigurationError, match="unknown key"):
        restore({**document, "mini_batch_sise": 0})


def restored(made: Composition) -> Settings:
    return restore(json.loads(json.dumps(made.document))).settings


NO_REFERENCE = st.text(st.characters(exclude_characters="\0"), max_size=40).filter(
    lambda text: "oc.env" not in text and not set("=@") & set(text)
)


@given(text=NO_REFERENCE)
@example("${mini_batch_size}")
@example("???")
@example("${")
@example("\\${x}")
@example("yes")
@example("007")
@example("1_000")
@example(" a: b #c ")
@example("{a,b}")
@example("[x].txt")
@example("")
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
def test_any_text_arrives_unchanged_and_survives_the_record(text: str) -> None:
    made = compose([*AD_HOC, f"+tags.x={text}", f"+environment_variables.é=a={text}"])
    assert made.settings.tags == {"x": text}
    assert made.settings.environment_variables == {"é": f"a={text}"}
    assert restored(made) == made.settings


@given(text=NO_REFERENCE.filter(lambda text: not (text.startswith("[") and text.endswith("]"))))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
def test_any_absolute_input_arrives_unchanged(text: str) -> None:
    made = compose(["scorer=a", f"input=/{text}"])
    assert made.settings.input == (f"/{text}",)
    assert restored(made) == made.settings


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | NO_REFERENCE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NO_REFERENCE, inner, max_size=3),
    max_leaves=8,
)


@given(params=st.dictionaries(NO_REFERENCE, JSON, max_size=4))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
def test_any_params_from_python_arrive_unchanged(params: dict[str, Any]) -> None:
    made = compose(overrides_of({"scorer": {"name": "a", "params": params}, "input": "/x"}))
    assert made.settings.scorer.params == params
    assert restored(made) == made.settings


def test_where_nothing_is_to_run_an_absent_variable_is_only_told() -> None:
    made = compose(
        [*AD_HOC, "index_url=${oc.env:NO_SUCH}", "mini_batch_size=${oc.env:NO_SUCH}"],
        is_complete=False,
    )
    assert made.document["index_url"] == "${oc.env:NO_SUCH}"
    assert made.document["mini_batch_size"] == "${oc.env:NO_SUCH}"
    assert sum("NO_SUCH" in notice for notice in made.notices) == 2


@pytest.mark.parametrize("key", ["input", "model.path", "workspace", "output.path"])
def test_a_path_is_not_empty(key: str) -> None:
    assert "must not be empty" in problems_of(*AD_HOC, f"{key}=")[key]


def test_the_document_has_every_key() -> None:
    document = compose(AD_HOC).document
    assert list(document) == list(Settings.__dataclass_fields__)
    assert document["compute"]["params"] == document["tags"] == {}


def test_a_broken_reference_to_a_folder_that_is_closed_is_one_line(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(self: Path) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", closed)
    assert problems_of("endpoint=digits") == {
        "": "can't be read: permission denied (conf/endpoint)"
    }


def test_an_interpolation_costs_omegaconf_only_where_there_is_one(here: Path) -> None:
    code = (
        "import sys; from framework.config import compose;"
        "compose(['scorer=a', 'input=x']); print(sorted({'omegaconf', 'dask', 'pandas', 'pluggy'}"
        " & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("key", ["input", "name", "+tags.x", "+scorer.params.x", "workspace"])
def test_a_nul_character_is_refused_everywhere(key: str) -> None:
    assert "NUL" in problems_of(*AD_HOC, f"{key}=a\0b")[key.lstrip("+")]


def test_a_key_below_one_that_has_none_is_refused() -> None:
    assert "no key 'x'" in problems_of(*AD_HOC, "mini_batch_size.x=4")["mini_batch_size"]
    assert "no key 'paths'" in problems_of(*AD_HOC, "input.paths=4")["input"]
