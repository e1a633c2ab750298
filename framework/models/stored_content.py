"""What a model consists of that lies in a store: read there, file by file, and kept nowhere."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from framework.domain.redaction import without_signatures
from framework.errors import ModelError
from framework.models.content import Content, ContentFile
from framework.storage.checksums import sha256_of
from framework.storage.tree import Selection, TreeStore

_AT_ONCE = 8


def read_stored_content(store: TreeStore, name: str) -> Content:
    """Reads a model's file or folder.

    Args:
        store: The folder that it is in.
        name: Its name there.

    Raises:
        ModelError: It isn't there, or has no file.
        StorageError: It can't be read.
    """
    place = f"{without_signatures(store.url).rstrip('/')}/{name}"
    try:
        is_folder = store.is_folder(name)
        paths = (
            [file.path for file in store.walk(name, Selection(hidden=True))]
            if is_folder
            else [name]
        )
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="model") as threads:
            files = tuple(threads.map(lambda path: _read(store, path), paths))
    except FileNotFoundError as error:
        raise ModelError(f"model.path: {place} does not exist") from error
    if not files:
        raise ModelError(f"model.path: {place} is an empty folder")
    return Content(file_name=name, files=files)


def _read(store: TreeStore, path: str) -> ContentFile:
    with store.open_read(path) as stream:
        sha256 = sha256_of(stream)
        return ContentFile(path=path, size=stream.tell(), sha256=sha256)
