from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from framework.config import compose, initialize
from framework.errors import UsageError


def test_the_new_workspace_composes_and_its_script_scores(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = initialize("demo")
    assert Path("demo/conf/config.yaml") in written
    assert all(path.is_file() for path in written)
    monkeypatch.chdir("demo")
    made = compose(["endpoint=text-stats", "input=input"])
    code = made.settings.code_configuration
    assert made.settings.workspace == str(here / "demo" / ".framework")
    script = Path(str(code.code), str(code.scoring_script))
    files = sorted(Path(made.settings.input[0]).iterdir())
    rows = runpy.run_path(str(script))["run"]([str(file) for file in files])
    assert [row["file"] for row in rows] == [file.name for file in files]
    assert [row["lines"] for row in rows] == [len(file.read_text().splitlines()) for file in files]
    assert len(files) == 3


def test_nothing_is_overwritten(here: Path) -> None:
    script = here / "demo" / "scripts" / "count.py"
    script.parent.mkdir(parents=True)
    script.write_text("mine")
    with pytest.raises(UsageError, match=r"demo/scripts/count\.py") as caught:
        initialize("demo")
    assert caught.value.exit_code == 2
    assert script.read_text() == "mine"
    assert not (here / "demo" / "conf").exists()


def test_a_folder_that_can_not_be_made_is_one_line(here: Path) -> None:
    (here / "file").write_text("")
    with pytest.raises(UsageError, match="can't write 'file/"):
        initialize("file")
