"""What a verb asks of the registry, and the document that comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from framework.config.editing.addresses import Address
from framework.config.editing.assignments import REMOVE, SET, Setting, placed
from framework.config.editing.document import Document, NotEditableError
from framework.config.editing.incoming import Incoming, rebase_all
from framework.config.editing.inlining import inline_files
from framework.config.schema import Key
from framework.config.yaml_files import shown_path
from framework.domain.suggestions import did_you_mean
from framework.errors import ConfigurationError, Problem, UsageError

_IDENTITY = frozenset({"$schema", "name", "endpoint_name", "version"})
_OF_OTHER_VERBS = {"endpoint": frozenset({"defaults"})}
"""What `create` leaves alone where its file is silent: `deployment create --set-default` set it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a verb asks for.

    Attributes:
        address: Of what.
        incoming: The file with its new content.
        settings: Keys to set, after that.
        removed: Keys to remove, after that.
        replaces: Whether keys that the file doesn't have go away.
        model: What an inline model was registered as; it stands in the model's place.
    """

    address: Address
    incoming: Incoming | None = None
    settings: tuple[Setting, ...] = ()
    removed: tuple[Key, ...] = ()
    replaces: bool = False
    model: str | None = None


def drafted(request: Request, existing: Document | None, path: Path, project: Path) -> Document:
    """The document that a request makes of what is there.

    Args:
        request: What is asked for.
        existing: What is there; changed in place.
        path: The file that it will be.
        project: The folder that `conf/` lies in.

    Raises:
        ConfigurationError: A key to remove is not there, or a file of an environment.
        UsageError: The file has an anchor where a key is to be changed.
    """
    try:
        document = _taken_over(request, existing, path, project)
        _set(request, document, path, project)
        _remove(request, document)
    except NotEditableError as error:
        raise UsageError(f"{shown_path(path)}: {error}") from None
    return document


def _taken_over(request: Request, existing: Document | None, path: Path, project: Path) -> Document:
    if request.incoming is None:
        return existing or _empty(request.address)
    prepared = request.incoming.prepared(request.address, path, project)
    _set_model(request, prepared)
    if existing is None:
        return prepared
    keeps = _IDENTITY | _OF_OTHER_VERBS.get(request.address.kind, frozenset())
    existing.merge(prepared.data, replaces=request.replaces, keeps=keeps)
    return existing


def _empty(address: Address) -> Document:
    document = Document()
    document.set(("name",), address.name)
    if address.endpoint is not None:
        document.set(("endpoint_name",), address.endpoint)
    return document


def _set(request: Request, document: Document, path: Path, project: Path) -> None:
    here = Path.cwd()
    typed = Document()
    for setting in request.settings:
        typed.set(setting.key, setting.value)
    if request.address.kind == "environment":
        inline_files(typed, here, SET)
    rebase_all(typed, request.address.kind, here, path.parent, project)
    for setting in request.settings:
        key = placed(request.address.kind, setting.key, document)
        document.set(key, typed.get(setting.key))
    _set_model(request, document)


def _set_model(request: Request, document: Document) -> None:
    if request.model is not None and document.has(("model",)):
        document.set(("model",), request.model)


def _remove(request: Request, document: Document) -> None:
    problems = []
    for written in request.removed:
        key = placed(request.address.kind, written, document)
        if key[0] in _IDENTITY and len(key) == 1:
            problems.append(_problem(key, "can't be removed"))
        elif not document.has(key):
            above = document.get(key[:-1])
            hint = did_you_mean(key[-1], above) if isinstance(above, dict) else ""
            problems.append(_problem(key, f"is not set{hint}"))
        else:
            document.remove(key)
    if problems:
        raise ConfigurationError(*problems)


def _problem(key: Key, message: str) -> Problem:
    return Problem(key=".".join(key), message=message, source=REMOVE)
