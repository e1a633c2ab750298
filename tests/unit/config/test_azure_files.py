"""Files with every key that the public schemas of Azure ML's command line (v2) have."""

from __future__ import annotations

from typing import Any

import pytest

from framework.config.checking import Findings, check_file
from framework.config.yaml_files import parse_mapping

ENDPOINT = """
$schema: https://azuremlschemas.azureedge.net/latest/batchEndpoint.schema.json
id: /subscriptions/1
name: digits
description: Reads digits.
tags: {type: vision}
properties: {a: b}
auth_mode: AADToken
provisioning_state: Succeeded
scoring_uri: https://host/jobs
openapi_uri: https://host/swagger.json
location: westeurope
identity: {type: system_assigned, principal_id: x, tenant_id: y, user_assigned_identities: []}
defaults: {deployment_name: torch}
"""

MODEL = """
  name: mnist
  id: azureml:mnist:1
  version: 1
  path: model
  type: custom_model
  description: A model.
  tags: {a: b}
  properties: {c: d}
  stage: Production
  flavors: {python_function: {loader_module: mlflow.sklearn}}
  utc_time_created: 2024-01-01T00:00:00
  creation_context: {created_by: me}
  job_name: train
  latest_version: 1
  datastore: azureml:lake
  intellectual_property: {protection_level: all}
  system_metadata: {a: b}
  default_deployment_template: {asset_id: x}
  allowed_deployment_templates: [{asset_id: x}]
"""

ENVIRONMENT = """
name: torch
id: azureml:torch:1
version: 3
description: Torch.
tags: {a: b}
image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04:latest
conda_file: environment/conda.yaml
build: {path: context, dockerfile_path: Dockerfile}
os_type: linux
inference_config:
  liveness_route: {port: 80, path: /}
  readiness_route: {port: 80, path: /}
  scoring_route: {port: 80, path: /score}
datastore: azureml:lake
creation_context: {created_by: me}
latest_version: 3
auto_delete_setting: {condition: created_greater_than, value: 30d}
intellectual_property: {protection_level: all}
"""

SETTINGS = """
mini_batch_size: 10
max_concurrency_per_instance: 2
error_threshold: -1
logging_level: Info
output_action: AppendRow
output_file_name: predictions.csv
retry_settings: {max_retries: 3, timeout: PT30S}
environment_variables: {A: 1}
"""


def indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.strip().splitlines())


HEAD = f"""
$schema: https://azuremlschemas.azureedge.net/latest/modelBatchDeployment.schema.json
name: torch
id: /subscriptions/1
endpoint_name: digits
description: A deployment.
tags: {{a: b}}
properties: {{c: d}}
provisioning_state: Succeeded
model:{MODEL}
code_configuration: {{code: code, scoring_script: score.py}}
environment:
{indented(ENVIRONMENT)}
compute: azureml:cpu-cluster
job_definition: {{type: pipeline}}
"""

RESOURCES = """
resources:
  instance_count: 2
  instance_type: Standard_DS3_v2
  max_instance_count: 4
  properties: {a: b}
  shm_size: 2g
  docker_args: --gpus all
  locations: [westeurope]
"""

FLAT = f"{HEAD}{RESOURCES}{SETTINGS}"
BY_TYPE = f"{HEAD}type: model\nsettings:\n{indented(SETTINGS)}  instance_count: 2\n"

CLUSTER = """
$schema: https://azuremlschemas.azureedge.net/latest/amlCompute.schema.json
name: cpu-cluster
id: /subscriptions/1
type: AmlCompute
description: A cluster.
tags: {a: b}
location: westeurope
size: Standard_DS3_v2
tier: low_priority
min_instances: 0
max_instances: 2
idle_time_before_scale_down: 120
ssh_public_access_enabled: true
ssh_settings: {admin_username: me, admin_password: secret, ssh_key_value: key}
network_settings: {vnet_name: v, subnet: s, public_ip_address: x, private_ip_address: y}
identity:
  type: user_assigned
  principal_id: x
  tenant_id: y
  user_assigned_identities: [{resource_id: x}]
enable_node_public_ip: false
provisioning_errors: none
provisioning_state: Succeeded
created_on: 2024-01-01
resource_id: x
"""

BLOB = """
$schema: https://azuremlschemas.azureedge.net/latest/azureBlob.schema.json
name: lake
id: x
type: azure_blob
description: A container.
tags: {a: b}
account_name: account
container_name: images
endpoint: core.windows.net
protocol: https
credentials: {account_key: "${oc.env:KEY}"}
"""

GEN2 = """
name: lake
type: azure_data_lake_gen2
description: A file system.
tags: {a: b}
account_name: account
filesystem: images
endpoint: core.windows.net
protocol: https
credentials:
  tenant_id: t
  client_id: c
  client_secret: ${oc.env:SECRET}
  authority_url: https://login.microsoftonline.com
  resource_url: https://storage.azure.com
"""

DATA = """
$schema: https://azuremlschemas.azureedge.net/latest/data.schema.json
name: images
id: x
version: 1
description: Images.
tags: {a: b}
properties: {c: d}
type: uri_folder
path: azureml://datastores/lake/paths/images
datastore: azureml:lake
creation_context: {created_by: me}
latest_version: 1
auto_delete_setting: {condition: created_greater_than, value: 30d}
"""

FILES: dict[str, tuple[str, str, str]] = {
    "endpoint": ("endpoint", "digits", ENDPOINT),
    "flat deployment": ("deployment", "torch", FLAT),
    "deployment by type": ("deployment", "torch", BY_TYPE),
    "environment": ("environment", "torch", ENVIRONMENT),
    "amlcompute": ("compute", "cpu-cluster", CLUSTER),
    "azure_blob": ("datastore", "lake", BLOB),
    "azure_data_lake_gen2": ("datastore", "lake", GEN2),
    "data": ("data", "images", DATA),
}
WITHOUT_EFFECT = {
    "endpoint": ("auth_mode", "location", "identity", "scoring_uri", "provisioning_state"),
    "flat deployment": (
        "model.stage",
        "model.flavors",
        "model.datastore",
        "environment.build",
        "environment.os_type",
        "environment.inference_config",
        "environment.datastore",
        "resources.instance_type",
        "resources.shm_size",
        "resources.docker_args",
        "resources.locations",
        "resources.properties",
        "resources.max_instance_count",
        "job_definition",
    ),
    "deployment by type": ("model.system_metadata", "provisioning_state"),
    "environment": ("environment.build", "environment.auto_delete_setting"),
    "amlcompute": (
        "size",
        "tier",
        "location",
        "ssh_settings",
        "network_settings",
        "identity",
        "enable_node_public_ip",
    ),
    "azure_blob": (),
    "azure_data_lake_gen2": ("credentials.authority_url", "credentials.resource_url"),
    "data": ("datastore", "auto_delete_setting"),
}


def checked(kind: str, name: str, text: str) -> Findings:
    endpoint = "digits" if kind == "deployment" else None
    return check_file(kind, parse_mapping(text), name=name, endpoint=endpoint)


@pytest.mark.parametrize("file", FILES)
def test_every_key_of_azures_is_accepted(file: str) -> None:
    assert checked(*FILES[file]).problems == ()


@pytest.mark.parametrize("file", FILES)
def test_what_changes_nothing_is_said(file: str) -> None:
    notices = checked(*FILES[file]).notices
    for key in WITHOUT_EFFECT[file]:
        assert any(
            notice.startswith((f"{key} is accepted, but has no effect", f"{key} has no effect"))
            or (notice.startswith(f"{key}: ") and "has no effect" in notice)
            for notice in notices
        ), key
    for key in ("description", "tags", "mini_batch_size"):
        assert not any(notice.startswith(f"{key} ") for notice in notices)


def keys_of(mapping: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every key below which people can't choose the keys."""
    free = {"tags", "properties", "environment_variables", "flavors", "creation_context"}
    free |= {"intellectual_property", "system_metadata", "auto_delete_setting", "job_definition"}
    free |= {"default_deployment_template", "allowed_deployment_templates"}
    if not isinstance(mapping, dict) or (path and path[-1] in free):
        return []
    found = []
    for key, value in mapping.items():
        found += [(*path, key), *keys_of(value, (*path, key))]
    return found


MISSPELT = [
    (file, path)
    for file, (_, _, text) in FILES.items()
    for path in keys_of(parse_mapping(text))
    if path[-1] not in {"$schema", "id"}
]


@pytest.mark.parametrize(("file", "path"), MISSPELT, ids=lambda each: str(each))
def test_a_misspelt_key_is_refused_with_the_right_one(file: str, path: tuple[str, ...]) -> None:
    kind, name, text = FILES[file]
    mapping: Any = parse_mapping(text)
    wrong = f"{path[-1]}x"
    place = mapping
    for part in path[:-1]:
        place = place[part]
    place[wrong] = place.pop(path[-1])
    if path == ("type",) and kind in {"compute", "datastore"}:
        return  # which keys there are depends on it
    endpoint = "digits" if kind == "deployment" else None
    problems = check_file(kind, mapping, name=name, endpoint=endpoint).problems
    said = [each for each in problems if wrong in str(each)]
    assert said, problems
    assert repr(path[-1]) in said[0].message or f"{path[-1]}'" in said[0].message


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("flat deployment", "mini_batch_size: 10", "mini_batch_size: 0", "at least 1"),
        ("flat deployment", "instance_count: 2", "instance_count: 0", "at least 1"),
        ("flat deployment", "per_instance: 2", "per_instance: 0", "at least 1"),
        ("flat deployment", "error_threshold: -1", "error_threshold: -2", "at least -1"),
        ("flat deployment", "max_retries: 3", "max_retries: -1", "at least 0"),
        ("flat deployment", "timeout: PT30S", "timeout: 0", "more than 0"),
        ("flat deployment", "timeout: PT30S", "timeout: PT0S", "more than 0"),
        ("flat deployment", "timeout: PT30S", "timeout: P", "a duration such as PT30S"),
        ("flat deployment", "type: custom_model", "type: triton_model", "must be custom_model"),
        ("deployment by type", "type: model", "type: pipeline", "only model deployments"),
        ("deployment by type", "AppendRow", "Append", "must be append_row or summary_only"),
        ("amlcompute", "max_instances: 2", "max_instances: 0", "at least 1"),
        ("amlcompute", "min_instances: 0", "min_instances: -1", "at least 0"),
        ("amlcompute", "min_instances: 0", "min_instances: 3", "at most compute.max_instances"),
        ("data", "type: uri_folder", "type: mltable", "mltable data can't be read"),
        ("data", "path: azureml://datastores/lake/paths/images", "path:", "is missing"),
        ("data", "azureml://datastores/lake/paths/images", "runs:/1/x", "tracking server"),
        ("environment", "image:", "dependencies: [pip]\nimage:", "a conda file's key"),
        ("azure_blob", "azure_blob", "azure_file", "mount it"),
        ("azure_blob", "azure_blob", "azure_data_lake_gen1", "use gen2"),
        ("azure_blob", "azure_blob", "one_lake", "as url"),
        ("azure_blob", "azure_blob", "azure_blobs", "did you mean 'azure_blob'?"),
        ("azure_blob", "protocol: https", "protocol: http", "must be https"),
        ("azure_blob", "container_name: images", "container_name: a/b", "must be a name"),
        ("azure_data_lake_gen2", "client_id: c", "thumbprint: c", "give client_secret"),
        ("endpoint", "AADToken", "aml_token", "must be key or aad_token"),
        ("endpoint", "name: digits", "name: other", "the file is called 'digits'"),
    ],
)
def test_what_can_not_be_honoured_is_refused(file: str, old: str, new: str, said: str) -> None:
    kind, name, text = FILES[file]
    assert old in text
    problems = checked(kind, name, text.replace(old, new)).problems
    assert any(said in str(problem) for problem in problems), problems


def test_a_pipeline_is_refused_in_one_line() -> None:
    text = "type: pipeline\ncomponent: azureml:hello@latest\nsettings: {default_compute: cpu}\n"
    (problem,) = checked("deployment", "torch", text).problems
    assert str(problem).startswith("type: must be model, is 'pipeline'")


def test_a_count_of_instances_is_not_taken_from_two_places() -> None:
    text = "settings: {instance_count: 2}\nresources: {instance_count: 3}\n"
    (problem,) = checked("deployment", "torch", text).problems
    assert problem.key == "settings.instance_count"
    assert "also as resources.instance_count" in problem.message
