"""The types of datastores: their keys, and what each is to fsspec.

The options are those of s3fs, gcsfs and adlfs, whose documentation says what they mean. Secrets in
them are still `${oc.env:NAME}` references.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Values = Mapping[str, Any]
"""A file's own keys as texts, switches and mappings; those of `credentials` among them."""

_AZURE = "core.windows.net"
_MESSAGE = "can't be used here"


def _no_options(_values: Values) -> dict[str, Any]:
    return {}


def _no_url(_values: Values) -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatastoreKind:
    """One type of datastore.

    Attributes:
        required: Keys that it must have.
        optional: Keys that it may have.
        switches: Those of the optional keys that are `true` or `false`.
        credentials: Keys that its `credentials` may have; secrets but for those in `public`.
        ignored: Credentials that change nothing.
        refused: By a key, or by `type` for all of it, why it can't be used.
        url: Its root.
        options: What fsspec needs for that URL.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    switches: frozenset[str] = frozenset()
    credentials: tuple[str, ...] = ()
    ignored: frozenset[str] = frozenset()
    refused: Mapping[str, str] = field(default_factory=dict)
    url: Callable[[Values], str] = _no_url
    options: Callable[[Values], dict[str, Any]] = _no_options


def _below(root: str, values: Values) -> str:
    prefix = str(values.get("prefix") or "").strip("/")
    return f"{root}/{prefix}" if prefix else root


def _given(values: Values, names: Mapping[str, str]) -> dict[str, Any]:
    return {option: values[key] for key, option in names.items() if values.get(key) is not None}


def _s3_options(values: Values) -> dict[str, Any]:
    names = {
        "access_key_id": "key",
        "secret_access_key": "secret",
        "session_token": "token",
        "profile": "profile",
        "endpoint": "endpoint_url",
        "anonymous": "anon",
    }
    region = values.get("region")
    client = {"client_kwargs": {"region_name": region}} if region is not None else {}
    return _given(values, names) | client


def _gcs_options(values: Values) -> dict[str, Any]:
    names = {
        "token": "token",
        "service_account_file": "token",
        "project": "project",
        "endpoint": "endpoint_url",
    }
    anonymous = {"token": "anon"} if values.get("anonymous") else {}
    return _given(values, names) | anonymous


def _azure_url(container: str) -> Callable[[Values], str]:
    def url(values: Values) -> str:
        endpoint = values.get("endpoint") or _AZURE
        host = f"{values['account_name']}.dfs.{endpoint}"
        return f"abfss://{values[container]}@{host}"

    return url


def _azure_options(values: Values) -> dict[str, Any]:
    secrets = ("account_key", "sas_token", "tenant_id", "client_id", "client_secret")
    options = _given(values, {"account_name": "account_name", **{each: each for each in secrets}})
    endpoint = values.get("endpoint") or _AZURE
    if endpoint != _AZURE:
        options["account_host"] = f"{values['account_name']}.blob.{endpoint}"
    if not options.keys() & set(secrets):
        options["anon"] = False  # whoever runs the job, as Azure's identity-based access
    return options


_ACCOUNT = ("account_name",)
_SERVICE = ("tenant_id", "client_id", "client_secret")
_TENANT = (*_SERVICE, "authority_url", "authority_uri", "resource_url")
_TENANT_IGNORED = frozenset({"authority_url", "authority_uri", "resource_url"})
_CERTIFICATE = dict.fromkeys(
    ("certificate", "thumbprint"), "certificates can't be used here: give client_secret"
)
_MOUNT = "mount it on every instance, and give the folder as type: local"

KINDS: Mapping[str, DatastoreKind] = {
    "local": DatastoreKind(required=("path",), url=lambda values: str(values["path"])),
    "url": DatastoreKind(
        required=("url",),
        optional=("options",),
        url=lambda values: str(values["url"]).rstrip("/"),
        options=lambda values: dict(values.get("options") or {}),
    ),
    "s3": DatastoreKind(
        required=("bucket",),
        optional=("prefix", "endpoint", "region", "profile", "anonymous"),
        switches=frozenset({"anonymous"}),
        credentials=("access_key_id", "secret_access_key", "session_token"),
        url=lambda values: _below(f"s3://{values['bucket']}", values),
        options=_s3_options,
    ),
    "gcs": DatastoreKind(
        required=("bucket",),
        optional=("prefix", "endpoint", "project", "anonymous"),
        switches=frozenset({"anonymous"}),
        credentials=("token", "service_account_file"),
        url=lambda values: _below(f"gs://{values['bucket']}", values),
        options=_gcs_options,
    ),
    "azure_blob": DatastoreKind(
        required=(*_ACCOUNT, "container_name"),
        optional=("endpoint", "protocol"),
        credentials=("account_key", "sas_token", *_TENANT),
        ignored=_TENANT_IGNORED,
        url=_azure_url("container_name"),
        options=_azure_options,
    ),
    "azure_data_lake_gen2": DatastoreKind(
        required=(*_ACCOUNT, "filesystem"),
        optional=("endpoint", "protocol"),
        credentials=("account_key", "sas_token", *_TENANT, "certificate", "thumbprint"),
        ignored=_TENANT_IGNORED,
        refused=_CERTIFICATE,
        url=_azure_url("filesystem"),
        options=_azure_options,
    ),
    "azure_file": DatastoreKind(
        required=(*_ACCOUNT, "file_share_name"),
        optional=("endpoint", "protocol"),
        credentials=("account_key", "sas_token"),
        refused={"type": f"azure_file shares {_MESSAGE}: {_MOUNT}"},
    ),
    "azure_data_lake_gen1": DatastoreKind(
        required=("store_name",),
        credentials=(*_TENANT, "certificate", "thumbprint"),
        refused={"type": "azure_data_lake_gen1 is no more: Azure has closed it; use gen2"},
    ),
    "one_lake": DatastoreKind(
        required=("one_lake_workspace_name", "endpoint"),
        optional=("artifact",),
        credentials=_TENANT,
        refused={
            "type": f"one_lake {_MESSAGE}: give its abfss:// address as url, and its credentials "
            "as options"
        },
    ),
    "hdfs": DatastoreKind(
        required=("name_node_address",),
        optional=("hdfs_server_certificate", "protocol"),
        credentials=(
            "kerberos_realm",
            "kerberos_kdc_address",
            "kerberos_principal",
            "kerberos_password",
            "kerberos_keytab",
        ),
        refused={"type": f"hdfs {_MESSAGE}: give its hdfs:// address as url"},
    ),
}
"""By type. Azure's types have the keys of Azure's own files."""
