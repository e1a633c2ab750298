"""What people are told, and what is asked again."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

import pytest

from framework.errors import StorageError
from framework.storage import open_store
from framework.storage.objects import retrying
from framework.storage.objects.failures import Conflict, PassingError, ServiceError
from tests.servers.proxy import proxy

_QUICK = ("500", "503", "cut before", "cut after")
"""An answer that is cut within is asked for again by Azure's library, after a whole second."""


@pytest.fixture
def hurried(monkeypatch):
    """Gives up soon, and pauses shortly."""
    monkeypatch.setattr(retrying, "PATIENCE_S", 1.0)
    monkeypatch.setattr(retrying, "FIRST_PATIENCE_S", 0.2)
    monkeypatch.setattr(retrying, "_LONGEST_PAUSE_S", 0.05)


def refused(ask: Callable[[], object]) -> str:
    with pytest.raises(StorageError) as raised:
        ask()
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_bucket_that_is_not_there_is_named_with_the_nearest_one(server):
    url, options = server.new_bucket()
    wrong = f"{url}x"
    store = open_store(wrong, {wrong: options[url]})
    nearest = url.rpartition("/")[2]
    for ask in (
        lambda: list(store.walk()),
        lambda: store.exists("a"),
        lambda: store.write("a", b""),
        lambda: store.names("x"),
    ):
        said = refused(ask)
        assert re.search(rf"there is no (bucket|container) '{nearest}x'", said), said
        assert f"did you mean '{nearest}'" in said, said


def test_a_wrong_secret_is_access_denied_at_once(azure):
    url, options = azure.new_bucket()
    text = options[url]["connection_string"].replace("Eby8", "Xby8")
    store = open_store(url, {url: {"connection_string": text}})
    said = refused(lambda: store.read("a"))
    assert "access denied" in said
    assert url in said
    assert "Xby8" not in said


@pytest.mark.parametrize("status", [403, 401])
def test_no_permission_is_access_denied(status):
    from framework.storage.objects.failures import of_status

    failure = of_status(status, "AccessDenied", "bucket/key")
    assert isinstance(failure, ServiceError)
    assert str(failure).startswith(f"access denied ({status} AccessDenied)")


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("ExpiredToken", 400, "the credentials have expired"),
        ("InvalidAccessKeyId", 403, "access denied: the store does not know the access key"),
        ("SignatureDoesNotMatch", 403, "access denied: the secret key is not the access key's"),
        ("RequestTimeTooSkewed", 403, "this machine's clock is wrong"),
        ("PermanentRedirect", 301, "the bucket 'bucket' is in another region: set client_kwargs"),
        ("AuthorizationHeaderMalformed", 400, "in another region: .* to eu-west-7"),
        ("InvalidObjectState", 403, "archived"),
        ("Teapot", 418, r"the store refused \(418 Teapot\): short and stout"),
    ],
)
def test_amazons_errors_are_said_in_peoples_words(code, status, words):
    from botocore.exceptions import ClientError

    from framework.storage.objects.s3_failures import failure_of

    response = {
        "Error": {"Code": code, "Message": "short and stout", "Region": "eu-west-7"},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": {}},
    }
    failure = failure_of(ClientError(response, "GetObject"), "get_object", "bucket/key", "")
    assert isinstance(failure, ServiceError)
    assert re.search(words, str(failure)), failure


@pytest.mark.parametrize(
    "code", ["SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout"]
)
def test_what_may_pass_is_told_from_what_lasts(code):
    from botocore.exceptions import ClientError

    from framework.storage.objects.s3_failures import failure_of

    response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    failure = failure_of(ClientError(response, "GetObject"), "get_object", "bucket/key", "")
    assert isinstance(failure, PassingError)


def test_who_has_no_credentials_is_told_where_they_come_from(monkeypatch, tmp_path, s3):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    store = open_store("s3://b", {"s3://b": {"endpoint_url": s3.endpoint, "default_block_size": 9}})
    assert "there are no credentials for S3 (AWS_ACCESS_KEY_ID" in refused(lambda: store.read("a"))


@pytest.mark.usefixtures("hurried")
def test_an_address_where_nobody_answers_is_named(server):
    url, _ = server.new_bucket()
    nowhere = server.endpoint.replace("127.0.0.1", "127.0.0.9")
    store = open_store(url, {url: server.options(nowhere)})
    said = refused(lambda: store.read("a"))
    assert re.search(r"can't be reached .* still after \d+ tries in \d+ s while reading", said), (
        said
    )
    assert "127.0.0.9" in said
    assert "planted-secret" not in said


@pytest.mark.usefixtures("hurried")
def test_what_fails_for_too_long_is_told_with_how_often_it_was_tried(server):
    with proxy(server.endpoint) as between:
        url, options = server.new_bucket(between.url)
        store = open_store(url, options)
        store.write("a", b"x")
        between.faults.fail_share = 1.0
        between.faults.fates = ("503",)
        said = refused(lambda: store.read("a"))
        assert re.search(r"fewer requests|asked again", said), said
        assert re.search(r"still after (\d+) tries in \d+ s", said), said
        between.faults.fail_share = 0.0
        assert store.read("a") == b"x"


def test_denied_and_missing_are_never_asked_again(server):
    with proxy(server.endpoint) as between:
        url, options = server.new_bucket(between.url)
        store = open_store(url, options)
        store.write("a", b"x")
        before = sum(between.seen.values())
        with pytest.raises(FileNotFoundError):
            store.read("nothing")
        assert sum(between.seen.values()) == before + 1


def test_every_operation_survives_a_store_that_fails_often(server, tmp_path):
    with proxy(server.endpoint, fail_share=0.2, seed=7, fates=_QUICK) as between:
        url, options = server.new_bucket(between.url)
        store = open_store(url, options)
        log = store.append_log("log")
        for number in range(4):
            store.create(f"created/{number}", b"%d" % number)
            store.write(f"written/{number}", b"%d" % number)
            log.append(b"%d\n" % number)
            log.sync()
            with store.stage(f"out/{number}", "token") as staged:
                staged.stream.write(b"%d" % number)
            store.commit(staged.path, f"out/{number}")
            with pytest.raises(FileExistsError):
                store.create(f"out/{number}", b"")
        with store.stage("big", "token") as staged:
            for _ in range(17):
                staged.stream.write(bytes(1 << 20))
        store.commit(staged.path, "big")

        assert [store.read(f"out/{number}") for number in range(4)] == [
            b"%d" % number for number in range(4)
        ]
        assert store.read_log("log") == b"".join(b"%d\n" % number for number in range(4))
        store.fetch("big", tmp_path / "big")
        assert (tmp_path / "big").stat().st_size == 17 << 20
        assert len([file for file in store.walk() if not file.path.startswith("log/")]) == 13
        store.delete("created")
        assert store.names("created") == []
        assert sum(between.seen.values()) > between.seen["passed"]


def test_an_answer_that_is_cut_within_is_asked_for_again(server):
    with proxy(server.endpoint, fates=("cut within",)) as between:
        url, options = server.new_bucket(between.url)
        store = open_store(url, options)
        store.write("a", b"0123456789" * 100)
        cut = []

        def once(method: str, path: str) -> bool:
            is_first = method == "GET" and not cut
            if is_first:
                cut.append(path)
            return is_first

        between.faults.only = once
        between.faults.fail_share = 1.0
        assert store.read("a") == b"0123456789" * 100
        assert cut


def test_of_many_that_commit_through_a_failing_store_one_wins(server):
    with proxy(server.endpoint, fail_share=0.2, seed=3, fates=_QUICK) as between:
        url, options = server.new_bucket(between.url)
        store = open_store(url, options)
        staged = []
        for number in range(8):
            with store.stage("out", f"t{number}") as each:
                each.stream.write(b"%d" % number)
            staged.append(each.path)
        winners = []

        def commit(path: str) -> None:
            try:
                store.commit(path, "out")
            except FileExistsError:
                return
            winners.append(path)

        threads = [threading.Thread(target=commit, args=(path,)) for path in staged]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(winners) == 1
        assert store.read("out") == b"%d" % staged.index(winners[0])


def test_an_answer_that_was_lost_is_recognised_as_our_own(server):
    with proxy(server.endpoint) as between:
        url, options = server.new_bucket(between.url)
        store = open_store(url, options)
        assert store.creates_exclusively
        lost = []

        def once(method: str, path: str) -> bool:
            if method == "PUT" and "ours" in path and not lost:
                lost.append(path)
                return True
            return False

        between.faults.only = once
        between.faults.fates = ("cut after",)
        between.faults.fail_share = 1.0
        store.create("ours", b"x")
        assert lost
        assert store.read("ours") == b"x"


def test_a_conflict_is_tried_again_as_a_whole(hurried):
    tries = []

    def write() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise Conflict("who wins is open")
        return "done"

    assert retrying.again_on_conflict(write) == "done"

    def never() -> None:
        raise Conflict("who wins is open")

    with pytest.raises(ServiceError, match=r"others kept writing .* still after \d+ tries"):
        retrying.again_on_conflict(never)


def test_nothing_secret_is_in_a_stores_words(server):
    url, options = server.new_bucket()
    store = open_store(url, options)
    shown = repr(store) + str(store) + store.url + repr(store.at("a")) + repr(store._objects)
    for value in options[url].values():
        assert str(value) not in shown
