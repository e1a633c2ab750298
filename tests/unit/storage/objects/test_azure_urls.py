"""Where the many ways to write a blob's place lead to."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from azure.core.exceptions import ClientAuthenticationError
from fsspec.asyn import get_loop

from framework.errors import UsageError
from framework.storage import open_input, open_store
from framework.storage.objects.azure_client import AzureClient
from framework.storage.objects.azure_failures import failure_of
from framework.storage.objects.azure_urls import azure_place
from framework.storage.objects.failures import PassingError, ServiceError

WINDOWS = "https://acc.blob.core.windows.net"
AZURITE = "http://127.0.0.1:10000/devstoreaccount1"
SIGNED = "sv=2024-11-04&st=2026-01-01T00%3A00%3A00Z&se=2036-01-01&sr=c&sp=rl&sig=pl%2Fanted%3D"


@pytest.mark.parametrize(
    ("url", "endpoint", "key", "base"),
    [
        ("az://cont/a/b", "", "cont/a/b", "az://"),
        ("abfs://cont/a b/", "", "cont/a b", "abfs://"),
        ("az://cont", "", "cont", "az://"),
        ("az://cont/a%20b#c?d", "", "cont/a%20b#c?d", "az://"),
        (
            "abfss://cont@acc.dfs.core.windows.net/a/b",
            WINDOWS,
            "cont/a/b",
            "abfss://cont@acc.dfs.core.windows.net",
        ),
        (
            "wasbs://cont@acc.blob.core.windows.net/a",
            WINDOWS,
            "cont/a",
            "wasbs://cont@acc.blob.core.windows.net",
        ),
        ("https://acc.blob.core.windows.net/cont/a%20b", WINDOWS, "cont/a b", WINDOWS),
        (
            "https://ACC.blob.core.windows.net/cont/a",
            WINDOWS,
            "cont/a",
            "https://ACC.blob.core.windows.net",
        ),
        (
            "https://acc.dfs.core.windows.net/cont/a",
            WINDOWS,
            "cont/a",
            "https://acc.dfs.core.windows.net",
        ),
        (f"{AZURITE}/cont/a%2Bb", AZURITE, "cont/a+b", AZURITE),
        (AZURITE, AZURITE, "", AZURITE),
        (
            "http://az:1/devstoreaccount1/c",
            "http://az:1/devstoreaccount1",
            "c",
            "http://az:1/devstoreaccount1",
        ),
    ],
)
def test_a_url_leads_to_an_account_a_container_and_a_name(url, endpoint, key, base):
    place = azure_place(url, {})
    assert place is not None
    assert (place.endpoint, place.key, place.base) == (endpoint, key, base)
    assert place.signature == ""


@pytest.mark.parametrize(
    "host",
    [
        "acc.blob.core.chinacloudapi.cn",
        "acc.blob.core.usgovcloudapi.net",
        "acc.blob.core.cloudapi.de",
        "acc.z17.blob.storage.azure.net",
        "acc-secondary.blob.core.windows.net",
        "acc.privatelink.blob.core.windows.net",
    ],
)
def test_every_cloud_and_zone_is_azure(host):
    for scheme in ("http", "https"):
        place = azure_place(f"{scheme}://{host}/cont/a", {})
        assert place is not None
        assert (place.endpoint, place.account) == (f"{scheme}://{host}", "acc")
    dfs = azure_place(f"https://{host.replace('blob', 'dfs')}/cont/a", {})
    assert dfs is not None
    assert dfs.endpoint == f"https://{host}"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/blob.core.windows.net/x",
        "https://acc.web.core.windows.net/x",
        "https://acc.blob.core.windows.net.evil.org/x",
        "https://evil.org/acc.blob.core.windows.net",
        "http://127.0.0.1:8000/other/cont/a",
        "s3://cont/a",
        "/local/path",
    ],
)
def test_what_only_looks_like_azure_is_none(url):
    assert azure_place(url, {}) is None


def test_a_datastores_options_tell_that_a_hosts_path_begins_with_the_account():
    place = azure_place("https://blobs.example.org/acc/cont/a", {"account_key": "x"})
    assert place is not None
    assert (place.endpoint, place.account, place.key) == (
        "https://blobs.example.org/acc",
        "acc",
        "cont/a",
    )


@pytest.mark.parametrize("root", [f"{WINDOWS}/cont", "az://cont", f"{AZURITE}/cont"])
def test_a_signature_is_taken_off_the_url(root):
    place = azure_place(f"{root}/a?{SIGNED}", {})
    assert place is not None
    assert (place.key, place.signature) == ("cont/a", SIGNED)


@pytest.mark.parametrize(
    "container", ["az://cont", f"{WINDOWS}/cont", "abfss://cont@acc.dfs.core.windows.net"]
)
def test_a_signed_urls_store_is_opened_again_by_the_url_that_is_shown(container):
    store = open_store(f"{container}/a?{SIGNED}", {"az://cont": {"account_name": "acc"}})
    assert store.url == f"{container}/a"
    assert store.options[container]["sas_token"] == SIGNED


def test_a_query_that_is_no_signature_is_refused():
    with pytest.raises(UsageError, match=r"the query of https.* is no signature"):
        azure_place(f"{WINDOWS}/cont?restype=container", {})


@pytest.fixture
def signed(azure):
    """A container's address, a signature for it that allows to read and list, and its store."""
    from datetime import UTC, datetime, timedelta

    from azure.storage.blob import generate_container_sas

    url, options = azure.new_bucket()
    container = url.rpartition("/")[2]
    signature = generate_container_sas(
        azure.access["account_name"],
        container,
        account_key=azure.access["account_key"],
        permission="rl",
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    store = open_store(url, options)
    for name in ("in/a b.txt", "in/c#d.txt", "other"):
        store.write(name, name.encode())
    return f"{azure.endpoint}/{container}", signature, store


def test_a_signed_folder_is_listed_and_read_and_its_signature_never_shown(signed):
    address, signature, _ = signed
    listing = open_input([f"{address}/in?{signature}"])
    files = list(listing.files())

    assert [file.path for file in files] == ["a b.txt", "c#d.txt"]
    assert listing.root == f"{address}/in"
    assert signature not in repr(listing.store) + listing.store.url
    again = open_store(listing.root, listing.store.options)
    assert again.read("c#d.txt") == b"in/c#d.txt"


def test_a_signed_file_and_a_signed_glob_are_read(signed):
    address, signature, _ = signed
    for item in ("in/a%20b.txt", "in/a*"):
        listing = open_input([f"{address}/{item}?{signature}"])
        assert [file.path for file in listing.files()] == ["a b.txt"]
        assert open_store(listing.root, listing.store.options).read("a b.txt") == b"in/a b.txt"


def test_a_signature_that_only_reads_can_not_write(signed):
    address, signature, _ = signed
    store = open_store(f"{address}?{signature}")
    with pytest.raises(Exception, match="access denied") as raised:
        store.write("x", b"")
    assert signature not in str(raised.value)


def test_azurites_path_style_opens_with_a_key(signed, azure):
    address, _, store = signed
    key = azure.access["account_key"]
    by_path = open_store(address, {address: {"account_key": key}})
    assert [file.path for file in by_path.walk()] == [file.path for file in store.walk()]
    by_path.create("new", b"x")
    assert store.read("new") == b"x"


def test_without_credentials_it_is_asked_anonymously(signed):
    address, _, _ = signed
    with pytest.raises(Exception, match="access denied: there are no credentials"):
        open_store(address).read("other")


def test_a_public_container_needs_no_credentials(signed, azure):
    from azure.storage.blob import BlobServiceClient

    address, _, store = signed
    connection = azure.options()["connection_string"]
    with BlobServiceClient.from_connection_string(connection) as client:
        container = client.get_container_client(address.rpartition("/")[2])
        container.set_container_access_policy({}, public_access="container")
    assert [file.path for file in open_store(address).walk()] == [
        file.path for file in store.walk()
    ]


def test_an_expired_signature_is_called_so(signed, azure):
    from datetime import UTC, datetime

    from azure.storage.blob import generate_container_sas

    address, _, _ = signed
    old = generate_container_sas(
        azure.access["account_name"],
        address.rpartition("/")[2],
        account_key=azure.access["account_key"],
        permission="rl",
        expiry=datetime(2020, 1, 1, tzinfo=UTC),
    )
    with pytest.raises(Exception, match="access denied") as raised:
        open_store(f"{address}?{old}").read("other")
    assert "sig=" not in str(raised.value)


class Chain:
    """A credential chain that finds nothing."""

    async def get_token(self, *scopes, **options):
        raise ClientAuthenticationError("nothing in the chain")

    async def close(self):
        pass


def test_where_the_chain_finds_no_credential_it_is_asked_anonymously_and_says_so():
    filesystem = SimpleNamespace(
        loop=get_loop(),
        account_key=None,
        sas_token=None,
        connection_string=None,
        credential=Chain(),
        account_name="acc",
    )
    place = azure_place(f"{WINDOWS}/cont/a", {})
    client = AzureClient(place, filesystem)

    assert not client.is_anonymous
    assert not client.goes_on_anonymously(ConnectionError("no network"))
    assert client.goes_on_anonymously(ClientAuthenticationError("nothing in the chain"))
    assert client.is_anonymous
    assert not client.goes_on_anonymously(ClientAuthenticationError("nothing in the chain"))


def test_a_credential_that_fails_later_is_asked_for_again():
    error = ClientAuthenticationError("the machine's identity does not answer")
    client = SimpleNamespace(endpoint=WINDOWS, is_anonymous=False, is_signed=False)
    assert isinstance(failure_of(error, "cont/a", client, was_known=True), PassingError)
    assert isinstance(failure_of(error, "cont/a", client, was_known=False), ServiceError)
