"""How requests to services of objects fail, in people's words."""

from __future__ import annotations

from framework.domain.redaction import without_signatures
from framework.errors import StorageError, StoreUnavailableError
from framework.storage.os_errors import shown

_PASSES = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST = 200


class ServiceError(StorageError):
    """A service refused for good, or did not answer for too long.

    Attributes:
        reason: Why, in people's words, without where.
    """

    def __init__(self, reason: str, key: str) -> None:
        super().__init__(f"{reason}: {shown(key)}" if key else reason)
        self.reason = reason


class UnavailableError(ServiceError, StoreUnavailableError):
    """A service could not be reached, or went on failing, for as long as it was asked."""


class CredentialsError(UnavailableError):
    """A service does not take the credentials, or takes them no more, whatever is asked for."""

    is_certain = True


class MissingBucketError(ServiceError):
    """There is no such bucket, or no such container."""


class PassingError(Exception):
    """A request failed in a way that may pass.

    Attributes:
        reason: Why, in people's words.
        key: Of what.
        after_s: For how long the service wants to be left alone.
    """

    after_s: float = 0.0

    def __init__(self, reason: str, key: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.key = key


class Conflict(Exception):  # noqa: N818 - not an error: somebody else was writing at that moment
    """Another writer was at the same key, and who wins is open: to be tried again as a whole."""


class ConditionError(Exception):
    """The condition of a request did not hold."""


class RangeError(Exception):
    """A range begins at or after the object's end."""


class NoUploadError(Exception):
    """There is no such upload: it was finished, or given up."""


class CantCopyError(Exception):
    """The service has no conditional copy for this object: its bytes have to be sent again."""


def of_status(status: int, code: str, key: str, said: str = "") -> Exception:
    """What an HTTP status means, whatever the service.

    Args:
        status: The status.
        code: The service's own word for it; may be empty.
        key: Of what.
        said: What the service said more.
    """
    told = f"{status} {code}".strip()
    if status in _PASSES:
        what = "the store asks for fewer requests" if status in {429, 503} else "the store failed"
        return PassingError(f"{what} ({told})", key)
    if status == 404:
        return FileNotFoundError(key)
    if status in {409, 412}:
        return ConditionError(told)
    if status == 416:
        return RangeError(told)
    if status in {401, 403}:
        return ServiceError(f"access denied ({told}): the credentials don't allow it", key)
    more = f": {one_line(said)}" if said else ""
    return ServiceError(f"the store refused ({told}){more}", key)


def unreachable(endpoint: str, error: BaseException, key: str) -> PassingError:
    """A connection that could not be made, broke, or was silent for too long."""
    where = f" at {without_signatures(endpoint)}" if endpoint else ""
    said = one_line(str(error)) or type(error).__name__
    return PassingError(f"the store{where} can't be reached ({said})", key)


def one_line(text: str) -> str:
    """What a library said, fit for a message."""
    line = without_signatures(" ".join(text.split()))
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
