from __future__ import annotations

import os

import pytest

from framework.errors import ScriptError
from framework.jobs.script_check import check_script


def check(tmp_path, text: str | bytes, name: str = "score.py") -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    check_script(tmp_path, name)


def refused(tmp_path, text: str | bytes) -> ScriptError:
    with pytest.raises(ScriptError) as raised:
        check(tmp_path, text)
    assert "\n" not in str(raised.value)
    return raised.value


@pytest.mark.parametrize(
    "text",
    [
        "def run(mini_batch): return mini_batch",
        "@decorated\ndef run(mini_batch): ...",
        "from lib import run",
        "from lib import score as run",
        "from lib import *",
        "import lib as run",
        "run = lambda mini_batch: mini_batch",
        "run: object = print",
        "init, run = make()",
        "for run in [print]: pass",
        "if (run := make()): pass",
        "class run:\n    def __new__(cls, mini_batch): return mini_batch",
        "try:\n    import torch\nexcept ImportError:\n    def run(mini_batch): return []",
        "\ufeffdef run(mini_batch): ...",
        "# -*- coding: latin-1 -*-\n# \xe9\ndef run(mini_batch): ...".encode("latin-1"),
        "def run(mini_batch):\r\n    return mini_batch\r\n",
        "import re\nPATTERN = re.compile('\\d')\ndef run(mini_batch): ...",
    ],
)
def test_whatever_may_give_a_run_is_taken(tmp_path, text):
    check(tmp_path, text)


@pytest.mark.parametrize(
    "text", ["", "x = 1", "def Run(mini_batch): ...", "def main(): ...", "print(run)"]
)
def test_a_script_without_run_is_refused(tmp_path, text):
    error = refused(tmp_path, text)

    assert "run(mini_batch)" in str(error)
    assert str(tmp_path / "score.py") in str(error)
    assert error.exit_code == 2


def test_a_run_that_has_to_be_awaited_is_refused(tmp_path):
    assert "run(mini_batch)" in str(refused(tmp_path, "async def run(mini_batch): ..."))


def test_a_syntax_error_is_told_with_its_line_and_shown_whole(tmp_path):
    error = refused(tmp_path, "def init(): ...\ndef run(mini_batch)\n    return 1\n")

    assert f"{tmp_path / 'score.py'}, line 2" in str(error)
    assert "def run(mini_batch)" in error.user_traceback
    assert "SyntaxError" in error.user_traceback


@pytest.mark.parametrize(
    "text", [b"def run(mini_batch): '\xff'", b"\0\0\0", b"\x89PNG\r\n\x1a\n", "(" * 1000]
)
def test_what_is_no_python_is_told(tmp_path, text):
    assert "score.py" in str(refused(tmp_path, text))


def test_a_script_is_never_run(tmp_path):
    check(tmp_path, f"open({str(tmp_path / 'ran')!r}, 'w')\ndef run(mini_batch): ...")

    assert not (tmp_path / "ran").exists()
    assert os.listdir(tmp_path) == ["score.py"]


def test_a_script_in_a_folder_below_is_found(tmp_path):
    check(tmp_path, "def run(mini_batch): ...", "deep/er/score it.py")
    check_script(tmp_path, "./deep/../deep/er/score it.py")


def test_a_script_that_is_not_there_is_told_with_those_that_are(tmp_path):
    (tmp_path / "score.py").touch()
    with pytest.raises(ScriptError) as raised:
        check_script(tmp_path, "scores.py")

    message = str(raised.value)
    assert message.startswith("code_configuration.scoring_script: scores.py")
    assert "score.py" in message


def test_a_code_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ScriptError, match=r"code_configuration\.code: .*nowhere"):
        check_script(tmp_path / "nowhere", "score.py")


def test_a_script_outside_the_code_folder_is_refused(tmp_path):
    """It would be missing in the snapshot, and every process would fail to load it."""
    code = tmp_path / "code"
    code.mkdir()
    (tmp_path / "score.py").write_text("def run(mini_batch): ...")
    for script in ("../score.py", str(tmp_path / "score.py")):
        with pytest.raises(ScriptError, match=r"code_configuration\.scoring_script"):
            check_script(code, script)
