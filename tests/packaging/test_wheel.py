from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*build, str(ROOT)], check=True, capture_output=True)
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def metadata(wheel: Path, names: set[str]) -> Message:
    (name,) = [each for each in names if each.endswith(".dist-info/METADATA")]
    with zipfile.ZipFile(wheel) as archive:
        return message_from_bytes(archive.read(name))


def test_the_wheel_holds_the_package_and_nothing_else(names: set[str]) -> None:
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"framework"}


def test_the_wheel_holds_every_file_of_the_package(names: set[str]) -> None:
    """Templates and `py.typed` as well as modules."""
    command = ["git", "ls-files", "-z", "framework"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout, so it can't be told which files belong to the project")
    tracked = {name for name in listed.stdout.decode().split("\0") if name}
    assert "framework/py.typed" in tracked
    assert {name for name in tracked if (ROOT / name).exists()} <= names


def test_no_build_product_is_shipped(names: set[str]) -> None:
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_the_console_script_is_there(wheel: Path, names: set[str]) -> None:
    (name,) = [each for each in names if each.endswith("entry_points.txt")]
    with zipfile.ZipFile(wheel) as archive:
        assert "framework = framework.cli:main" in archive.read(name).decode()


def test_the_licence_is_there(names: set[str], metadata: Message) -> None:
    assert metadata["License-Expression"] == "MIT"
    assert [name for name in names if name.endswith("/licenses/LICENSE")]


def test_every_requirement_has_a_floor(metadata: Message) -> None:
    from packaging.requirements import Requirement

    needed = [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]
    others = [each for each in needed if each.name != "dask-batch-endpoints"]
    assert len(others) > 10
    assert [each for each in others if ">=" not in str(each.specifier)] == []


@pytest.mark.parametrize(
    ("name", "floor"),
    [
        ("distributed", "2026.7.1"),
        ("omegaconf", "2.4"),
        ("pluggy", "1.7"),
        ("s3fs", "2025.7"),
        ("adlfs", "2024.12"),
        ("gcsfs", "2024.12"),
        ("mlflow", "3"),
    ],
)
def test_the_floors_that_correctness_needs(metadata: Message, name: str, floor: str) -> None:
    from packaging.requirements import Requirement
    from packaging.version import Version

    needed = [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]
    specifiers = {each for one in needed if one.name == name for each in one.specifier}
    assert {each.operator for each in specifiers} == {">="}
    assert min(Version(each.version) for each in specifiers) >= Version(floor)


def test_the_extra_all_has_every_library_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    (everything,) = extras["all"]
    named = everything.partition("[")[2].rstrip("]").split(",")
    assert set(named) == set(extras) - {"all", "dev"}
