"""The URL schemes, and which extra brings the library of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from framework.domain.redaction import without_signatures
from framework.domain.suggestions import did_you_mean
from framework.errors import MissingExtraError, StorageError, UsageError
from framework.storage.options import NO_OPTIONS, Options, options_for
from framework.storage.paths import scheme_of

_EXTRAS = {
    "s3": ("s3", "s3fs"),
    "s3a": ("s3", "s3fs"),
    "az": ("azure", "adlfs"),
    "abfs": ("azure", "adlfs"),
    "abfss": ("azure", "adlfs"),
    "wasb": ("azure", "adlfs"),
    "wasbs": ("azure", "adlfs"),
    "adl": ("azure", "adlfs"),
    "gs": ("gcs", "gcsfs"),
    "gcs": ("gcs", "gcsfs"),
    "http": ("http", "aiohttp"),
    "https": ("http", "aiohttp"),
}
_ALSO_KNOWN = ("file", "memory")


def make_filesystem(protocol: str, url: str, settings: Mapping[str, Any]) -> Any:
    """An fsspec file system of a protocol, for one URL and those with the same settings.

    Raises:
        MissingExtraError: An extra brings the protocol's library, and it isn't installed.
        StorageError: The library refuses the settings.
    """
    import fsspec

    _check_installed(protocol, url)
    with _translated(url):
        # Instances are ours to keep: fsspec keeps one a thread, each with connections of its own.
        return fsspec.filesystem(
            protocol, skip_instance_cache=True, use_listings_cache=False, **settings
        )


def open_filesystem(url: str, options: Options = NO_OPTIONS) -> tuple[Any, str]:
    """The fsspec file system of a URL, and the URL's path in it.

    Raises:
        UsageError: The scheme is not known.
        MissingExtraError: An extra brings the scheme's library, and it isn't installed.
        StorageError: The library refuses the URL.
    """
    from fsspec.core import url_to_fs
    from fsspec.registry import known_implementations, registry

    scheme = scheme_of(url)
    _check_installed(scheme, url)
    if scheme not in _EXTRAS and scheme not in known_implementations and scheme not in registry:
        raise UsageError(_unknown(scheme, url))
    with _translated(url):
        # A listing that was cached would hide what came since.
        settings = {"use_listings_cache": False, **options_for(url, options)}
        filesystem, path = url_to_fs(url, **settings)
    return filesystem, str(path)


def _check_installed(scheme: str, url: str) -> None:
    if scheme in _EXTRAS and find_spec(_EXTRAS[scheme][1]) is None:
        extra, library = _EXTRAS[scheme]
        raise MissingExtraError(f"{without_signatures(url)} needs {library}", extra=extra)


@contextmanager
def _translated(url: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise UsageError(
            f"{without_signatures(url)} needs a library that can't be imported: {error}"
        ) from error
    except Exception as error:
        # Each library below fsspec has errors of its own.
        reason = " ".join(str(error).split()) or type(error).__name__
        raise StorageError(f"{without_signatures(url)} can't be opened: {reason}") from error


def _unknown(scheme: str, url: str) -> str:
    hint = did_you_mean(scheme, (*_EXTRAS, *_ALSO_KNOWN))
    return f"unknown scheme {scheme!r} of {without_signatures(url)}{hint}"
