from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and nothing in the environment that chooses another."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("FRAMEWORK_CONF", raising=False)
    return folder


@pytest.fixture
def write(here: Path) -> Write:
    def write(path: str, text: str) -> Path:
        target = here / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return target

    return write


@pytest.fixture
def workspace(write: Write) -> Path:
    """Endpoint `digits` with deployments `torch` (the default) and `keras`."""
    write("conf/config.yaml", "mini_batch_size: 5\n")
    write("conf/endpoint/digits.yaml", "name: digits\ndefaults: {deployment_name: torch}\n")
    write(
        "conf/deployment/digits/torch.yaml",
        "name: torch\nendpoint_name: digits\ndescription: reads digits\n"
        "code_configuration:\n  code: ../../../code\n  scoring_script: score.py\n"
        "tags: {team: vision}\nenvironment_variables: {MODE: fast}\n"
        "retry_settings:\n  timeout: 7\n",
    )
    return write("conf/deployment/digits/keras.yaml", "scorer: keras\n").parents[3]
