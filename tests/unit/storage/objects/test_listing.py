"""The order and the extent of listings, compared with a local walk of the same files."""

from __future__ import annotations

import tracemalloc

import pytest

from framework.storage import LocalStore, open_input
from framework.storage.objects.memory import MemoryObjects
from framework.storage.objects.service import Listed
from framework.storage.objects.store import ObjectStore
from framework.storage.tree import Kind, Selection
from tests.servers.objects import KINDS, new_store

# What S3 and Azure take alike; moto does not take a newline, nor Azure a control character.
TRICKY = """a/b
a.b
a-b
a b
a/b c/d
a0
A
ü
#x
x#y/z
%20
a%2Fb
q?x
p+q
p=q&r
c:d
~t
!
(1)
[x]
{y}
'quoted'
e\u0301
é
日本
\U0001f600
\uffee
.hidden
.git/config
a/.hidden/x
a/..x/y
deep/er/and/deeper
deep.er
deep-er/x""".split("\n")
UNUSUAL = ["d//x", "/lead", "d///y", "tr/"]


@pytest.fixture(scope="module", params=KINDS)
def both(request, tmp_path_factory):
    """A store of objects, and a local one with the same files: to be read only."""
    local = LocalStore(tmp_path_factory.mktemp("local"))
    with new_store(request) as store:
        for path in TRICKY:
            content = path.encode()
            local.write(path, content)
            store.write(path, content)
        yield store, local


def seen(store, path="", **selection):
    return [(file.path, file.size) for file in store.walk(path, Selection(**selection))]


def test_files_come_in_the_order_of_a_local_walk(both):
    store, local = both
    assert seen(store) == seen(local)
    assert len(seen(store)) == len(TRICKY) - 4


@pytest.mark.parametrize("folder", ["a", "deep", "a/b c", "x#y", "a/.hidden"])
def test_a_folder_is_walked_as_a_local_one(both, folder):
    store, local = both
    assert seen(store, folder) == seen(local, folder) != []


def test_hidden_names_are_walked_where_they_are_asked_for(both):
    store, local = both
    assert seen(store, hidden=True) == seen(local, hidden=True)
    assert len(seen(store, hidden=True)) == len(TRICKY)


@pytest.mark.parametrize("left_out", ["a", "deep", "deep/er/and", "x#y"])
def test_folders_that_are_not_entered_are_left_out(both, left_out):
    store, local = both
    found = seen(store, enters=lambda folder: folder != left_out)
    assert found == seen(local, enters=lambda folder: folder != left_out)
    assert not [path for path, _ in found if path.startswith(f"{left_out}/")]


def test_names_and_kinds_are_those_of_the_local_folder(both):
    store, local = both
    assert store.names() == local.names()
    for name in local.names():
        assert store.look(name).kind == local.look(name).kind, name
        assert store.at(name).names() == (
            [] if local.look(name).kind is Kind.FILE else local.at(name).names()
        )


def test_every_name_can_be_read_and_fetched(both, tmp_path):
    store, _ = both
    for file in list(store.walk(selection=Selection(hidden=True))):
        content = file.path.encode()
        assert store.read(file.path) == content
        store.fetch(file.path, tmp_path / "fetched")
        assert (tmp_path / "fetched").read_bytes() == content
        assert store.stat(file.path) == file


def test_names_that_no_disk_has_are_listed_once_and_read(store):
    for key in UNUSUAL:
        store._objects.put(f"{store._root}/{key}", b"x", "token")

    assert seen(store) == [("/lead", 1), ("d///y", 1), ("d//x", 1)]
    assert [store.read(path) for path, _ in seen(store)] == [b"x"] * 3
    assert store.look("tr").kind is Kind.FOLDER
    assert [path for path, _ in seen(store.at("d"))] == ["//y", "/x"]


def test_an_object_that_marks_a_folder_is_no_file(store):
    for key in ("marked/", "marked/x", "empty/"):
        store._objects.put(f"{store._root}/{key}", b"", "token")

    assert seen(store) == [("marked/x", 0)]
    assert store.look("empty").kind is Kind.FOLDER
    assert store.names() == ["empty", "marked"]
    assert store.names("empty") == []


def test_a_file_and_a_folder_of_one_name_are_both_there(store):
    store.write("a", b"file")
    store.write("a/b", b"below")

    assert seen(store) == [("a", 4), ("a/b", 5)]
    assert store.read("a") == b"file"
    assert seen(store, "a") == [("a/b", 5)]


def test_inputs_are_listed_from_a_folder_a_glob_and_a_file(both):
    store, local = both
    for item in ("", "/a", "/deep*/**", "/a.b"):
        found = open_input([store.url + item], options=store.options)
        expected = open_input([local.url + item])
        assert list(map(_place, found.files())) == list(map(_place, expected.files()))


def _place(file):
    return file.path, file.size


class Endless(MemoryObjects):
    """Many objects that nobody has to keep."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.asked = 0

    def pages(self, prefix, after=""):
        for start in range(0, self.count, 1000):
            names = [f"{prefix}{number:07d}" for number in range(start, start + 1000)]
            if names[-1] > after:
                self.asked += 1
                yield [Listed(name, 1, "x") for name in names if name > after]


def test_a_hundred_thousand_names_are_a_stream_in_bounded_memory():
    objects = Endless(100_000)
    files = ObjectStore(objects, "bucket", url="s3://bucket").walk()
    assert next(files).path == "0000000"
    assert objects.asked == 1
    tracemalloc.start()
    assert sum(1 for _ in files) == 99_999
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


def test_a_folder_that_is_not_entered_costs_no_more_than_one_page():
    class Hidden(Endless):
        def pages(self, prefix, after=""):
            yield from super().pages(f"{prefix}.hidden/", after)
            yield [Listed(f"{prefix}seen", 1, "x")]

    objects = Hidden(50_000)
    assert [file.path for file in ObjectStore(objects, "b", url="s3://b").walk()] == ["seen"]
    assert objects.asked == 1


def test_a_store_that_lists_out_of_order_is_sorted_or_told():
    class Unordered(MemoryObjects):
        def __init__(self, is_known: bool) -> None:
            self.lists_in_order = not is_known

        def pages(self, prefix, after=""):
            yield [Listed(f"{prefix}b", 1, "x"), Listed(f"{prefix}a", 1, "x")]

    known = ObjectStore(Unordered(True), "b", url="s3://b")
    assert [file.path for file in known.walk()] == ["a", "b"]
    unknown = ObjectStore(Unordered(False), "b", url="s3://b")
    with pytest.raises(Exception, match="does not list names in order while listing s3://b"):
        list(unknown.walk())
