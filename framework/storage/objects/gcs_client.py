"""Requests to Google Cloud Storage, with the credentials and the connections of gcsfs."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from framework.storage.objects.failures import (
    MissingBucketError,
    ServiceError,
    of_status,
    one_line,
    unreachable,
)
from framework.storage.objects.retrying import Patience
from framework.storage.objects.service import split_key

T = TypeVar("T")

_CONNECT_S, _READ_S = 10, 60


class Answer(NamedTuple):
    """What the service answered.

    Attributes:
        status: The HTTP status.
        headers: Its headers.
        body: Its body.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


class GoogleClient:
    """The service, opened with one set of credentials.

    Args:
        filesystem: A gcsfs file system: it knows the credentials. Its own retries are not used.

    Attributes:
        endpoint: The service's address.
        project: Whose buckets are listed.
    """

    def __init__(self, filesystem: Any) -> None:
        self._filesystem = filesystem
        self._patience = Patience()
        self.endpoint = str(filesystem._location).rstrip("/")
        self.project = str(filesystem.project or "")

    def ask(self, method: str, path: str, key: str, **request: Any) -> Answer:
        """One request, repeated for as long as it may succeed."""
        return self.persistently(lambda: self.once(method, path, key, **request))

    def persistently(self, ask: Callable[[], T]) -> T:
        """Repeats requests for as long as they may succeed."""
        return self._patience.persistently(ask)

    def once(self, method: str, path: str, key: str, **request: Any) -> Answer:
        """One request.

        Args:
            method: GET, PUT, ...
            path: Below the endpoint, or a whole address.
            key: What it is about.
            request: `query`, `headers` and `body`.
        """
        import aiohttp
        from fsspec.asyn import sync
        from google.auth.exceptions import TransportError

        url = path if "://" in path else f"{self.endpoint}{path}"
        try:
            answer: Answer = sync(self._filesystem.loop, self._send, method, url, request)
        except (aiohttp.ClientError, TransportError, OSError) as error:
            raise unreachable(self.endpoint, error, key) from error
        except Exception as error:
            # Each library below gcsfs has errors of its own; this is the boundary they end at.
            raise ServiceError(one_line(str(error)) or type(error).__name__, key) from error
        self._patience.is_answered = True
        if answer.status < 400:
            return answer
        raise self._failure(answer, path, key)

    async def _send(self, method: str, url: str, request: Mapping[str, Any]) -> Answer:
        import aiohttp
        from yarl import URL

        filesystem = self._filesystem
        body = request.get("body")
        await filesystem._set_session()
        async with filesystem.session.request(
            method,
            # The name is quoted already, and a name may have a percent sign of its own.
            URL(url, encoded=True).extend_query(filesystem._get_params(request.get("query", {}))),
            headers=filesystem._get_headers(dict(request.get("headers", {}))),
            # As a stream: a large body at once would hold up the event loop.
            data=None if body is None else io.BytesIO(body),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S, sock_read=_READ_S),
        ) as response:
            return Answer(response.status, response.headers, await response.read())

    def _failure(self, answer: Answer, path: str, key: str) -> Exception:
        said = _message(answer.body)
        is_listing = path.endswith("/o")
        if answer.status == 404 and (is_listing or "bucket" in said.lower()):
            bucket = split_key(key)[0]
            return MissingBucketError(f"there is no bucket {bucket!r}", key)
        if answer.status == 401:
            return ServiceError(
                "access denied (401): there are no credentials for Google Cloud Storage "
                "(gcloud auth application-default login, or a datastore's token)",
                key,
            )
        return of_status(answer.status, "", key, said)


def place(key: str) -> str:
    """Where an object is, below the service's address."""
    bucket, name = split_key(key)
    return f"/storage/v1/b/{quote(bucket, safe='')}/o/{quote(name, safe='')}"


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return body[:200].decode("utf-8", "replace")
