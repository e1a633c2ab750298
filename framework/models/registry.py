"""The model registry: registering, describing, archiving and deleting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from framework.domain.models import ModelSource
from framework.domain.suggestions import did_you_mean
from framework.errors import ModelError
from framework.models.catalogue import Catalogue
from framework.models.content import Content, OnProgress, difference, read_content
from framework.models.description import UNCHANGED, Description
from framework.models.references import ModelReference, check_name, check_version, number_of
from framework.models.reserving import (
    Claim,
    changing,
    claimed_versions,
    pause,
    rivals,
    sweep,
    tries,
)
from framework.models.uploading import check_can_hold, publish
from framework.models.version import (
    SUFFIX,
    TYPES,
    ModelVersion,
    folder_of,
    record_of,
    to_json,
)


@dataclass(frozen=True, slots=True)
class Registered:
    """What became of a registration.

    Attributes:
        model: The version that has the content.
        is_new: Whether it was made now, or was there already.
    """

    model: ModelVersion
    is_new: bool


class ModelRegistry(Catalogue):
    """The models of one workspace.

    Args:
        store: The workspace; local, or any store that can replace whole files.
    """

    def register(
        self,
        name: str,
        source: str | Path,
        *,
        type: str = "custom_model",  # noqa: A002  Azure ML's word
        version: str | None = None,
        description: Description = UNCHANGED,
        on_progress: OnProgress | None = None,
    ) -> Registered:
        """Registers a file or a folder; the same content of the same type keeps its version.

        Args:
            name: The model's name.
            source: Its file or folder, on this machine. Links in it are followed, and hidden files
                belong to it.
            type: `custom_model` or `mlflow_model`.
            version: A version of one's own choice; else the next number.
            description: For people.
            on_progress: Told how many bytes are done, and of how many.

        Raises:
            ModelError: Name, version or file can't be used, or the version has other content.
            StorageError: The workspace can't be written.
        """
        check_name(name)
        if version is not None:
            check_version(name, version)
        if type not in TYPES:
            raise ModelError(f"model {name}: there is no type {type!r}{did_you_mean(type, TYPES)}")
        content = read_content(source, on_progress)
        check_can_hold(self.store, content, source)
        with changing(self.store, name) as is_alone:
            self._sweep(name, is_alone=is_alone)
            for _ in tries():
                found = self._same(name, content, type, version)
                if found is not None:
                    return Registered(self._described(found, description), is_new=False)
                draft = self._draft(name, content, type, version)
                claim = Claim(self.store, name, draft.version)
                claim.check_place()
                if claim.take():
                    model = description.applied(draft)
                    publish(self.store, model, source, claim, on_progress)
                    return Registered(model, is_new=True)
                pause()
        raise rivals(name, version or "another")

    def update(self, reference: str | ModelReference, description: Description) -> ModelVersion:
        """Changes what is said of a version; its content never changes.

        Raises:
            NotFoundError: There is none.
        """
        with changing(self.store, self.get(reference).name):
            return self._described(self.get(reference), description)

    def archive(self, name: str, version: str | None = None) -> list[ModelVersion]:
        """Hides a version, or all of a model, from lists and from `@latest`.

        Raises:
            NotFoundError: There is none.
        """
        return self._changed(name, version, is_archived=True)

    def restore(self, name: str, version: str | None = None) -> list[ModelVersion]:
        """Shows again what was archived.

        Raises:
            NotFoundError: There is none.
        """
        return self._changed(name, version, is_archived=False)

    def delete(self, name: str, version: str | None = None) -> list[ModelVersion]:
        """Removes a version's content, or that of all versions.

        What is written down stays, so that no later content gets the same version.

        Raises:
            NotFoundError: There is none.
        """
        deleted = self._changed(name, version, deleted_at=_now())
        for model in deleted:
            self.store.delete(model.folder)
        return deleted

    def check(self, model: ModelVersion, on_progress: OnProgress | None = None) -> None:
        """Makes sure that what lies in the workspace is what was registered.

        Of a workspace on this machine; content elsewhere is checked by who fetches it.

        Raises:
            ModelError: It is not.
        """
        path = self.store.local_path(model.path)
        if path is None:
            return
        there = read_content(path, on_progress)
        if there.sha256 != model.sha256:
            raise ModelError(
                f"model {model.title}: {difference(model.content, there)} in {path.parent}: it is "
                "not what was registered"
            )

    def source(self, model: ModelVersion) -> ModelSource:
        """Where instances find a version."""
        return ModelSource(
            title=model.title,
            url=self.store.url,
            path=model.path,
            sha256=model.sha256,
            size=model.size,
            empty_folders=model.content.empty_folders,
        )

    def sweep(self) -> list[str]:
        """Removes what registrations that were killed have left.

        Returns:
            What was removed, as `name:version`.
        """
        swept = []
        for name in self.folders():
            with changing(self.store, name) as is_alone:
                swept += [f"{name}:{each}" for each in self._sweep(name, is_alone=is_alone)]
        return swept

    def _sweep(self, name: str, *, is_alone: bool) -> list[str]:
        swept = sweep(self.store, name, is_alone=is_alone)
        for model in self.written(name):
            if model.deleted_at is not None and self.store.exists(model.folder):
                self.store.delete(model.folder)
                swept.append(model.version)
        return swept

    def _same(
        self, name: str, content: Content, type_: str, version: str | None
    ) -> ModelVersion | None:
        """The version that has this content already."""
        written = self.written(name)
        if version is not None:
            there = next((each for each in written if each.version == version), None)
            return None if there is None else _checked_same(there, content, type_)
        same = [each for each in written if _is_same(each, content, type_)]
        return min(same, key=lambda model: model.is_archived, default=None)

    def _draft(self, name: str, content: Content, type_: str, version: str | None) -> ModelVersion:
        return ModelVersion(
            name=name,
            version=version or self._next(name),
            type=type_,
            content=content,
            order=max((each.order for each in self.written(name)), default=0) + 1,
            created_at=_now(),
        )

    def _next(self, name: str) -> str:
        """The number after all that are taken, be it by something broken or unfinished."""
        entries = [entry.removesuffix(SUFFIX) for entry in self.store.names(folder_of(name))]
        numbers = [number_of(each) or 0 for each in (*entries, *claimed_versions(self.store, name))]
        return str(max(numbers, default=0) + 1)

    def _described(self, model: ModelVersion, description: Description) -> ModelVersion:
        return self._replaced(model, description.applied(model))

    def _changed(self, name: str, version: str | None, **changes: Any) -> list[ModelVersion]:
        chosen = self._chosen(name, version)
        with changing(self.store, name):
            return [self._replaced(model, replace(model, **changes)) for model in chosen()]

    def _chosen(self, name: str, version: str | None) -> Callable[[], list[ModelVersion]]:
        """How to find the versions; they are looked for now, too, as they must be there."""
        if version is None:
            if not self.versions(name):
                raise self.not_found(ModelReference(name))
            return lambda: self.versions(name)
        reference = ModelReference(check_name(name), check_version(name, version))
        self.get(reference)
        return lambda: [self.get(reference)]

    def _replaced(self, was: ModelVersion, is_now: ModelVersion) -> ModelVersion:
        if is_now != was:
            self.store.write(record_of(is_now.name, is_now.version), to_json(is_now))
        return is_now


def _is_same(model: ModelVersion, content: Content, type_: str) -> bool:
    is_there = model.deleted_at is None
    return is_there and (model.sha256, model.type) == (content.sha256, type_)


def _checked_same(model: ModelVersion, content: Content, type_: str) -> ModelVersion:
    way_out = "leave the version out, and the next number is taken"
    if model.deleted_at is not None:
        raise ModelError(f"model {model.title} was deleted, and no version comes again; {way_out}")
    if not _is_same(model, content, type_):
        what = "other content" if model.sha256 != content.sha256 else f"the type {model.type}"
        raise ModelError(f"model {model.title} is there with {what}; {way_out}")
    return model


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
