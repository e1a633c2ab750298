from __future__ import annotations

from pathlib import Path

import pytest

from framework.config.paths import located

FOLDER = Path("/base/conf")


def at(text: str, *, takes_lists: bool = True) -> str:
    return located(text, text, FOLDER, takes_lists=takes_lists)


@pytest.mark.parametrize(
    "text",
    [
        "/abs/x",
        "s3://b/k/../x",
        "https://h/x?a=1",
        "file:///x",
        "azureml:data:1",
        "azureml://datastores/x",
        "memory://x",
    ],
)
def test_what_is_no_relative_path_stays(text: str) -> None:
    assert at(text) == text


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("x", "/base/conf/x"),
        ("./x/", "/base/conf/x"),
        (".", "/base/conf"),
        ("../m.pt", "/base/m.pt"),
        ("a b/#ü*[1]?.txt", "/base/conf/a b/#ü*[1]?.txt"),
        ("c:drive", "/base/conf/c:drive"),
        ("@list.txt", "@/base/conf/list.txt"),
        ("@/list.txt", "@/list.txt"),
        ("@s3://b/list.txt", "@s3://b/list.txt"),
        ("~x", "/base/conf/~x"),
    ],
)
def test_a_relative_path_is_seen_from_its_folder(text: str, path: str) -> None:
    assert at(text) == path


def test_an_at_sign_is_a_list_only_where_lists_are_taken() -> None:
    assert at("@x", takes_lists=False) == "/base/conf/@x"


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert at("~") == "/home/me"
    assert at("~/x") == "/home/me/x"
    assert at("@~/x") == "@/home/me/x"


def test_a_step_up_from_a_symbolic_link_stays_a_step(tmp_path: Path) -> None:
    (tmp_path / "real" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real" / "deep")
    path = located("link/../x", "link/../x", tmp_path, takes_lists=False)
    assert Path(path).resolve() == (tmp_path / "real" / "x").resolve()
