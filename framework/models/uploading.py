"""Putting a model's content into the workspace, before its version is written down."""

from __future__ import annotations

import os
from pathlib import Path

from framework.domain.redaction import without_signatures
from framework.errors import ModelError, StorageError
from framework.models.content import Content, OnProgress, Phase, stamp_of
from framework.models.reserving import Claim, rivals
from framework.models.version import ModelVersion, record_of, to_json
from framework.storage import Store
from framework.storage.os_errors import shown


def publish(
    store: Store,
    model: ModelVersion,
    source: str | Path,
    claim: Claim,
    on_progress: OnProgress | None,
) -> None:
    """Uploads a model, then writes its version down; leaves nothing where that fails.

    Raises:
        ModelError: It was written to meanwhile.
        StorageError: The workspace can't be written, or the claim was lost.
    """
    try:
        _upload(store, model, source, on_progress)
        if not claim.is_held():
            raise rivals(model.name, model.version)
        write_down(store, model)
    except BaseException:
        store.delete(model.folder)
        claim.give_back()
        raise
    claim.give_back()


def write_down(store: Store, model: ModelVersion) -> None:
    """Makes a new version visible."""
    path = record_of(model.name, model.version)
    if not store.creates_exclusively:
        store.write(path, to_json(model))
        return
    try:
        store.create(path, to_json(model))
    except FileExistsError:
        raise rivals(model.name, model.version) from None


def check_can_hold(store: Store, content: Content, source: str | Path) -> None:
    """Makes sure that there is something to keep, and that a store can keep it.

    Raises:
        ModelError: There is no file; a name in it is no UTF-8 and the store has no others; or the
            workspace lies in the model's own folder.
    """
    if not content.files:
        raise ModelError(f"model {shown(str(source))}: there is no file in it")
    local = store.local_path("")
    if local is not None:
        here = os.path.join(os.path.realpath(source), "")  # noqa: PTH118
        if os.path.join(os.path.realpath(local), "").startswith(here):  # noqa: PTH118
            raise ModelError(f"model {shown(str(source))}: the workspace {store.url} lies in it")
        return
    for path in (content.file_name, *(file.path for file in content.files)):
        if path.encode("utf-8", "replace").decode() != path:
            raise ModelError(
                f"model {shown(str(source))}: the name of {shown(path)} is no UTF-8, and "
                f"{without_signatures(store.url)} has no other names"
            )


def _upload(
    store: Store, model: ModelVersion, source: str | Path, on_progress: OnProgress | None
) -> None:
    above = os.path.dirname(os.path.abspath(source))  # noqa: PTH100, PTH120
    done = 0

    def tell(count: int) -> None:
        nonlocal done
        done += count
        if on_progress is not None:
            on_progress(Phase.UPLOAD, done, model.size)

    for file in model.content.files:
        full, path = os.path.join(above, file.path), f"{model.folder}/{file.path}"  # noqa: PTH118
        try:
            store.copy_in(Path(full), path, tell)
            is_same = stamp_of(full) == file.stamp and store.stat(path).size == file.size
        except FileNotFoundError:
            is_same = False
        except OSError as error:
            raise StorageError(f"model {model.title}: {shown(full)}: {error.strerror}") from error
        if not is_same:
            raise ModelError(
                f"model {model.title}: {shown(full)} was written to while it was being registered"
            )
    _make_empty_folders(store, model)


def _make_empty_folders(store: Store, model: ModelVersion) -> None:
    """On a local disk; a store of objects has none, and who fetches the model makes them."""
    folder = store.local_path(model.folder)
    if folder is not None:
        for path in model.content.empty_folders:
            os.makedirs(folder / path, exist_ok=True)  # noqa: PTH103
