"""Keys of Azure ML's YAML files that change nothing here: accepted, checked, and said to be so.

After the schemas of Azure ML's command line (`az ml`, v2). Keys that are honoured are not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_Below = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """A key that nothing here reads.

    Attributes:
        instead: What happens, or what to write, instead.
        below: The keys that it may have, each with those below it; `None` for any.
        is_told: Whether somebody who writes it expects something that doesn't happen.
    """

    instead: str = ""
    below: _Below | None = None
    is_told: bool = True


_FOR_PEOPLE = Foreign(is_told=False)
_READ_ONLY = Foreign(instead="Azure ML writes it by itself")
_ROUTE = {"port": None, "path": None}
_IDENTITY = {
    "type": None,
    "principal_id": None,
    "tenant_id": None,
    "user_assigned_identities": None,
}
_OF_AN_ASSET = {
    "id": _READ_ONLY,
    "creation_context": _READ_ONLY,
    "latest_version": _READ_ONLY,
    "auto_delete_setting": Foreign(instead="versions are kept until they are deleted"),
}
_DESCRIBED = dict.fromkeys(("$schema", "description", "tags", "properties"), _FOR_PEOPLE)

FOREIGN: Mapping[str, Mapping[str, Foreign]] = {
    "model": {
        **_DESCRIBED,
        "id": _READ_ONLY,
        "utc_time_created": _READ_ONLY,
        "creation_context": _READ_ONLY,
        "job_name": _READ_ONLY,
        "latest_version": _READ_ONLY,
        "intellectual_property": _READ_ONLY,
        "system_metadata": _READ_ONLY,
        "flavors": Foreign(instead="an MLflow model's own MLmodel file says them"),
        "stage": Foreign(instead="say it as a tag"),
        "datastore": Foreign(instead="models are kept in the workspace"),
        "default_deployment_template": Foreign(),
        "allowed_deployment_templates": Foreign(),
    },
    "environment": {
        **_DESCRIBED,
        **_OF_AN_ASSET,
        "intellectual_property": _READ_ONLY,
        "build": Foreign(
            instead="no image is built here; give conda_file",
            below={"path": None, "dockerfile_path": None},
        ),
        "inference_config": Foreign(
            instead="it is for online deployments",
            below={
                "liveness_route": _ROUTE,
                "readiness_route": _ROUTE,
                "scoring_route": _ROUTE,
            },
        ),
        "os_type": Foreign(instead="scorers run on the instances' own system"),
        "datastore": Foreign(instead="environments are kept in conf/"),
    },
    "resources": {
        "instance_type": Foreign(instead="the compute says where instances run"),
        "properties": Foreign(),
        "shm_size": Foreign(instead="scorers run in no container"),
        "docker_args": Foreign(instead="scorers run in no container"),
        "locations": Foreign(),
        "max_instance_count": Foreign(
            instead="resources.instance_count and compute.max_instances say how many there are"
        ),
    },
    "deployment": {
        **{key: _FOR_PEOPLE for key in _DESCRIBED if key != "tags"},  # those are the job's
        "id": _READ_ONLY,
        "provisioning_state": _READ_ONLY,
        "job_definition": Foreign(instead="it is for pipelines"),
    },
    "endpoint": {
        "$schema": _FOR_PEOPLE,
        "id": _READ_ONLY,
        "provisioning_state": _READ_ONLY,
        "scoring_uri": _READ_ONLY,
        "openapi_uri": _READ_ONLY,
        "kind": _READ_ONLY,
        "location": Foreign(instead="an endpoint is a file here"),
        "identity": Foreign(instead="scorers run as whoever invokes", below=_IDENTITY),
    },
    "compute": _DESCRIBED,
    "amlcompute": {
        "id": _READ_ONLY,
        "provisioning_errors": _READ_ONLY,
        "provisioning_state": _READ_ONLY,
        "created_on": _READ_ONLY,
        "resource_id": _READ_ONLY,
        "location": Foreign(),
        "size": Foreign(),
        "tier": Foreign(),
        "ssh_public_access_enabled": Foreign(),
        "enable_node_public_ip": Foreign(),
        "ssh_settings": Foreign(
            below={"admin_username": None, "admin_password": None, "ssh_key_value": None}
        ),
        "network_settings": Foreign(
            below={
                "vnet_name": None,
                "subnet": None,
                "public_ip_address": None,
                "private_ip_address": None,
            }
        ),
        "identity": Foreign(below=_IDENTITY),
    },
    "datastore": {**_DESCRIBED, "id": _READ_ONLY},
    "data": {
        **_DESCRIBED,
        **_OF_AN_ASSET,
        "datastore": Foreign(instead="the files stay where they are"),
    },
}
"""By a group of settings, or a kind of file, what it may have besides its own keys."""


def wrong_keys(value: Any, below: _Below | None, key: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The keys of a value that its place does not have."""
    if below is None or not isinstance(value, Mapping):
        return []
    wrong = []
    for name, item in value.items():
        if str(name) in below:
            wrong += wrong_keys(item, below[str(name)], (*key, str(name)))
        else:
            wrong.append((*key, str(name)))
    return wrong
