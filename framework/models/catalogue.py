"""Reading the model registry: `models/<name>/<version>.json`, and the content beside it.

A version is there when its `.json` is; that is written last. Content without one was left by a
registration that was killed.
"""

from __future__ import annotations

import logging

from framework.domain.suggestions import did_you_mean
from framework.errors import ModelError, NotFoundError
from framework.models.references import (
    ModelReference,
    check_name,
    is_name,
    number_of,
    parse_reference,
)
from framework.models.version import MODELS, SUFFIX, ModelVersion, folder_of, from_json, record_of
from framework.storage import Store

logger = logging.getLogger(__name__)


class Catalogue:
    """What models a workspace has.

    Args:
        store: The workspace.
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    def names(self) -> list[str]:
        """Names of all models that have a version, archived or not."""
        return [name for name in self.folders() if self.versions(name)]

    def versions(self, name: str) -> list[ModelVersion]:
        """All versions of a model, archived ones too; the newest first. None if it isn't there."""
        return [model for model in self.written(name) if model.deleted_at is None]

    def get(self, reference: str | ModelReference) -> ModelVersion:
        """The version that `name:version`, `name@latest` or `name` means.

        Archived versions are found by their version only.

        Raises:
            NotFoundError: There is none.
            ModelError: The reference can't be read, or what is written down is broken.
        """
        if isinstance(reference, str):
            reference = parse_reference(reference)
        if reference.version is None:
            return self._latest(reference.name)
        try:
            model = self._read(reference.name, reference.version)
        except FileNotFoundError:
            raise self.not_found(reference) from None
        if model.deleted_at is not None:
            raise NotFoundError(f"model {model.title} was deleted at {model.deleted_at}")
        return model

    def written(self, name: str) -> list[ModelVersion]:
        """All that is written down of a model, deleted versions too; the newest first."""
        found, broken = self._read_all(name)
        for error in broken:  # one broken version must not hide the others
            logger.warning("%s", error)
        return sorted(found, key=_age, reverse=True)

    def broken(self) -> list[str]:
        """What is wrong with what is written down."""
        return [str(error) for name in self.folders() for error in self._read_all(name)[1]]

    def folders(self) -> list[str]:
        """What could be models, by their names."""
        return [name for name in self.store.names(MODELS) if is_name(name)]

    def _read_all(self, name: str) -> tuple[list[ModelVersion], list[ModelError]]:
        found, broken = [], []
        for entry in self.store.names(folder_of(check_name(name))):
            version = entry.removesuffix(SUFFIX)
            if version == entry or not is_name(version):
                continue
            try:
                found.append(self._read(name, version))
            except FileNotFoundError:
                continue  # gone since the folder was listed
            except ModelError as error:
                broken.append(error)
        return found, broken

    def _read(self, name: str, version: str) -> ModelVersion:
        return from_json(name, version, self.store.read(record_of(name, version)))

    def _latest(self, name: str) -> ModelVersion:
        there = self.versions(name)
        if not there:
            raise self.not_found(ModelReference(name))
        live = [model for model in there if not model.is_archived]
        if not live:
            raise NotFoundError(
                f"model {name}: all its versions are archived; say which, as {there[0].title}, or "
                "restore one"
            )
        return live[0]

    def not_found(self, reference: ModelReference) -> NotFoundError:
        """What to say of a model that isn't there."""
        versions = [model.version for model in self.versions(reference.name)]
        if versions:
            return NotFoundError(
                f"model {reference.name} has no version "
                f"{reference.version!r}{did_you_mean(reference.version or '', versions)}"
            )
        names = self.names()
        hint = did_you_mean(reference.name, names) or ": the workspace has no models yet"
        return NotFoundError(f"there is no model named {reference.name!r}{hint}")


def _age(model: ModelVersion) -> tuple[int, str, int]:
    return model.order, model.created_at, number_of(model.version) or 0
