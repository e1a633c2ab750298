"""Jobs whose input, output, environment and compute are references of Azure ML's."""

from __future__ import annotations

import json

import pytest

SECRET = "not-to-be-kept"

SCRIPT = """
    from notes import note_files
    def run(mini_batch):
        note_files(mini_batch)
        if any("bad" in name for name in mini_batch):
            raise SystemExit("stop")
        return [1] * len(mini_batch)
"""

DEPLOYMENT = """
$schema: https://azuremlschemas.azureedge.net/latest/modelBatchDeployment.schema.json
name: plain
endpoint_name: digits
type: model
code_configuration: {code: ../../../code, scoring_script: score.py}
compute: azureml:cpu-cluster
resources: {instance_count: 3, instance_type: Standard_DS3_v2}
settings:
  mini_batch_size: 1
  output_action: AppendRow
  retry_settings: {max_retries: 1, timeout: PT1M}
  logging_level: Info
"""


@pytest.fixture
def registry(bench):
    """A workspace with an endpoint, a data asset and two datastores."""

    def write(path: str, text: str) -> None:
        file = bench.root / "conf" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    bench.script(SCRIPT)
    bench.files("images/a.txt", "images/b.txt")
    write("config.yaml", f"workspace: {bench.workspace}\n")
    write("endpoint/digits.yaml", "auth_mode: aad_token\ndefaults: {deployment_name: plain}\n")
    write("deployment/digits/plain.yaml", DEPLOYMENT)
    write("compute/cpu-cluster.yaml", "type: amlcompute\nsize: S\nmax_instances: 1\n")
    write("datastore/lake.yaml", "type: local\npath: ../../data\n")
    write("data/images.yaml", "type: uri_folder\npath: azureml://datastores/lake/paths/images\n")
    secret = f"url: memory://x\noptions: {{account_key: {SECRET}}}\n"
    write("datastore/secret.yaml", secret)
    return write


def invoke(bench, *words: str, name: str = "job"):
    return bench.run("invoke", "endpoint=digits", *words, "--name", name, "-o", "json").end()


def test_a_job_reads_a_data_asset_and_writes_to_a_datastore(bench, registry):
    output = "output.path=azureml://datastores/lake/paths/out"
    done = invoke(bench, "input=azureml:images@latest", output).check(0)
    assert done.counts["succeeded"] == 2
    assert done.output == bench.data / "out" / "predictions.csv"
    assert done.summary["input"] == str(bench.data / "images")
    assert "resources.instance_count: 3 is more than compute.max_instances" in done.err
    assert "size is accepted, but has no effect here" in done.err


def test_a_job_goes_on_with_what_its_reference_led_to(bench, registry):
    bench.files("images/bad.txt", "other/c.txt")
    invoke(bench, "input=azureml:images", "error_threshold=0").check(1)
    registry("data/images.yaml", "version: 2\npath: ../../data/other\n")
    words = ["job", "resume", "job", "-o", "json", "error_threshold=-1"]
    resumed = bench.run(*words).end().check(0)
    assert resumed.summary["input"] == str(bench.data / "images")
    assert "c.txt" not in bench.noted


@pytest.mark.parametrize(
    ("override", "code", "said"),
    [
        ("input=azureml:image", 4, "did you mean 'images'?"),
        ("input=azureml://datastores/lake/paths/../code", 2, "stays in its datastore"),
        ("input=azureml://datastores/lake/paths/images/a.txt", 2, "input_type is uri_folder"),
        ("environment=azureml:AzureML-sklearn@latest", 4, "environment=current"),
    ],
)
def test_a_reference_that_leads_nowhere_ends_the_command(bench, registry, override, code, said):
    more = ["input_type=uri_folder"] if "a.txt" in override else []
    given = [override] if override.startswith("input") else ["input=data/images", override]
    ended = invoke(bench, *given, *more).check(code)
    assert said in ended.err
    assert not bench.record().exists()


def test_a_plain_secret_of_a_datastore_is_warned_of_and_kept_nowhere(bench, registry):
    ended = bench.run(
        "config", "show", "endpoint=digits", "input=azureml://datastores/secret/paths/x", "-ojson"
    ).end()
    ended.check(0)
    shown = json.loads(ended.out)
    assert shown["storage_options"] == {"memory://x": {"account_key": "***"}}
    assert "options.account_key looks like a secret (conf/datastore/secret.yaml)" in ended.err
    assert SECRET not in ended.out + ended.err
