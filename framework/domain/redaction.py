"""What must never be stored or shown: signatures of signed URLs, passwords, keys of accounts.

Azure's parameters are those of a shared access signature (`sv`, `se`, `sig`, ...); Amazon's and
Google's begin with `X-Amz-` and `X-Goog-`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MASK = "***"

# A scheme's length is bounded below: else a long text of letters would be searched from each one.
_SIGNS = re.compile(
    r"""(?:^|[?&;])(?:sig|signature|x-(?:amz|goog)-(?:signature|credential|security-token)
        |token|access_token|auth_token|sas_token|api_?key|AWSAccessKeyId|GoogleAccessId)=""",
    re.IGNORECASE | re.VERBOSE,
)
_SIGNING = re.compile(
    r"""(?:sig|signature|sv|ss|srt|sr|sp|st|se|spr|sip|si|skoid|sktid|skt|ske|sks|skv|saoid|suoid
        |scid|sdd|ses|rsc[cdelt]|x-(?:amz|goog)-[\w-]+|token|access_token|auth_token|sas_token
        |api_?key|AWSAccessKeyId|GoogleAccessId|expires)""",
    re.IGNORECASE | re.VERBOSE,
)
_QUERY = re.compile(
    r"(?P<url>[A-Za-z][A-Za-z0-9+.-]{0,40}://[^\s?'\"<>]*|(?<![^\s'\"=]))\?(?P<query>[^\s'\"<>#]*)"
)
_BARE_QUERY = re.compile(r"[\w-]+=[^&\s]*(?:&[\w-]+=[^&\s]*)+")
_ACCOUNT_KEY = re.compile(
    r"(?P<name>AccountKey|SharedAccessKey|SharedAccessSignature)=(?!\$\{)[^;\s'\"]+", re.IGNORECASE
)
_PASSWORD = re.compile(
    r"(?P<start>[A-Za-z][A-Za-z0-9+.-]{0,40}://[^\s/?#:@'\"]*):(?!\$\{)(?!\*\*\*@)[^\s/?#'\"]+@"
)
_SECRET_KEY = re.compile(
    r"""(?:^|_)pass(?:$|_) | password | passwd | passphrase | pwd | secret | credential | signature
        | token(?:$|_) | api_?key | connection_?string
        | (?:^|_)(?:keys?|sas|pat|auth|cookie|bearer|jwt|dsn)(?:$|_)""",
    re.IGNORECASE | re.VERBOSE,
)
_PATHS = frozenset({"tls_client_key"})
"""A file's name, though it does not sound so."""
_REFERENCE = re.compile(r"\$\{oc\.env:[^{}]*\}")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")


def looks_secret(key: str) -> bool:
    """Whether a key's name says that its value is a secret: `API_TOKEN`, `accountKey`, `sas`."""
    return key not in _PATHS and bool(_SECRET_KEY.search("_".join(_WORDS.split(key))))


def masked(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document as plain values, fit to be shown.

    Signatures are taken out of URLs. Below its root, what its key's name says to be a secret is
    masked, unless it is a `${oc.env:...}` reference.
    """
    return {str(key): _masked(value, is_secret=False) for key, value in document.items()}


def _masked(value: Any, *, is_secret: bool) -> Any:
    if isinstance(value, Mapping):
        return {
            str(key): _masked(item, is_secret=is_secret or looks_secret(str(key)))
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_masked(item, is_secret=is_secret) for item in value]
    if not isinstance(value, str):
        is_plain = not is_secret or value is None or isinstance(value, bool)
        return value if is_plain else MASK
    if is_secret and value and not _REFERENCE.fullmatch(value):
        return MASK
    return without_signatures(value)


def without_signatures(text: str) -> str:
    """Takes signatures and passwords out of every URL in a text; all else stays as it is.

    A parameter whose value is a `${...}` reference stays: the reference is no secret.
    """
    if "=" not in text and "@" not in text:
        return text
    text = _ACCOUNT_KEY.sub(rf"\g<name>={MASK}", text)
    text = _PASSWORD.sub(rf"\g<start>:{MASK}@", text)
    if _BARE_QUERY.fullmatch(text) and _SIGNS.search(text):
        return _unsigned(text)
    return _QUERY.sub(_unsigned_url, text)


def _unsigned_url(match: re.Match[str]) -> str:
    query = match["query"]
    if not _SIGNS.search(f"?{query}"):
        return match[0]
    rest = _unsigned(query)
    return match["url"] + (f"?{rest}" if rest else "")


def _unsigned(query: str) -> str:
    return "&".join(part for part in query.split("&") if not _is_signing(part))


def _is_signing(part: str) -> bool:
    name, _, value = part.partition("=")
    return bool(_SIGNING.fullmatch(name)) and not value.startswith("${")
