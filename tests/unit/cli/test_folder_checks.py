from __future__ import annotations

import os
from pathlib import Path

import pytest

from framework.cli.folder_checks import check_folder
from framework.storage import open_store


def test_a_folder_that_is_not_there_yet_is_judged_by_the_one_above(tmp_path: Path) -> None:
    trouble, free = check_folder(open_store(str(tmp_path / "not" / "yet")))
    assert trouble == ""
    assert free is not None
    assert free > 0
    assert not list(tmp_path.iterdir())


def test_a_file_system_without_hard_links_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(source: object, target: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    trouble, _ = check_folder(open_store(str(tmp_path)))
    assert trouble == (
        f"{tmp_path}: no hard links there, which outputs are created with: operation not permitted"
    )


def test_a_workspace_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    trouble, free = check_folder(open_store(str(tmp_path / "file")))
    assert "can't write in" in trouble
    assert free is None


def test_a_remote_workspace_is_tried_and_left_as_it_was() -> None:
    store = open_store("memory://folder-checks")
    assert check_folder(store) == ("", None)
    assert list(store.walk()) == []


def test_a_store_that_is_only_read_is_named() -> None:
    trouble, _ = check_folder(open_store("https://example.invalid/workspace"))
    assert "https://example.invalid/workspace" in trouble
