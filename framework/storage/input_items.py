"""From what people give as input to where the files are: folders, globs and single files."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Literal, NamedTuple

from framework.domain.files import InputFile, order_key
from framework.domain.redaction import without_signatures
from framework.domain.suggestions import nearest
from framework.errors import InputError, StorageError
from framework.storage.globs import Glob, is_glob
from framework.storage.input_lists import InputList, ListedLine
from framework.storage.local import LocalStore
from framework.storage.options import NO_OPTIONS, Options
from framework.storage.os_errors import shown
from framework.storage.paths import absolute, is_below, local_form
from framework.storage.sorting import SortedRuns, sorted_runs
from framework.storage.tree import Kind, Sight, TreeStore

_LOOKS_AT_ONCE = 32


class FoundGlob(NamedTuple):
    """A glob and the folder that it starts from.

    Attributes:
        base: The folder's path in the tree.
        glob: What the paths of files below it have to match.
        text: The glob as it was written.
    """

    base: str
    glob: Glob
    text: str


class InputItems:
    """What the items of one input stand for, all in one tree.

    Lists are read to their end at once, so that a missing line is known before any work.

    Args:
        items: Folders, files, globs, `@lists`.
        expected: What an item that is a file or a folder has to be; `None` for either.
        options: By root URL, what fsspec needs to open it.

    Attributes:
        folders: Paths of folders to walk.
        globs: Globs to walk for.
        files: Single files and lines of lists, in order; a file may come more than once.
        root: The folder that holds all of it.

    Raises:
        InputError: Something isn't there, can't be read or can't be mixed.
    """

    def __init__(
        self,
        items: Iterable[str],
        *,
        expected: Literal["uri_file", "uri_folder"] | None = None,
        options: Options = NO_OPTIONS,
    ) -> None:
        self._expected = expected
        self._options = options
        self.folders: list[str] = []
        self.globs: list[FoundGlob] = []
        self.root = ""
        self._tree: TreeStore | None = None
        self._has_root = False
        self.files: SortedRuns[InputFile] = sorted_runs(self._find(items), key=_file_order)

    @property
    def tree(self) -> TreeStore:
        """The tree that all paths are in."""
        if self._tree is None:
            raise InputError("no input is given")
        return self._tree

    def _find(self, items: Iterable[str]) -> Iterator[InputFile]:
        for item in items:
            if _is_list(item):
                yield from self._look_through(InputList(item[1:], self._options))
            elif item.strip():
                yield from self._look(ListedLine(item, ""), None)

    def _look_through(self, listed: InputList) -> Iterator[InputFile]:
        """Looks at each line of a list; at many side by side where a look takes a request."""
        with ThreadPoolExecutor(_LOOKS_AT_ONCE, "look") as threads:
            waiting: deque[tuple[ListedLine, Future[Sight | None] | None]] = deque()
            try:
                for line in listed.lines():
                    waiting.append((line, self._look_ahead(line, listed.folder, threads)))
                    if waiting[0][1] is None or len(waiting) > 2 * _LOOKS_AT_ONCE:
                        first, sight = waiting.popleft()
                        yield from self._look(first, listed.folder, sight)
                while waiting:
                    first, sight = waiting.popleft()
                    yield from self._look(first, listed.folder, sight)
            finally:
                for _, sight in waiting:
                    if sight is not None:
                        sight.cancel()

    def _look_ahead(
        self, item: ListedLine, base: str, threads: ThreadPoolExecutor
    ) -> Future[Sight | None] | None:
        if local_form(item.text) is not None:
            return None
        try:
            tree, path = self._locate(item, base)
            return threads.submit(tree.look, path)
        except (InputError, StorageError):  # said in its turn, after what comes before it
            return None

    def _look(
        self, item: ListedLine, base: str | None, ahead: Future[Sight | None] | None = None
    ) -> Iterator[InputFile]:
        try:
            tree, path = self._locate(item, base)
            sight = ahead.result() if ahead is not None else tree.look(path)
            if sight is None:
                yield from self._look_further(tree, path, item, base)
            elif sight.kind is Kind.FOLDER:
                self._check_kind(item, is_folder=True)
                self.folders.append(path)
                self._widen_root(path)
            elif sight.kind is Kind.FILE:
                self._check_kind(item, is_folder=False)
                if not item.place:
                    _check_readable(tree, path, item)
                self._widen_root(_parent(path))
                yield InputFile(path, sight.size, sight.etag)
            else:
                raise InputError(f"{_said(item)} is neither a file nor a folder")
        except StorageError as error:
            raise InputError(f"{error}{_at(item)}") from error

    def _check_kind(self, item: ListedLine, *, is_folder: bool) -> None:
        is_wrong = self._expected == ("uri_file" if is_folder else "uri_folder")
        if is_wrong and not item.place:
            found = "a folder" if is_folder else "a file"
            raise InputError(f"{_said(item)} is {found}, and input_type is {self._expected}")

    def _look_further(
        self, tree: TreeStore, path: str, item: ListedLine, base: str | None
    ) -> Iterator[InputFile]:
        """What is not there as it is written may have stray spaces, or be a glob."""
        if item.text != item.text.strip():
            yield from self._look(ListedLine(item.text.strip(), item.place), base)
        elif is_glob(path):
            self._add_glob(tree, path, item)
        else:
            raise InputError(_missing(tree, path, item))

    def _add_glob(self, tree: TreeStore, path: str, item: ListedLine) -> None:
        base, pattern = _split_glob(tree, path)
        if not tree.is_folder(base):
            raise InputError(_missing(tree, base, item))
        if item.text.endswith("/"):
            pattern += "/"
        try:
            self.globs.append(FoundGlob(base, Glob(pattern), _said(item)))
        except ValueError as error:
            raise InputError(f"{_said(item)}: {error}") from error
        self._widen_root(base)

    def _locate(self, item: ListedLine, base: str | None) -> tuple[TreeStore, str]:
        if "\0" in item.text:
            raise InputError(f"{_said(item)} has a zero byte in it")
        local = local_form(item.text)
        tree: TreeStore
        if local is None:
            from framework.storage.opening import open_tree

            tree, path = open_tree(item.text, self._options)
        else:
            tree, path = self._local_tree(), absolute(local, base)[1:]
        if self._tree is None:
            self._tree = tree
        elif not self._tree.is_same(tree):
            raise InputError(
                f"one job can't have inputs of two stores: {self._tree.url} and {_said(item)}"
            )
        return self._tree, path

    def _local_tree(self) -> TreeStore:
        return self._tree if isinstance(self._tree, LocalStore) else LocalStore("/")

    def _widen_root(self, folder: str) -> None:
        if not self._has_root:
            self.root, self._has_root = folder, True
        elif not is_below(folder, self.root):
            self.root = _common_folder(self.root, folder)


def _file_order(file: InputFile) -> bytes:
    return order_key(file.path)


def _is_list(item: str) -> bool:
    if not item.startswith("@"):
        return False
    tree = LocalStore("/")
    itself, named = (tree.look(absolute(path)[1:]) for path in (item, item[1:]))
    return named is not None or itself is None


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _common_folder(one: str, other: str) -> str:
    common = []
    for mine, theirs in zip(one.split("/"), other.split("/"), strict=False):
        if mine != theirs:
            break
        common.append(mine)
    return "/".join(common)


def _check_readable(tree: TreeStore, path: str, item: ListedLine) -> None:
    """What is named by itself must be readable now; one of many may fail later, as a file."""
    try:
        with tree.open_read(path):
            return
    except FileNotFoundError:
        raise InputError(f"{_said(item)} is a broken link") from None


def _split_glob(tree: TreeStore, path: str) -> tuple[str, str]:
    """Splits before the first name that is a pattern; what exists as it is written is none."""
    names = path.split("/")
    count = 0
    while count < len(names) - 1:
        folder = "/".join(names[: count + 1])
        if is_glob(names[count]) and not tree.is_folder(folder):
            break
        count += 1
    return "/".join(names[:count]), "/".join(names[count:])


def _said(item: ListedLine) -> str:
    return f"{shown(without_signatures(item.text))}{_at(item)}"


def _at(item: ListedLine) -> str:
    return f" ({item.place})" if item.place else ""


def _missing(tree: TreeStore, path: str, item: ListedLine) -> str:
    folder, _, name = path.rpartition("/")
    while folder and tree.look(folder) is None:
        folder, _, name = folder.rpartition("/")
    where = shown(tree.at(folder).url)
    if not tree.is_folder(folder):
        return f"the input {_said(item)} is not there: {where} is a file"
    match = nearest(name, tree.names(folder))
    hint = f", did you mean {shown(match)!r}?" if match else ""
    return f"the input {_said(item)} is not there: {where} has no {shown(name)!r}{hint}"
