"""Signing GET requests for S3, the way that one request was signed by its own library.

The algorithm is AWS's Signature Version 4 for S3, with headers:
https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"
_AUTHORIZATION = re.compile(
    rf"{_ALGORITHM} Credential=(?P<id>[^/]+)/(?P<day>\d{{8}})/(?P<region>[^/]+)/(?P<service>[^/]+)"
    r"/aws4_request, SignedHeaders=(?P<signed>[^,]+), Signature=(?P<signature>[0-9a-f]{64})"
)
_EMPTY = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What requests are signed with.

    Attributes:
        access_key: Its name.
        secret_key: The secret.
        token: Of a session that ends; empty if there is none.
    """

    access_key: str
    secret_key: str
    token: str = ""

    def __repr__(self) -> str:
        return "Credentials(…)"


class Pattern:
    """What a request for one key looks like, so that those for others can be made.

    Args:
        url: The request's URL.
        headers: Its headers, with its signature where it was signed.
        key: The key that it asked for.

    Raises:
        ValueError: It is no request that we know how to make.
    """

    def __init__(self, url: str, headers: Mapping[str, str], key: str) -> None:
        place, quoted = urlsplit(url), quote(key, safe="/~")
        if place.query or not place.path.endswith(f"/{quoted}"):
            raise ValueError("the request's URL does not end with its key")
        self.origin = f"{place.scheme}://{place.netloc}"
        self._host = place.netloc
        self._above = place.path[: -len(quoted)]
        self._headers = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
        authorization = self._headers.pop("authorization", "")
        self._scope = _AUTHORIZATION.fullmatch(authorization)
        if authorization and self._scope is None:
            raise ValueError("the request was signed in a way that is not known here")
        self._names = self._scope["signed"].split(";") if self._scope else []
        self._known_key = ("", "")
        self._keyed = hmac.new(b"", digestmod="sha256")
        self._lines: tuple[str, Credentials | None, str, str] = ("", None, "", "")

    @property
    def is_signed(self) -> bool:
        """Whether the server wants to know who asks."""
        return self._scope is not None

    def is_matched_by(self, credentials: Credentials | None, key: str) -> bool:
        """Whether our own signature of the same request is the one that it had."""
        if self._scope is None or credentials is None:
            return self._scope is None
        moment = self._headers.get("x-amz-date", "")
        signed = self._signature(f"{self._above}{quote(key, safe='/~')}", moment, credentials)
        return hmac.compare_digest(signed, self._scope["signature"])

    def head(self, key: str, moment: str, credentials: Credentials | None) -> bytes:
        """The whole request for another key.

        Args:
            key: The key, unquoted.
            moment: The time in UTC, such as `20260131T235959Z`.
            credentials: Who asks; not needed where the pattern is not signed.
        """
        path = f"{self._above}{quote(key, safe='/~')}"
        lines = [f"GET {path} HTTP/1.1", f"host:{self._host}", "accept-encoding:identity"]
        if self._scope is not None and credentials is not None:
            signature = self._signature(path, moment, credentials)
            lines.append(self._signed_lines(moment, credentials)[1])
            lines.append(
                f"authorization:{_ALGORITHM} Credential={credentials.access_key}/"
                f"{self._scope_at(moment)}, SignedHeaders={self._scope['signed']}, "
                f"Signature={signature}"
            )
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _scope_at(self, moment: str) -> str:
        assert self._scope is not None
        return f"{moment[:8]}/{self._scope['region']}/{self._scope['service']}/aws4_request"

    def _signed_lines(self, moment: str, credentials: Credentials) -> tuple[str, str]:
        """The signed headers as they are signed, and as they are sent beside the host's."""
        known_moment, known, signed, sent = self._lines
        if moment != known_moment or credentials is not known:
            values = self._headers | {"host": self._host, "x-amz-date": moment}
            if credentials.token:
                values["x-amz-security-token"] = credentials.token
            lines = [f"{name}:{values[name]}" for name in self._names]
            signed = "\n".join(lines)
            sent = "\r\n".join(line for line in lines if not line.startswith("host:"))
            self._lines = (moment, credentials, signed, sent)
        return signed, sent

    def _signature(self, path: str, moment: str, credentials: Credentials) -> str:
        signed = self._signed_lines(moment, credentials)[0]
        body = self._headers.get("x-amz-content-sha256", _EMPTY)
        request = f"GET\n{path}\n\n{signed}\n\n{';'.join(self._names)}\n{body}"
        digest = hashlib.sha256(request.encode()).hexdigest()
        text = f"{_ALGORITHM}\n{moment}\n{self._scope_at(moment)}\n{digest}"
        started = self._key(moment[:8], credentials).copy()
        started.update(text.encode())
        return started.hexdigest()

    def _key(self, day: str, credentials: Credentials) -> hmac.HMAC:
        """A keyed hash with the key of a day, which is derived as the algorithm says.

        Copies of it are made ten times faster than new ones.
        """
        assert self._scope is not None
        if (day, credentials.secret_key) != self._known_key:
            key = f"AWS4{credentials.secret_key}".encode()
            for text in (day, self._scope["region"], self._scope["service"], "aws4_request"):
                key = hmac.digest(key, text.encode(), "sha256")
            self._keyed = hmac.new(key, digestmod="sha256")
            self._known_key = (day, credentials.secret_key)
        return self._keyed
