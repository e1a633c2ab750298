"""A YAML file that is given to a verb, ours or Azure ML's, made fit to lie in `conf/`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from framework.config.editing.addresses import Address, Kind
from framework.config.editing.document import Document
from framework.config.editing.inlining import inline_files, with_located_lines
from framework.config.editing.rebasing import paths_in, rebased
from framework.config.texts import Lined
from framework.config.yaml_files import read_yaml, shown_path
from framework.domain.homes import at_home
from framework.errors import UsageError

_SCHEMA = ("$schema",)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file that was given with `--file`.

    Attributes:
        path: Where it lies.
        data: What it holds.
        text: The same as it is written.
    """

    path: Path
    data: Lined
    text: str

    @property
    def shown(self) -> str:
        """Its path as people read it."""
        return shown_path(self.path)

    def named(self, key: str) -> str | None:
        """A text at its root, such as its name."""
        value = self.data.get(key)
        return str(value) if isinstance(value, str) else None

    def prepared(self, address: Address, target: Path, project: Path) -> Document:
        """Its document as it is to lie in `conf/`.

        Without `$schema`, with the name that it will have, with paths that lead to the same places
        as before, and for environments with what their files say.

        Args:
            address: What it becomes.
            target: The file that it becomes.
            project: The folder that `conf/` lies in.

        Raises:
            ConfigurationError: A file of its environment can't be read.
        """
        document = Document(self.text)
        document.remove(_SCHEMA)
        _give_names(document, address)
        if address.kind == "environment":
            inline_files(document, self.path.parent, self.shown)
        rebase_all(document, address.kind, self.path.parent, target.parent, project)
        return document


def read_incoming(text: str) -> Incoming:
    """Reads the file that `--file` names.

    Raises:
        UsageError: It is not there.
        ConfigurationError: It can't be read, or is no YAML.
    """
    path = Path.cwd() / at_home(text)
    if not path.exists():
        raise UsageError(f"--file: {shown_path(path)!r} is not there")
    data = read_yaml(path)
    return Incoming(path, data, path.read_bytes().decode("utf-8-sig"))


def rebase_all(document: Document, kind: Kind, origin: Path, target: Path, project: Path) -> None:
    """Makes all paths of a document relative to another folder."""
    for key, value in list(paths_in(kind, document.data, origin)):
        document.set(key, rebased(value, origin=origin, target=target, project=project))
    if origin != target:
        with_located_lines(document, kind, origin)


def _give_names(document: Document, address: Address) -> None:
    names = {"name": address.name, "endpoint_name": address.endpoint}
    for key, name in names.items():
        if document.has((key,)) and name is not None:
            given = document.get((key,))
            if str(given).removeprefix("azureml:") != name:
                document.set((key,), name)
