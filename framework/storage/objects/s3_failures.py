"""What goes wrong with an S3, from botocore's words to ours."""

from __future__ import annotations

import asyncio
from typing import Any

from framework.storage.objects.failures import (
    Conflict,
    CredentialsError,
    MissingBucketError,
    NoUploadError,
    PassingError,
    ServiceError,
    of_status,
    one_line,
    unreachable,
)
from framework.storage.objects.service import split_key

_PASSING = frozenset(
    """BandwidthLimitExceeded InternalError OperationAborted PriorRequestNotComplete RequestTimeout
    RequestLimitExceeded RequestThrottled RequestThrottledException ServiceUnavailable SlowDown
    Throttling ThrottlingException TooManyRequestsException TransientError""".split()
)
_REASONS = {
    "AccessDenied": "access denied: the credentials don't allow it",
    "AllAccessDisabled": "access denied: all access to the bucket is disabled",
    "ExpiredToken": "the credentials have expired",
    "TokenRefreshRequired": "the credentials have expired",
    "InvalidAccessKeyId": "access denied: the store does not know the access key",
    "InvalidToken": "access denied: the session token is not valid",
    "SignatureDoesNotMatch": "access denied: the secret key is not the access key's",
    "RequestTimeTooSkewed": "access denied: this machine's clock is wrong",
    "InvalidBucketName": "the bucket's name is not valid",
    "InvalidObjectState": "the object is archived and has to be restored first",
    "NoSuchVersion": "there is no such version of the object",
}
_OF_CREDENTIALS = frozenset(
    """ExpiredToken TokenRefreshRequired InvalidAccessKeyId InvalidToken SignatureDoesNotMatch
    RequestTimeTooSkewed""".split()
)
_WRONG_REGION = frozenset(
    {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
)


def failure_of(error: Exception, method: str, key: str, endpoint: str) -> Exception:
    """What is to be raised for what a request raised."""
    import aiohttp
    from botocore import exceptions

    if isinstance(error, exceptions.ClientError):
        return _of_answer(error.response, method, key)
    if isinstance(error, exceptions.SSLError):
        return ServiceError(f"the store's certificate is not trusted: {one_line(str(error))}", key)
    if isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
        return ServiceError(
            "there are no credentials for S3 (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a "
            "profile, or a datastore's options; `anon: true` for a public bucket)",
            key,
        )
    passing = (
        exceptions.HTTPClientError,
        exceptions.CredentialRetrievalError,
        exceptions.ConnectionError,
        exceptions.IncompleteReadError,
        exceptions.ResponseStreamingError,
        aiohttp.ClientError,
        asyncio.TimeoutError,
        ConnectionError,
        TimeoutError,
    )
    if isinstance(error, passing):
        return unreachable(endpoint, error, key)
    return ServiceError(one_line(str(error)) or type(error).__name__, key)


def _of_answer(response: dict[str, Any], method: str, key: str) -> Exception:
    error = response.get("Error", {})
    code = str(error.get("Code", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    bucket = split_key(key)[0]
    if code == "NoSuchBucket":
        return MissingBucketError(f"there is no bucket {bucket!r}", key)
    if code == "NoSuchUpload":
        return NoUploadError(code)
    if code == "ConditionalRequestConflict":
        is_whole = method == "put_object"
        return PassingError("others write to the same name", key) if is_whole else Conflict(code)
    if code in _PASSING:
        return PassingError(f"the store asks to be asked again ({code})", key)
    if code in _WRONG_REGION or status in {301, 307}:
        region = error.get("Region") or response["ResponseMetadata"].get("HTTPHeaders", {}).get(
            "x-amz-bucket-region"
        )
        hint = f": set client_kwargs.region_name to {region}" if region else ""
        return ServiceError(f"the bucket {bucket!r} is in another region{hint}", key)
    if code in _REASONS:
        kind = CredentialsError if code in _OF_CREDENTIALS else ServiceError
        return kind(f"{_REASONS[code]} ({status} {code})", key)
    return of_status(
        status, "" if code == str(status) else code, key, str(error.get("Message", ""))
    )
