from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.storage.globs import Glob, PathFilter, expand_braces


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        (
            "*.png",
            ["a.png", "a b.png", "é.png", "a\n.png"],
            ["a.jpg", "d/a.png", ".a.png", "a.pngx"],
        ),
        ("?.png", ["a.png", "é.png"], ["ab.png", ".png", "/.png"]),
        ("d/[ab].png", ["d/a.png"], ["d/c.png", "d/ab.png"]),
        ("d/[!ab]", ["d/c"], ["d/a", "d/b", "d//"]),
        ("[^ab]", ["c"], ["a", "/"]),
        ("[]a]", ["]", "a"], ["b"]),
        ("[a-c]x", ["bx"], ["dx", "-x"]),
        ("a[1", ["a[1"], ["a1"]),
        ("**", ["a", "d/a", "d/e/a"], [".a", "d/.a", ".d/a"]),
        ("d/**", ["d/a", "d/e/a"], ["d", "a", "e/d/a", "d/.e/a"]),
        ("d/", ["d/a", "d/e/a"], ["d", "a"]),
        ("**/a", ["a", "d/a", "d/e/a"], ["d/ba", ".d/a"]),
        ("d/**/**/a", ["d/a", "d/e/f/a"], ["a"]),
        (
            "year=*/day=0[1-7]/*.parquet",
            ["year=2024/day=03/x.parquet"],
            ["year=2024/day=09/x.parquet"],
        ),
        ("{a,b}/*.{png,jp{,e}g}", ["a/x.png", "b/x.jpg", "b/x.jpeg"], ["c/x.png", "a/x.jpgg"]),
        ("{a/b,c}/x", ["a/b/x", "c/x"], ["a/x"]),
        ("{a}/*", ["{a}/x"], ["a/x"]),
        ("{a,b", ["{a,b"], ["a"]),
        (".*", [".a"], ["a"]),
        ("*/.d/*", ["a/.d/b"], ["a/d/b", "a/.d/.b"]),
        ("a+(b)|c^$.x*", ["a+(b)|c^$.xy"], ["ab"]),
    ],
)
def test_a_glob_is_read_as_a_shell_reads_it(pattern, matching, other):
    glob = Glob(pattern)

    assert [path for path in matching if not glob.matches(path)] == []
    assert [path for path in other if glob.matches(path)] == []


PIECES = st.sampled_from(["a", "b", "*", "?", "**", "[ab]", "{a,b}", "{a/b,*}", ".a"])
PATTERNS = st.lists(st.lists(PIECES, min_size=1, max_size=2).map("".join), min_size=1, max_size=4)
PATHS = st.lists(st.sampled_from(["a", "b", "ab", ".a", "c"]), min_size=1, max_size=5)


@given(PATTERNS, PATHS)
def test_every_folder_on_the_way_to_a_match_may_hold_it(pattern, path):
    glob = Glob("/".join(pattern))

    if glob.matches("/".join(path)):
        assert all(glob.may_hold("/".join(path[:depth])) for depth in range(1, len(path)))


def test_a_folder_that_no_match_can_lie_in_need_not_be_walked():
    glob = Glob("2024/*/x.png")

    assert glob.may_hold("2024/a")
    assert not glob.may_hold("2023")
    assert not glob.may_hold("2024/a/b")


@pytest.mark.parametrize(
    ("patterns", "covered", "other"),
    [
        (["*.png"], ["a.png", "d/a.png", ".d/.a.png"], ["a.png2", "a.jpg"]),
        (["thumbs"], ["thumbs/a", "d/thumbs/e/a", "thumbs"], ["thumbs2/a", "a"]),
        (["thumbs/"], ["thumbs/a", "d/thumbs/a"], ["a"]),
        (["d/*.png"], ["d/a.png"], ["d/e/a.png", "e/d/a.png"]),
        (["./d/*"], ["d/a", "d/e/a"], ["e/d/a"]),
        (["**/e/*"], ["e/a", "d/e/a"], ["d/a"]),
        (["{a,b}.png", "c"], ["a.png", "x/c"], ["d.png"]),
        (["[x"], ["[x"], ["x"]),
    ],
)
def test_a_filter_covers_names_paths_and_whole_folders(patterns, covered, other):
    chosen = PathFilter(patterns)

    assert [path for path in covered if not chosen.matches(path)] == []
    assert [path for path in other if chosen.matches(path)] == []


def test_braces_keep_what_they_do_not_mean():
    assert expand_braces("a{b,c{d,e}}f{g}") == ["abf{g}", "acdf{g}", "acef{g}"]
    assert expand_braces("{}{,}") == ["{}", "{}"]


def test_braces_that_explode_are_refused():
    with pytest.raises(ValueError, match="more than 1000"):
        Glob("{a,b,c,d,e,f,g,h,i,j}" * 9)


def test_a_pattern_that_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="not a glob"):
        Glob("[z-a]")
