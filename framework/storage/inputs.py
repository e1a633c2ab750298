"""The inputs of a job: from folders, files, globs and lists to one ordered stream of files."""

from __future__ import annotations

import heapq
import os
from collections.abc import Callable, Iterator, Sequence
from itertools import dropwhile
from typing import Literal

from framework.domain.files import InputFile, order_key
from framework.errors import InputError, StorageError
from framework.storage.contract import Store
from framework.storage.globs import PathFilter
from framework.storage.input_items import FoundGlob, InputItems
from framework.storage.options import NO_OPTIONS, Options
from framework.storage.os_errors import shown
from framework.storage.paths import local_form, path_below
from framework.storage.tree import Selection, TreeStore

_Enters = Callable[[str], bool]


class InputListing:
    """The files of an input, as a stream that is the same each time.

    Attributes:
        root: The URL or absolute path that files' paths are relative to: the folder; the parent of
            a single file; of a glob, the longest folder before its first pattern; of several
            items, the folder that holds them all.
        store: The store at the root.
        warnings: What people should know; filled as the files are listed.
    """

    def __init__(self, items: InputItems, *, filters: InputFilters, leave_out: Sequence[str]):
        self.store: Store = items.tree.at(items.root)
        self.root = self.store.url
        self.warnings: list[str] = []
        self._tree = items.tree
        self._items = items
        self._filters = filters
        here = [path for path in map(local_form, leave_out) if path]
        self._leave_out = tuple(os.path.realpath(path) for path in here)
        # Of a folder of the web nothing is listed, and one that holds the root does not count.
        elsewhere = (path_below(self.root, url) for url in leave_out if local_form(url) is None)
        self._outside = frozenset(path for path in elsewhere if path)
        self._seen = self._skipped = 0

    def files(self, after: str | None = None) -> Iterator[InputFile]:
        """The files, by the UTF-8 bytes of their paths, each once.

        Args:
            after: The last path of a listing that was cut short: what comes after it follows.

        Raises:
            InputError: A folder can't be read, or a glob matches nothing. Anything that can be
                known at once comes with the first file.
        """
        self._seen = self._skipped = 0
        try:
            files = self._merged(after)
            if after is not None:
                last = order_key(after)
                files = dropwhile(lambda file: order_key(file.path) <= last, files)
            yield from files if self._filters.keep_all else self._kept(files)
        except StorageError as error:
            raise InputError(error.message) from error
        except FileNotFoundError as error:
            raise InputError(f"the input {shown(error.filename or self.root)} is gone") from error

    def explain_empty(self) -> str:
        """Why `files` has ended without one file: one line."""
        root = shown(self.root)
        if self._skipped:
            return f"no file in {root} passes input_include and input_exclude"
        if self._seen:
            seen = "the only file" if self._seen == 1 else f"none of the {self._seen} files"
            verb = "does not pass" if self._seen == 1 else "passes"
            return f"{seen} in {root} {verb} input_include and input_exclude"
        hidden = any(name.startswith(".") for name in self.store.names())
        return f"there is no file in {root}" + (" but hidden ones" if hidden else "")

    def _merged(self, after: str | None) -> Iterator[InputFile]:
        cut = len(self._items.root) + 1 if self._items.root else 0
        streams = [self._walk_folder(path[cut:], after) for path in self._items.folders]
        streams += [self._walk_glob(glob, cut, after) for glob in self._items.globs]
        if len(self._items.files):
            streams.append(file._replace(path=file.path[cut:]) for file in self._items.files)
        merged = streams[0] if len(streams) == 1 else heapq.merge(*streams, key=_file_order)
        # One walk lists nothing twice.
        is_walk = len(streams) == 1 and not len(self._items.files)
        return merged if is_walk else self._each_once(merged)

    def _walk_folder(self, path: str, after: str | None) -> Iterator[InputFile]:
        return map(InputFile._make, self._walk(path, self._entering(after), hidden=False))

    def _walk_glob(self, found: FoundGlob, cut: int, after: str | None) -> Iterator[InputFile]:
        base = found.base[cut:]
        skip = len(base) + 1 if base else 0
        glob = found.glob
        enters = self._entering(after)
        folders = files = 0
        skipped = self._skipped

        def may_hold(folder: str) -> bool:
            nonlocal folders
            folders += glob.matches(folder[skip:])
            return glob.may_hold(folder[skip:]) and enters(folder)

        for file in self._walk(base, may_hold, hidden=glob.hidden):
            if glob.matches(file[0][skip:]):
                files += 1
                yield InputFile._make(file)
        if not files and self._skipped == skipped:
            raise InputError(_unmatched(found, folders))

    def _walk(self, path: str, enters: _Enters, *, hidden: bool) -> Iterator[tuple[str, int, str]]:
        assert isinstance(self.store, TreeStore)
        selection = Selection(hidden=hidden, enters=enters, leave_out=self._leave_out)
        return self.store.walk(path, selection)

    def _entering(self, after: str | None) -> _Enters:
        last = None if after is None else order_key(after)

        def enters(folder: str) -> bool:
            if folder in self._outside:
                return False
            if last is not None:
                first = order_key(f"{folder}/")
                if first < last and not last.startswith(first):
                    self._skipped += 1
                    return False
            if self._filters.excludes(folder):
                self._skipped += 1
                return False
            return True

        return enters

    def _kept(self, files: Iterator[InputFile]) -> Iterator[InputFile]:
        for file in files:
            self._seen += 1
            if self._filters.keep(file.path):
                yield file

    def _each_once(self, files: Iterator[InputFile]) -> Iterator[InputFile]:
        previous: str | None = None
        repeated = 0
        for file in files:
            if file.path == previous:
                repeated += 1
            else:
                previous = file.path
                yield file
        if repeated:
            files_are = "file is" if repeated == 1 else "files are"
            self._warn(f"{repeated} {files_are} listed more than once; each is scored once")

    def _warn(self, warning: str) -> None:
        if warning not in self.warnings:
            self.warnings.append(warning)


class InputFilters:
    """`input_include` and `input_exclude`.

    Args:
        include: Globs; a file has to match one of them, if there are any.
        exclude: Globs; a file must match none of them.

    Raises:
        InputError: A pattern can't be read.
    """

    def __init__(self, include: Sequence[str], exclude: Sequence[str]) -> None:
        self._include = _path_filter(include, "input_include")
        self._exclude = _path_filter(exclude, "input_exclude")

    @property
    def keep_all(self) -> bool:
        """Whether no file is left out."""
        return self._include is None and self._exclude is None

    def keep(self, path: str) -> bool:
        """Whether a file is to be scored."""
        if self._include is not None and not self._include.matches(path):
            return False
        return self._exclude is None or not self._exclude.matches(path)

    def excludes(self, folder: str) -> bool:
        """Whether nothing below a folder is to be scored."""
        return self._exclude is not None and self._exclude.matches(folder)


def open_input(
    items: Sequence[str],
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    leave_out: Sequence[str] = (),
    expected: Literal["uri_file", "uri_folder"] | None = None,
    options: Options = NO_OPTIONS,
) -> InputListing:
    """Finds out what an input stands for; lists are read, folders are not.

    Args:
        items: Folders, files, globs, `@list.txt`, or several of these; paths or URLs of one store.
            What exists as it is written is never read as a glob or a list.
        include: Globs of paths below the root; without a slash, of names. A folder that matches
            stands for all that is in it.
        exclude: The same, for what is not to be scored.
        leave_out: Absolute local paths and URLs that no walk lists, such as the workspace. What is
            named by itself is listed all the same.
        expected: What each item has to be that is neither a glob nor a list; `None` for either.
        options: By root URL, what fsspec needs to open what is there or below.

    Raises:
        InputError: Something isn't there, can't be read, can't be mixed or is not what was
            expected: one line.
    """
    filters = InputFilters(include, exclude)
    return InputListing(
        InputItems(
            [items] if isinstance(items, str) else items, expected=expected, options=options
        ),
        filters=filters,
        leave_out=leave_out,
    )


def _file_order(file: InputFile) -> bytes:
    return order_key(file.path)


def _path_filter(patterns: Sequence[str], key: str) -> PathFilter | None:
    try:
        return PathFilter(patterns) if patterns else None
    except ValueError as error:
        raise InputError(f"{key} {', '.join(patterns)}: {error}") from error


def _unmatched(found: FoundGlob, folders: int) -> str:
    if not folders:
        return f"nothing matches {found.text}"
    what = "a folder" if folders == 1 else f"{folders} folders"
    return f"no file matches {found.text}: it matches {what}; end it with /** for the files inside"
