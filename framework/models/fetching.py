"""Bringing a model from a store to a folder on this machine."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from framework.domain.models import ModelSource
from framework.domain.redaction import without_signatures
from framework.errors import ModelError, StorageError
from framework.models.content import OnProgress, Phase, read_content
from framework.storage import NO_OPTIONS, Options, Store, StoredFile, open_store
from framework.storage.os_errors import explain, shown
from framework.storage.paths import checked_relative, local_form
from framework.storage.tree import Selection, TreeStore


def fetch(
    source: ModelSource,
    folder: Path,
    on_progress: OnProgress | None = None,
    options: Options = NO_OPTIONS,
) -> Path:
    """Copies a model into a folder, under its own name, and checks it.

    Nothing is written anywhere else, whatever the store says the files are called.

    Args:
        source: Where it lies.
        folder: A folder that is there, on this machine.
        on_progress: Told of each piece; what it raises ends the fetching.
        options: How its store is opened.

    Returns:
        The model's file or folder.

    Raises:
        ModelError: It is gone, or is not what was registered.
        StorageError: The store or the disk fails.
    """
    store = open_store(source.url, options)
    assert isinstance(store, TreeStore)  # all of ours are
    target = folder / source.file_name
    try:
        _copy(store, source, target, on_progress)
    except FileNotFoundError as error:
        raise ModelError(f"model {source.title}: {_place(source)} is gone") from error
    except OSError as error:
        at = shown(os.fspath(error.filename or target))
        raise StorageError(explain(error, f"fetching the model {source.title} to", at)) from error
    check(source, target)
    return target


def check(source: ModelSource, path: Path) -> None:
    """Makes sure that a model on this machine is the one that is meant.

    Raises:
        ModelError: It is not.
    """
    if read_content(path).sha256 != source.sha256:
        raise ModelError(
            f"model {source.title}: {_place(source)} is not what was registered: its checksum is "
            f"not {source.sha256[:12]}…"
        )


def bring(store: Store, path: str, folder: Path, on_progress: OnProgress | None = None) -> Path:
    """Copies a file or a folder that nothing is known of yet, to be registered.

    Raises:
        ModelError: It isn't there.
        StorageError: The store or the disk fails.
    """
    assert isinstance(store, TreeStore)  # all of ours are
    found = ModelSource(title=path, url=store.url, path=path, sha256="", size=0)
    try:
        _copy(store, found, folder / path, on_progress)
    except FileNotFoundError as error:
        raise ModelError(f"model {_place(found)} is not there") from error
    except OSError as error:
        raise StorageError(explain(error, f"fetching {_place(found)} to", str(folder))) from error
    return folder / path


@contextmanager
def on_this_machine(
    path: str | Path, options: Options = NO_OPTIONS, on_progress: OnProgress | None = None
) -> Iterator[str | Path]:
    """A model's file or folder; what a URL leads to is fetched for as long as it is needed.

    Raises:
        ModelError: It isn't there.
        StorageError: The store or the disk fails.
    """
    here = path if isinstance(path, Path) else local_form(path)
    if here is not None:
        yield here
        return
    store, file_name = parent_of(str(path), options)
    with tempfile.TemporaryDirectory(prefix="model-") as folder:
        yield bring(store, file_name, Path(folder), on_progress)


def parent_of(url: str, options: Options = NO_OPTIONS) -> tuple[TreeStore, str]:
    """The store that a model's URL is in, and the model's own name there.

    Raises:
        ModelError: It has no name of its own.
    """
    above, _, file_name = url.rstrip("/").rpartition("/")
    if not file_name or above.endswith(":/"):
        shown_url = without_signatures(url)
        raise ModelError(f"model {shown_url}: it has no name of its own, as it is a whole store")
    store = open_store(above, options)
    assert isinstance(store, TreeStore)  # all of ours are
    return store, file_name


def files_of(model: ModelSource, store: Store) -> Iterator[StoredFile]:
    """A model's files, hidden ones too; the model may be a single one.

    Args:
        model: Where it lies.
        store: The store that it is in.

    Raises:
        FileNotFoundError: It is not there.
    """
    assert isinstance(store, TreeStore)  # all of ours are
    if store.is_folder(model.path):
        yield from store.walk(model.path, Selection(hidden=True))
    else:
        yield store.stat(model.path)


def _copy(
    store: TreeStore, source: ModelSource, target: Path, on_progress: OnProgress | None
) -> None:
    done = 0

    def tell(count: int) -> None:
        nonlocal done
        done += count
        if on_progress is not None:
            on_progress(Phase.DOWNLOAD, done, max(source.size, done))

    if store.is_folder(source.path):
        target.mkdir()
    for file in files_of(source, store):
        below = file.path[len(source.path) + 1 :]
        place = target / checked_relative(below) if below else target
        place.parent.mkdir(parents=True, exist_ok=True)
        store.fetch(file.path, place, tell)
    for path in source.empty_folders:
        (target.parent / checked_relative(path)).mkdir(parents=True, exist_ok=True)


def _place(source: ModelSource) -> str:
    return f"{without_signatures(source.url).rstrip('/')}/{shown(source.path)}"


def remove(folder: Path) -> None:
    """Removes a folder with all that is in it, however far it got."""
    shutil.rmtree(folder, ignore_errors=True)
