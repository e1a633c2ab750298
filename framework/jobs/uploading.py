"""Bringing what only the driver sees to a store that instances see, once for each content."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from framework.domain import phrases
from framework.domain.files import InputFile
from framework.domain.models import ModelSource
from framework.models.fetching import files_of
from framework.storage import Store
from framework.storage.tree import Selection, TreeStore

Say = Callable[[str], None]

_AT_ONCE = 8
_TOGETHER = 256
_SAY_EVERY_S = 5.0
_UPLOADS = "uploads"


def upload_files(
    source: Store, files: Callable[[], Iterable[InputFile]], target: Store, say: Say, what: str
) -> Store:
    """Uploads files, unless the same ones are there already.

    Where they go is named by their paths, sizes and times. What was uploaded when the driver died
    is not uploaded again.

    Args:
        source: Where they lie, on this machine.
        files: Lists them, each time in the same order.
        target: Where they go.
        say: Tells people how far it is.
        what: What they are, for people.

    Returns:
        The folder that they are in.
    """
    name, count, size = _named(source, files())
    folder = target.at(f"{_UPLOADS}/{name}")
    mark = f"{_UPLOADS}/{name}.complete"
    if target.exists(mark):
        return folder
    say(f"uploading {what} to {folder.url}: {phrases.files(count)}, {phrases.size(size)}")
    there = _sizes(folder)
    missing = (file for file in files() if there.get(file.path) != file.size)
    _upload(source, missing, folder, _Progress(say, what, size))
    target.write(mark, b"")
    return folder


def upload_model(model: ModelSource, source: Store, target: Store, say: Say) -> ModelSource:
    """Uploads a model, unless it is there already; whoever fetches it checks its checksum."""

    def files() -> Iterable[InputFile]:
        return (InputFile(*file) for file in files_of(model, source))

    folder = upload_files(source, files, target, say, f"the model {model.title}")
    return ModelSource(
        title=model.title,
        url=folder.url,
        path=model.path,
        sha256=model.sha256,
        size=model.size,
        empty_folders=model.empty_folders,
    )


def _sizes(folder: Store) -> dict[str, int]:
    """What is there already, hidden files too; nothing where there is no folder yet."""
    assert isinstance(folder, TreeStore)  # all of ours are
    try:
        return {file.path: file.size for file in folder.walk("", Selection(hidden=True))}
    except FileNotFoundError:
        return {}


def _named(source: Store, files: Iterable[InputFile]) -> tuple[str, int, int]:
    digest, count, size = hashlib.sha256(), 0, 0
    digest.update(source.url.encode("utf-8", "surrogateescape"))
    for file in files:
        line = f"\0{file.path}\0{file.size}\0{file.etag}"
        digest.update(line.encode("utf-8", "surrogateescape"))
        count, size = count + 1, size + file.size
    return digest.hexdigest()[:32], count, size


def _upload(source: Store, files: Iterable[InputFile], folder: Store, progress: _Progress) -> None:
    def put(file: InputFile) -> int:
        local = source.local_path(file.path)
        assert local is not None
        try:
            folder.copy_in(local, file.path)
        except FileNotFoundError:  # gone since it was listed: the instance says so of this file
            return 0
        return file.size

    remaining = iter(files)
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="upload") as threads:
        while some := list(islice(remaining, _TOGETHER)):
            for size in threads.map(put, some):
                progress.add(size)


class _Progress:
    def __init__(self, say: Say, what: str, total: int) -> None:
        self._say = say
        self._what = what
        self._total = total
        self._done = 0
        self._said_at = time.monotonic()

    def add(self, size: int) -> None:
        self._done += size
        if time.monotonic() - self._said_at >= _SAY_EVERY_S:
            self._said_at = time.monotonic()
            done, total = phrases.size(self._done), phrases.size(self._total)
            self._say(f"uploading {self._what}: {done} of {total}")
