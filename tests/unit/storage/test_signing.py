from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.storage.signing import Credentials, Pattern

# Of the example "GET Object" in AWS's documentation of Signature Version 4.
EXAMPLE = Credentials(
    access_key="AKIAIOSFODNN7EXAMPLE", secret_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)
HEADERS = {
    "Host": "examplebucket.s3.amazonaws.com",
    "Range": "bytes=0-9",
    "x-amz-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "x-amz-date": "20130524T000000Z",
    "Authorization": "AWS4-HMAC-SHA256 "
    "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
    "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
    "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
}
URL = "https://examplebucket.s3.amazonaws.com/test.txt"
MOMENT = "20260131T235959Z"


def lines_of(head: bytes) -> tuple[str, dict[str, str]]:
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    headers = dict(line.split(":", 1) for line in lines)
    assert len(headers) == len(lines)
    return first, headers


def test_the_documented_example_is_signed_as_documented() -> None:
    pattern = Pattern(URL, HEADERS, "test.txt")
    assert pattern.is_matched_by(EXAMPLE, "test.txt")
    stranger = dataclasses.replace(EXAMPLE, secret_key="another")
    assert not pattern.is_matched_by(stranger, "test.txt")
    assert not pattern.is_matched_by(None, "test.txt")

    first, headers = lines_of(pattern.head("test.txt", "20130524T000000Z", EXAMPLE))
    assert first == "GET /test.txt HTTP/1.1"
    assert headers["authorization"] == HEADERS["Authorization"]
    assert headers["range"] == "bytes=0-9"


keys = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40)


@given(key=keys, secret=st.text("abc/+=", min_size=1), token=st.sampled_from(["", "a/b+c=="]))
def test_other_keys_are_signed_as_the_library_signs_them(key: str, secret: str, token: str) -> None:
    auth = pytest.importorskip("botocore.auth")
    request_of = pytest.importorskip("botocore.awsrequest").AWSRequest
    known = pytest.importorskip("botocore.credentials").Credentials("id", secret, token or None)

    def signed(key: str) -> tuple[str, dict[str, str]]:
        from urllib.parse import quote

        url = f"http://store.test:9000/bucket/{quote(key, safe='/~')}"
        request = request_of("GET", url, headers={"x-amz-checksum-mode": "ENABLED"})
        auth.S3SigV4Auth(known, "s3", "eu-north-1").add_auth(request)
        return url, dict(request.headers)

    credentials = Credentials(access_key="id", secret_key=secret, token=token)
    pattern = Pattern(*signed("known/key"), "known/key")
    assert pattern.is_matched_by(credentials, "known/key")

    url, headers = signed(key)
    theirs = {name.lower(): value for name, value in headers.items()}
    first, ours = lines_of(pattern.head(key, theirs["x-amz-date"], credentials))
    assert first == f"GET {url.removeprefix('http://store.test:9000')} HTTP/1.1"
    assert {name: ours.get(name) for name in theirs} == theirs
    assert ours["host"] == "store.test:9000"


def test_a_public_bucket_is_asked_without_a_signature() -> None:
    pattern = Pattern("http://store.test/bucket/a%20b", {"User-Agent": "x"}, "a b")
    assert not pattern.is_signed
    assert pattern.is_matched_by(None, "a b")
    first, headers = lines_of(pattern.head("ä/c", MOMENT, None))
    assert first == "GET /bucket/%C3%A4/c HTTP/1.1"
    assert headers == {"host": "store.test", "accept-encoding": "identity"}


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("https://host/test.txt?versionId=3", HEADERS),
        ("https://host/another.txt", HEADERS),
        (URL, {"Authorization": "AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg="}),
        (URL, {"Authorization": HEADERS["Authorization"].replace("HMAC", "ECDSA-P256")}),
    ],
)
def test_what_is_unusual_is_refused(url: str, headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="request"):
        Pattern(url, headers, "test.txt")


def test_secrets_are_not_shown() -> None:
    assert "EXAMPLE" not in repr(EXAMPLE)
    assert "EXAMPLEKEY" not in repr(Pattern(URL, HEADERS, "test.txt"))
