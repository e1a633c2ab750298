from __future__ import annotations

import os
from pathlib import Path

import fsspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.domain.files import order_key
from framework.errors import InputError, MissingExtraError
from framework.storage import open_input


@pytest.fixture(autouse=True)
def somewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plant(*paths: str) -> None:
    for path in paths:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(path)


def listed(*items: str, **options) -> tuple[str, list[str]]:
    """The root below the working directory, and the files."""
    listing = open_input(items, **options)
    root = os.path.relpath(listing.root)
    files = list(listing.files())
    for file in files:
        assert listing.store.stat(file.path) == file
    return root, [file.path for file in files]


def refused(*items: str, **options) -> str:
    with pytest.raises(InputError) as raised:
        list(open_input(items, **options).files())
    message = str(raised.value)
    assert "\n" not in message
    return message


def test_a_folder_is_its_own_root():
    plant("data/a/2", "data/1", "data/.hidden/3", "data/.4")

    assert listed("data") == listed("data/") == listed("./data") == ("data", ["1", "a/2"])


def test_a_single_file_has_its_parent_for_a_root():
    plant("data/1", "data/2")

    assert listed("data/1") == ("data", ["1"])
    assert listed("data/1/") == ("data", ["1"])


@pytest.mark.parametrize("path", ["data/.hidden", "data/.d/x", "data/.d/.x"])
def test_a_hidden_file_that_is_named_is_scored(path):
    plant(path)

    assert listed(path) == (os.path.dirname(path), [os.path.basename(path)])


def test_a_hidden_folder_that_is_named_is_walked():
    plant("data/.d/x", "data/.d/.y")

    assert listed("data/.d") == listed("data/.d/*") == ("data/.d", ["x"])


@pytest.mark.parametrize(
    ("glob", "root", "files"),
    [
        ("data/*.png", "data", ["1.png", "2.png"]),
        ("data/*/*.png", "data", ["a/3.png", "b/3.png"]),
        ("data/a/?.png", "data/a", ["3.png"]),
        ("data/**/*.png", "data", ["1.png", "2.png", "a/3.png", "a/c/4.png", "b/3.png"]),
        ("data/{a,b}/[0-9].png", "data", ["a/3.png", "b/3.png"]),
        ("data/a/**", "data/a", ["3.png", "c/4.png"]),
        ("data/[ab]/", "data", ["a/3.png", "a/c/4.png", "b/3.png"]),
        ("dat?/{a/c,b}/*", ".", ["data/a/c/4.png", "data/b/3.png"]),
        ("**/4.png", ".", ["data/a/c/4.png"]),
        ("data/b/../a/*.png", "data/a", ["3.png"]),
    ],
)
def test_a_glob_has_its_folder_before_the_first_pattern_for_a_root(glob, root, files):
    plant("data/1.png", "data/2.png", "data/a/3.png", "data/a/c/4.png", "data/b/3.png", "data/x.md")

    assert listed(glob) == (root, files)


def test_what_exists_as_it_is_written_is_no_glob():
    plant("a[1]/x.png", "a1/y.png", "d/x*.png", "d/xy.png", "{a,b}/c/1.png", "@list", "data/@b")

    assert listed("a[1]") == ("a[1]", ["x.png"])
    assert listed("a[1]/*.png") == ("a[1]", ["x.png"])
    assert listed("d/x*.png") == ("d", ["x*.png"])
    assert listed("{a,b}/*/*") == ("{a,b}", ["c/1.png"])
    assert listed("@list") == (".", ["@list"])
    assert listed("data/@b") == ("data", ["@b"])


def test_several_items_have_the_folder_that_holds_all_for_a_root():
    plant("data/a/1", "data/b/2", "data/b/.3", "data/b2/4.png", "data/b2/5.txt")

    items = ("data/b2/*.png", "data/b", "data/a/1", "data/b/.3")
    assert listed(*items) == ("data", ["a/1", "b/.3", "b/2", "b2/4.png"])
    assert listed("data/b", "data/b2") == ("data", ["b/2", "b2/4.png", "b2/5.txt"])
    assert listed("data/b", "data/b/2") == ("data/b", ["2"])
    assert listed("data/a/1", str(Path("data/b").absolute())) == ("data", ["a/1", "b/2"])


def test_what_is_named_twice_is_scored_once_with_a_warning():
    plant("data/a/1", "data/2", "data/3")
    listing = open_input(["data", "data/a", "data/a/1", "data/2", "data/*"])

    assert listing.warnings == []
    for _ in range(2):
        assert [file.path for file in listing.files()] == ["2", "3", "a/1"]
        assert listing.warnings == ["5 files are listed more than once; each is scored once"]


def test_a_list_has_its_lines_relative_to_itself(tmp_path, monkeypatch):
    plant("data/a b.png", "data/é#.png", "data/x[1].png", "data/sub/1", "data/g/1.txt", "list/x")
    Path("list/l.txt").write_bytes(
        "\ufeff../data/é#.png\r\n\r\n../data/x[1].png\r\n  ../data/a b.png \r\n".encode()
        + f"../data/sub\n{tmp_path}/data/g/*.txt\nfile://{tmp_path}/data/sub/1\n".encode()
    )
    monkeypatch.chdir("/")
    listing = open_input([f"@{tmp_path}/list/l.txt"])

    assert listing.root == f"{tmp_path}/data"
    files = [file.path for file in listing.files()]
    assert files == ["a b.png", "g/1.txt", "sub/1", "x[1].png", "é#.png"]
    assert listing.warnings == ["1 file is listed more than once; each is scored once"]


def test_a_list_of_one_file_is_like_the_file():
    plant("data/a")
    Path("list").write_text("data/a\n")

    assert listed("@list") == listed("data/a")


def test_lists_and_folders_mix():
    plant("data/a/1", "data/b/2", "data/c/3")
    Path("list").write_text("data/a/1\n")

    assert listed("@list", "data/c", "data/b/*") == ("data", ["a/1", "b/2", "c/3"])


def test_a_list_may_name_what_breaks_later():
    plant("data/a")
    os.symlink("nowhere", "data/broken")
    Path("list").write_text("data/broken\ndata/a\n")

    sizes = [(file.path, file.size) for file in open_input(["@list"]).files()]
    assert sizes == [("a", 6), ("broken", 0)]


def test_include_and_exclude_choose_by_name_path_and_folder():
    plant("data/1.png", "data/1.txt", "data/thumbs/2.png", "data/a/3.png", "data/a/b/4.png")

    def chosen(include=(), exclude=()):
        return listed("data", include=include, exclude=exclude)[1]

    assert chosen(include=["*.png"]) == ["1.png", "a/3.png", "a/b/4.png", "thumbs/2.png"]
    assert chosen(include=["*.png"], exclude=["thumbs", "b/"]) == ["1.png", "a/3.png"]
    assert chosen(include=["a/*.png"]) == ["a/3.png"]
    assert chosen(include=["a/**"]) == ["a/3.png", "a/b/4.png"]
    assert chosen(exclude=["**/*.png"]) == ["1.txt"]


def test_filters_apply_to_what_is_named_too():
    plant("data/1.png", "data/2.txt")

    assert listed("data/1.png", "data/2.txt", include=["*.txt"]) == ("data", ["2.txt"])


def test_the_workspace_is_not_scored_unless_it_is_what_was_asked_for(tmp_path):
    plant("1", "work/outputs/job/out.csv", "work/jobs/x")
    work = str(tmp_path / "work")

    assert listed(".", leave_out=[work]) == (".", ["1"])
    assert listed("**", leave_out=[work]) == (".", ["1"])
    assert listed("work/outputs", leave_out=[work])[1] == ["job/out.csv"]
    assert listed("work/outputs/job/out.csv", leave_out=[work])[1] == ["out.csv"]


def test_a_folder_left_out_need_not_exist_yet(tmp_path):
    plant("1", "z/2")
    listing = open_input(["."], leave_out=[str(tmp_path / "out"), str(tmp_path / "z" / "3")])
    files = listing.files()
    first = next(files)
    plant("out/predictions.csv", "z/3")

    assert [first.path, *(file.path for file in files)] == ["1", "z/2"]


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (["data/imgaes"], "data has no 'imgaes', did you mean 'images'?"),
        (["dota/images/x"], " has no 'dota', did you mean 'data'?"),
        (["data/zzzz"], "data has no 'zzzz'"),
        (["data/images/1.png/x"], "/data/images/1.png is a file"),
        (["data/images/*.jpg"], "nothing matches data/images/*.jpg"),
        (["data/imags/*.png"], "data has no 'imags', did you mean 'images'?"),
        (["data/*"], "no file matches data/*: it matches a folder; end it with /** for"),
        (["data", "data/images/*.jpg"], "nothing matches data/images/*.jpg"),
        (["data/images/[z-a]*"], "data/images/[z-a]*: not a glob"),
        (["@lost.txt"], "the list of inputs is not there: "),
        (["@list.txt"], "data/imags (line 2 of "),
        (["@list.txt"], "has no 'imags', did you mean 'images'?"),
        (["@glob.txt"], "nothing matches data/*.jpg (line 1 of "),
        (["broken"], "broken is a broken link"),
        (["pipe"], "pipe is neither a file nor a folder"),
        ([""], "no input is given"),
        ([" "], "no input is given"),
        ([], "no input is given"),
        (["a\0b"], r"a\x00b has a zero byte in it"),
        (["data", "memory://data"], "one job can't have inputs of two stores: / and memory://data"),
        (["x" * 5_000], "is not there"),
        (["data/x\ny\udcff"], r"data/x\ny\xff is not there"),
    ],
)
def test_what_can_not_be_scored_is_refused_in_one_line(items, message):
    plant("data/images/1.png")
    Path("list.txt").write_text("data/images/1.png\ndata/imags\n")
    Path("glob.txt").write_text("data/*.jpg\n")
    os.symlink("nowhere", "broken")
    os.mkfifo("pipe")

    assert message in refused(*items)


def test_a_missing_extra_is_not_hidden(monkeypatch):
    monkeypatch.setattr("framework.storage.schemes.find_spec", lambda name: None)

    with pytest.raises(MissingExtraError, match="s3fs"):
        open_input(["s3://bucket/x"])


def test_a_folder_or_file_that_can_not_be_read_is_refused(monkeypatch):
    plant("data/1", "data/shut/2")

    def refuse(path, *args, **options):
        raise PermissionError(13, "Permission denied", path)

    with monkeypatch.context() as patched:
        patched.setattr("builtins.open", refuse)
        assert "permission denied while reading" in refused("data/1")
    monkeypatch.setattr(os, "scandir", refuse)
    assert "permission denied while listing the folder" in refused("data")


def test_an_empty_input_is_explained():
    plant("data/1.png", "data/2.png", "hidden/.a", "some/data/sub/3.png")
    os.mkdir("empty")

    def explained(item, **options):
        listing = open_input([item], **options)
        assert list(listing.files()) == []
        return listing.explain_empty().replace(os.getcwd(), "")

    none = "none of the 2 files in /data passes input_include and input_exclude"
    assert explained("empty") == "there is no file in /empty"
    assert explained("hidden") == "there is no file in /hidden but hidden ones"
    assert explained("data", include=["*.jpg"]) == none
    nothing = "no file in /some/data passes input_include and input_exclude"
    assert explained("some/data", exclude=["sub"]) == nothing
    assert explained("data/1.png", exclude=["*"]) == (
        "the only file in /data does not pass input_include and input_exclude"
    )


def test_a_filter_that_makes_no_sense_names_its_key():
    plant("a")

    assert "input_include [z-a]: not a glob" in refused("a", include=["[z-a]"])
    assert "input_exclude [z-a]: not a glob" in refused("a", exclude=["[z-a]"])


NAMES = st.sampled_from(["a", "a-", "a.b", "b", "é", "\udcff", "c d", "b.png", "{x}"])
TREES = st.sets(st.lists(NAMES, min_size=1, max_size=3).map("/".join), min_size=1, max_size=10)
OPTIONS = st.sampled_from(
    [{}, {"include": ["*.png"]}, {"exclude": ["a", "b/*"]}, {"include": ["a/**"], "exclude": ["é"]}]
)


def planted(root: Path, tree: set[str]) -> list[str]:
    made = []
    for path in sorted(tree, key=lambda path: -path.count("/")):
        if not (root / path).exists():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(path, errors="surrogateescape")
            made.append(path)
    return sorted(made, key=order_key)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(tree=TREES, data=st.data())
def test_every_way_to_name_a_tree_covers_each_file_once(tree, data, tmp_path_factory):
    root = tmp_path_factory.mktemp("tree")
    files = planted(root, tree)
    folders = {path.partition("/")[0] for path in files}
    again = data.draw(st.lists(st.sampled_from([*files, *folders]), max_size=4))
    lists = root.parent / f"{root.name}.txt"
    lines = [f"{root}/{path}\n" for path in data.draw(st.permutations([*files, *again]))]
    lists.write_bytes(os.fsencode("".join(lines)))

    for items in ([str(root)], [f"{root}/**"], [str(root), *(f"{root}/{path}" for path in again)]):
        listing = open_input(items)
        assert (listing.root, [file.path for file in listing.files()]) == (str(root), files)
    listing = open_input([f"@{lists}"])
    below = os.path.relpath(listing.root, root)
    assert [os.path.normpath(f"{below}/{file.path}") for file in listing.files()] == files


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(tree=TREES, options=OPTIONS, form=st.sampled_from(["{}", "{}/**", "@{}.txt"]))
def test_a_listing_that_was_cut_short_continues_exactly_there(
    tree, options, form, tmp_path_factory
):
    root = tmp_path_factory.mktemp("tree")
    files = planted(root, tree)
    text = "".join(f"{root}/{path}\n" for path in [*files, str(root)[1:]][:-1])
    Path(f"{root}.txt").write_bytes(os.fsencode(text))
    listing = open_input([form.format(root)], **options)

    whole = list(listing.files())
    for place, file in enumerate(whole):
        assert list(listing.files(after=file.path)) == whole[place + 1 :]
    assert list(listing.files(after="a\x00")) == [
        file for file in whole if order_key(file.path) > b"a\x00"
    ]


def test_a_huge_list_needs_little_memory_and_comes_in_order(monkeypatch):
    monkeypatch.setattr("framework.storage.sorting.sorted_runs.__defaults__", (10,))
    names = [f"{number * 37 % 100:02d}" for number in range(100)]
    plant(*(f"data/{name}" for name in names))
    Path("list").write_text("".join(f"data/{name}\n" for name in [*names, *names]))
    listing = open_input(["@list"])

    assert [file.path for file in listing.files()] == sorted(names)
    assert listing.warnings == ["100 files are listed more than once; each is scored once"]


def test_inputs_of_another_store_are_listed_alike():
    memory = fsspec.filesystem("memory")
    for path in ("bucket/a/1.png", "bucket/a-/2.png", "bucket/.h", "bucket/3.txt"):
        memory.pipe_file(f"/inputs/{path}", b"xy")
    try:
        listing = open_input(["memory://inputs/bucket"])
        assert listing.root == "memory://inputs/bucket"
        assert [file.path for file in listing.files()] == ["3.txt", "a-/2.png", "a/1.png"]
        listing = open_input(["memory://inputs/*/**/*.png"])
        assert listing.root == "memory://inputs"
        assert [file.path for file in listing.files()] == ["bucket/a-/2.png", "bucket/a/1.png"]
        assert listing.store.read("bucket/a/1.png") == b"xy"
        Path("list").write_text("memory://inputs/bucket/3.txt\n")
        assert [file.path for file in open_input(["@list"]).files()] == ["3.txt"]
        assert "memory://inputs has no 'buckt', did you mean 'bucket'?" in refused(
            "memory://inputs/buckt"
        )
    finally:
        memory.rm("/inputs", recursive=True)


def test_a_folder_is_no_uri_file_and_a_file_no_uri_folder(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(InputError, match="is a folder, and input_type is uri_file"):
        open_input([str(tmp_path)], expected="uri_file")
    with pytest.raises(InputError, match="is a file, and input_type is uri_folder"):
        open_input([str(tmp_path / "a.txt")], expected="uri_folder")
    assert list(open_input([str(tmp_path / "a.txt")], expected="uri_file").files())
    assert list(open_input([str(tmp_path)], expected="uri_folder").files())
    assert list(open_input([str(tmp_path / "*.txt")], expected="uri_folder").files())
