"""The many ways to write where a blob is in Azure, and in what behaves like it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from framework.domain.redaction import without_signatures
from framework.errors import UsageError

_SCHEMES = frozenset({"az", "abfs", "abfss", "wasb", "wasbs"})
_OF_THE_WEB = frozenset({"http", "https"})
_EMULATOR = "devstoreaccount1"
_CLOUDS = (
    r"core\.windows\.net|core\.chinacloudapi\.cn|core\.usgovcloudapi\.net|core\.cloudapi\.de"
    r"|core\.microsoft\.scloud|core\.eaglex\.ic\.gov|storage\.azure\.net"
)
# Accounts with a DNS zone: https://learn.microsoft.com/azure/storage/common/storage-account-overview
_HOST = re.compile(
    rf"(?P<account>[a-z0-9]{{3,24}}(?:-secondary)?)(?P<zone>\.z\d+|\.privatelink)?"
    rf"\.(?:blob|dfs)\.(?P<cloud>{_CLOUDS})(?P<port>:\d+)?",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"(?P<scheme>[A-Za-z][\w+.-]*)://(?P<place>[^/?]*)/?(?P<path>.*)", re.DOTALL)
_SIGNATURE = re.compile(r"(?:^|&)sig=", re.IGNORECASE)
_OPTIONS = frozenset(
    """account_host account_key account_name anon client_id client_secret connection_string
    credential sas_token tenant_id""".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AzurePlace:
    """Where a URL leads to.

    Attributes:
        endpoint: The account's address; empty where options say it.
        account: The account's name; empty where options say it.
        key: Container, slash, name; empty for the whole account.
        base: The URL of the container, or of all containers, without a slash at its end.
        base_key: The container that `base` is, if it is one.
        signature: The URL's shared access signature, without question mark.
    """

    endpoint: str
    account: str
    key: str
    base: str
    base_key: str
    signature: str


def azure_place(url: str, options: Mapping[str, Any]) -> AzurePlace | None:
    """Reads a URL, if it leads to Azure storage.

    Args:
        url: `az://`, `abfs[s]://` or `wasb[s]://` with or without an account; the `https://`
            address of an account of any Azure cloud; or an address whose path begins with the
            account, as that of Azurite: for `devstoreaccount1`, or where options speak of Azure.
        options: What is known of the place.

    Raises:
        UsageError: It has a query that is no signature.
    """
    match = _SPLIT.fullmatch(url)
    if match is None:
        return None
    scheme, place, path = match["scheme"].lower(), match["place"], match["path"]
    if scheme in _SCHEMES:
        return _by_scheme(scheme, place, path)
    if scheme not in _OF_THE_WEB:
        return None
    path, _, query = path.partition("?")
    host = _HOST.fullmatch(place)
    if host is not None:
        endpoint = f"{scheme}://{_blob_host(host)}"
        base, account = f"{scheme}://{place}", host["account"]
    else:
        account, _, path = path.partition("/")
        if account != _EMULATOR and not _OPTIONS.intersection(options):
            return None
        endpoint = base = f"{scheme}://{place}/{account}"
    if query and not _SIGNATURE.search(query):
        raise UsageError(f"the query of {without_signatures(url)} is no signature")
    return AzurePlace(
        endpoint=endpoint,
        account=account.removesuffix("-secondary"),
        key=unquote(path).strip("/"),
        base=base,
        base_key="",
        signature=query,
    )


def _by_scheme(scheme: str, place: str, path: str) -> AzurePlace:
    path, signature = _without_signature(path)
    container, at, named = place.partition("@")
    host = _HOST.fullmatch(named)
    path = path.strip("/")
    if not at:
        key = f"{place}/{path}".strip("/")
        base, base_key = f"{scheme}://", ""
        return AzurePlace(
            endpoint="", account="", key=key, base=base, base_key=base_key, signature=signature
        )
    return AzurePlace(
        endpoint=f"https://{_blob_host(host) if host else named}",
        account=host["account"] if host else named.partition(".")[0],
        key=f"{container}/{path}".strip("/"),
        base=f"{scheme}://{place}",
        base_key=container,
        signature=signature,
    )


def _without_signature(path: str) -> tuple[str, str]:
    """A name may have a question mark in it; only what has a signature after it is none of it."""
    name, _, query = path.partition("?")
    return (name, query) if _SIGNATURE.search(query) else (path, "")


def _blob_host(host: re.Match[str]) -> str:
    zone, port = host["zone"] or "", host["port"] or ""
    return f"{host['account']}{zone}.blob.{host['cloud']}{port}".lower()
