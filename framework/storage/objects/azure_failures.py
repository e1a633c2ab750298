"""What goes wrong with Azure Blob Storage, from its libraries' words to ours."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from framework.storage.objects.failures import (
    ConditionError,
    CredentialsError,
    MissingBucketError,
    PassingError,
    ServiceError,
    of_status,
    one_line,
    unreachable,
)
from framework.storage.objects.service import split_key

if TYPE_CHECKING:
    from framework.storage.objects.azure_client import AzureClient

_TAKEN = frozenset(
    {
        "BlobAlreadyExists",
        "ConditionNotMet",
        "TargetConditionNotMet",
        "UnauthorizedBlobOverwrite",
        "InvalidBlockList",
    }
)
_PASSING = frozenset({"PendingCopyOperation", "OperationTimedOut", "ServerBusy", "InternalError"})
_REASONS = {
    "AccountIsDisabled": "the account is disabled",
    "AuthorizationPermissionMismatch": "access denied: the credentials don't allow this",
    "AuthorizationPermissionError": "access denied: the credentials don't allow this",
    "AuthorizationFailure": "access denied: the credentials, or the account's network rules, don't "
    "allow it",
    "AuthorizationResourceTypeMismatch": "access denied: the signature is for other things",
    "BlobArchived": "the blob is archived and has to be rehydrated first",
    "BlobImmutableDueToPolicy": "the blob may not be changed: an immutability policy holds",
    "ContainerBeingDeleted": "the container is being deleted",
    "ContainerDisabled": "the container is disabled",
    "InsufficientAccountPermissions": "access denied: the credentials don't allow this",
    "InvalidResourceName": "the container's or the blob's name is not valid",
    "InvalidUri": "the container's or the blob's name is not valid",
    "KeyBasedAuthenticationNotPermitted": "access denied: the account allows no keys",
    "LeaseIdMissing": "somebody holds a lease on the blob",
}
_OF_CREDENTIALS = frozenset(
    {"AuthenticationFailed", "InvalidAuthenticationInfo", "ExpiredAuthenticationToken"}
)
_NO_CREDENTIALS = "access denied: there are no credentials, and the container is not public"
_NO_ACCESS = frozenset({"PublicAccessNotPermitted", "ResourceNotFound"})
"""What who asks without credentials is told of a container that is not public."""


def failure_of(error: Exception, key: str, client: AzureClient, *, was_known: bool) -> Exception:
    """What is to be raised for what a request raised.

    Args:
        error: What that was.
        key: Of what.
        client: What was asked.
        was_known: Whether the account has answered before, so that there are credentials.
    """
    import aiohttp
    from azure.core import exceptions

    if isinstance(error, exceptions.ClientAuthenticationError) and error.status_code is None:
        reason = f"no credentials for Azure: {one_line(str(error.message))}"
        return PassingError(reason, key) if was_known else ServiceError(reason, key)
    if isinstance(error, exceptions.HttpResponseError) and error.status_code:
        return _of_answer(error, key, client)
    passing = (
        exceptions.ServiceRequestError,
        exceptions.ServiceResponseError,
        exceptions.IncompleteReadError,
        aiohttp.ClientError,
        asyncio.TimeoutError,
        ConnectionError,
        TimeoutError,
    )
    if isinstance(error, passing):
        return unreachable(client.endpoint, error, key)
    return ServiceError(one_line(str(error)) or type(error).__name__, key)


def _of_answer(error: Exception, key: str, client: AzureClient) -> Exception:
    status = int(getattr(error, "status_code", 0))
    code = getattr(error, "error_code", "") or ""
    code = str(getattr(code, "value", code))
    if code == "ContainerNotFound":
        container = split_key(key)[0]
        return MissingBucketError(f"there is no container {container!r}", key)
    if code in _TAKEN:
        return ConditionError(code)
    if code in _PASSING:
        return PassingError(f"the store asks to be asked again ({code})", key)
    if client.is_anonymous and (status in {401, 403} or code in _NO_ACCESS):
        return ServiceError(f"{_NO_CREDENTIALS} ({status} {code})", key)
    if code in _REASONS:
        return ServiceError(f"{_REASONS[code]} ({status} {code})", key)
    if status in {401, 403}:
        kind = CredentialsError if code in _OF_CREDENTIALS else ServiceError
        return kind(f"{_why_denied(str(error), client)} ({status} {code})", key)
    if status == 409:
        return ServiceError(f"the store refused ({status} {code})", key)
    return of_status(status, code, key, str(error).partition("\n")[0])


def _why_denied(said: str, client: AzureClient) -> str:
    if client.is_signed and "time frame" in said:
        return "access denied: the signature has expired, or is not valid yet"
    what = "signature" if client.is_signed else "credentials"
    return f"access denied: the {what} can't be used here"
