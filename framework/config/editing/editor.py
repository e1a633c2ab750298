"""The registry's writer: what `create` and `update` make of the files of `conf/`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yaml import YAMLError

from framework.config.editing.addresses import Address
from framework.config.editing.checks import check_document
from framework.config.editing.defaults import DEFAULT, default_of
from framework.config.editing.disk import write_file
from framework.config.editing.document import Document, is_same
from framework.config.editing.entities import entity
from framework.config.editing.locking import locked
from framework.config.editing.names import check_new_name, check_version
from framework.config.editing.requests import Request, drafted
from framework.config.editing.versions import (
    VERSION,
    check_explicit,
    matching_version,
    next_version,
    write_newest,
)
from framework.config.registry import Registry, version_in
from framework.config.yaml_files import read_yaml, shown_path
from framework.domain.suggestions import listed
from framework.errors import UsageError

_METADATA = ("description", "tags", "properties")
_CONFIG = b"""\
# The workspace: what holds for all endpoints. A setting that is given here is a default for every
# deployment. Relative paths are relative to this file.
workspace: ../.framework
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a request would make of the registry.

    Attributes:
        address: Of what, with its version.
        path: The file that it becomes.
        document: The file's content.
        is_newest: Whether it becomes the newest version, and an older one stays.
        notices: What people should be told of it.
    """

    address: Address
    path: Path
    document: Document
    is_newest: bool = False
    notices: tuple[str, ...] = field(default=())

    @property
    def entity(self) -> dict[str, Any]:
        """What a verb shows of it."""
        return entity(self.address, self.document.data, self.path)


class Editor:
    """Writes the files of one `conf/`.

    Args:
        config: Its `config.yaml`, which the first write makes where it is not there.
    """

    def __init__(self, config: Path) -> None:
        self.config = config
        self.folder = config.parent
        self.registry = Registry(config)

    def draft(self, request: Request, *, must_exist: bool) -> Draft:
        """What a request would make of what is there; everything is checked, nothing written.

        Args:
            request: What is asked for.
            must_exist: Whether there must be something to change, as for `update`.

        Raises:
            NotFoundError: It is not there, or its endpoint isn't.
            ConfigurationError: All that is wrong with the result.
            UsageError: It can't have this name, or its version can't change.
        """
        address = request.address
        if address.endpoint is not None:
            self.registry.path(address.endpoint, "endpoint")
        found = self.registry.find(address.name, *address.group)
        if found is None and must_exist:
            raise self.registry.not_found(address.name, *address.group)
        if found is None:
            check_new_name(address.kind, address.name, self.registry.names(*address.group))
        if address.is_versioned:
            return self._draft_version(request, found, must_exist=must_exist)
        path = found or self.folder.joinpath(*address.group, f"{address.name}.yaml")
        document = drafted(request, _opened(found), path, self.folder.parent)
        notices = self._check(document, request, address, path)
        if address.kind == "endpoint":
            notices += self._check_default(document, request, must_exist=must_exist)
        return Draft(address=address, path=path, document=document, notices=notices)

    def save(
        self, request: Request, *, must_exist: bool = False, makes_default: bool = False
    ) -> Draft:
        """Does what a request asks for, under the lock.

        Args:
            request: What is asked for.
            must_exist: Whether there must be something to change.
            makes_default: Whether a deployment becomes its endpoint's default.

        Raises:
            FrameworkError: As `draft`; or `conf/` can't be written to.
        """
        if not self.config.is_file():
            self.draft(request, must_exist=must_exist)
        with self._locked():
            draft = self.draft(request, must_exist=must_exist)
            if draft.is_newest:
                write_newest(draft.path, draft.document, conf=self.folder)
            else:
                write_file(draft.path, draft.document.to_bytes(), conf=self.folder)
            if makes_default and draft.address.endpoint is not None:
                self._make_default(draft.address.endpoint, draft.address.name)
        return draft

    def _draft_version(self, request: Request, found: Path | None, *, must_exist: bool) -> Draft:
        address = request.address
        versions = self.registry.versions(address.name, address.kind) if found else {}
        if must_exist:
            path = self.registry.version_path(address.name, address.version, address.kind)
            return self._draft_metadata(request, path)
        path = found or self.folder.joinpath(*address.group, f"{address.name}.yaml")
        existing = None if request.replaces else _opened(found)
        before = None if existing is None else version_in(existing.data, path)
        document = drafted(request, existing, path, self.folder.parent)
        given = document.get(VERSION)
        asked = None if given is None or str(given) == before else str(given)
        explicit = check_explicit(address.version, asked)
        same = matching_version(versions, document, explicit, str(address))
        if explicit is not None and explicit != before:
            check_version(explicit)
        version = same or explicit or next_version(versions)
        document.set(VERSION, version)
        own = Address(kind=address.kind, name=address.name, version=version)
        notices = self._check(document, request, own, path)
        if same is None:
            return Draft(address=own, path=path, document=document, is_newest=True, notices=notices)
        kept = _with_metadata(_opened(versions[same]), document, replaces=request.replaces)
        if same != next(iter(versions)):
            notices += (f"version {same!r} of {address} has this content already",)
        return Draft(address=own, path=versions[same], document=kept, notices=notices)

    def _draft_metadata(self, request: Request, path: Path) -> Draft:
        before = read_yaml(path)
        document = drafted(request, _opened(path), path, self.folder.parent)
        changed = [
            key
            for key in {**before, **document.data}
            if key not in _METADATA and not is_same(before.get(key), document.data.get(key))
        ]
        if changed:
            address = request.address
            raise UsageError(
                f"{listed(changed)} of {address} can't be changed, as a version never changes: "
                f"'python -m framework {address.kind} create' makes the next version"
            )
        notices = self._check(document, request, request.address, path)
        return Draft(address=request.address, path=path, document=document, notices=notices)

    def _check(
        self, document: Document, request: Request, address: Address, path: Path
    ) -> tuple[str, ...]:
        keys = [setting.key for setting in request.settings]
        return check_document(document, address, path, incoming=request.incoming, keys_set=keys)

    def _check_default(
        self, document: Document, request: Request, *, must_exist: bool
    ) -> tuple[str, ...]:
        endpoint, name = request.address.name, document.get(DEFAULT)
        known = self.registry.names("deployment", endpoint)
        if name is None or str(name) in known or str(name) == default_of(self.registry, endpoint):
            return ()
        if must_exist or known:
            raise self.registry.not_found(str(name), "deployment", endpoint)
        return (f"endpoint {endpoint!r} has no deployment {str(name)!r} yet, its default",)

    def _make_default(self, endpoint: str, deployment: str) -> None:
        path = self.registry.path(endpoint, "endpoint")
        document = _opened(path)
        assert document is not None
        document.set(DEFAULT, deployment)
        write_file(path, document.to_bytes(), conf=self.folder)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        _make(self.folder)
        with locked(self.folder):
            if not self.config.is_file():
                write_file(self.config, _CONFIG, conf=self.folder)
            yield


def _opened(path: Path | None) -> Document | None:
    if path is None:
        return None
    try:
        return Document(path.read_bytes().decode())
    except (OSError, ValueError, YAMLError):
        read_yaml(path)  # says what is wrong with it
        raise


def _with_metadata(existing: Document | None, wanted: Document, *, replaces: bool) -> Document:
    assert existing is not None
    for key in _METADATA:
        if wanted.has((key,)):
            existing.set((key,), wanted.get((key,)))
        elif replaces:
            existing.remove((key,))
    return existing


def _make(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise UsageError(f"{shown_path(folder)} can't be made: {reason}") from error
