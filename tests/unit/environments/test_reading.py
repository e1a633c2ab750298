from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from framework.environments import EnvironmentSpec, conda_mapping, located_line, read_environment
from framework.errors import ConfigurationError

TUTORIAL = """\
name: mnist-env
channels:
  - conda-forge
dependencies:
  - python=3.8.5
  - pip<22.0
  - pip:
    - torch==1.13.0
    - torchvision==0.14.0
    - pytorch-lightning
    - pandas
    - azureml-core
    - azureml-dataset-runtime[fuse]
"""


def written(folder: Path, text: str, name: str = "conda.yml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def problems(**asked: Any) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read_environment(**asked)
    return [str(problem) for problem in caught.value.problems]


def test_the_tutorials_conda_file_is_read_as_written(tmp_path: Path) -> None:
    spec = read_environment(conda_file=written(tmp_path, TUTORIAL))
    assert spec.python == "==3.8.5.*"
    assert spec.requirements == (
        "torch==1.13.0",
        "torchvision==0.14.0",
        "pytorch-lightning",
        "pandas",
    )
    assert spec.seeds == ("pip<22.0",)
    assert spec.channels == ("conda-forge",)
    assert spec.conda == ()
    left_out = [note.split()[0] for note in spec.notes]
    assert left_out == ["azureml-core", "azureml-dataset-runtime[fuse]"]


def test_a_mapping_and_the_file_that_holds_it_are_the_same_environment(tmp_path: Path) -> None:
    path = written(tmp_path, TUTORIAL)
    inline = read_environment(conda_file=conda_mapping(path))
    assert inline.fingerprint == read_environment(conda_file=path).fingerprint


def test_constraints_are_not_lost_silently_where_a_file_is_taken_over(tmp_path: Path) -> None:
    written(tmp_path, "six<2\n", "limits.txt")
    path = written(tmp_path, "dependencies:\n- pip:\n  - six\n  - -c limits.txt\n")
    assert read_environment(conda_file=path).constraints == ("six<2",)
    with pytest.raises(ConfigurationError, match="write them as requirements"):
        conda_mapping(path)


def test_a_spec_survives_being_stored(tmp_path: Path) -> None:
    written(tmp_path, "x", "local.whl")
    conda_file = {
        "dependencies": ["python=3.11", "scipy", {"pip": ["./local.whl"]}],
        "variables": {"A": 1, "B": True, "C": None},
    }
    spec = read_environment(conda_file=conda_file, requirements=["six"], folder=tmp_path)
    assert spec.variables == (("A", "1"), ("B", "true"), ("C", ""))
    assert spec.requirements == (str(tmp_path / "local.whl"), "six")
    assert EnvironmentSpec.from_document(spec.to_document()) == spec


@pytest.mark.parametrize(
    ("line", "conda", "seeds"),
    [
        ("python", (), ()),
        ("pip", (), ()),
        ("setuptools=60", (), ("setuptools==60.*",)),
        ("wheel>=0.30", (), ("wheel>=0.30",)),
        ("pip=21.*", (), ("pip==21.*",)),
        ("conda-forge::pip==21.3", (), ("pip==21.3",)),
        ("scikit-learn=1.2", ("scikit-learn=1.2",), ()),
        ("conda-forge::pyarrow", ("conda-forge::pyarrow",), ()),
        ("azureml-defaults", (), ()),
    ],
)
def test_what_is_a_conda_package_and_what_is_not(
    line: str, conda: tuple[str, ...], seeds: tuple[str, ...]
) -> None:
    spec = read_environment(conda_file={"dependencies": [line]})
    assert (spec.conda, spec.seeds) == (conda, seeds)


def test_what_a_list_refers_to_becomes_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    written(tmp_path, "six  # why\n-r sub/more.txt\n\n# all of it\n", "requirements.txt")
    written(tmp_path / "sub", "numpy<2 ; \\\n  python_version<'3.13'\n-c limits.txt\n", "more.txt")
    written(tmp_path / "sub", "attrs<99\n", "limits.txt")
    spec = read_environment(requirements=tmp_path / "requirements.txt")
    assert spec.requirements == ("six", "numpy<2 ;    python_version<'3.13'")
    assert spec.constraints == ("attrs<99",)


def test_options_keep_their_place_and_paths_become_absolute(tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    spec = read_environment(
        requirements=[
            "--extra-index-url https://example.org/simple",
            "-f wheels",
            "--pre",
            "torch",
            "-i=https://example.org/x",
        ],
        folder=tmp_path,
    )
    assert spec.requirements == (
        "--extra-index-url https://example.org/simple",
        f"--find-links {tmp_path / 'wheels'}",
        "--pre",
        "torch",
        "--index-url https://example.org/x",
    )


def test_a_local_package_is_known_by_its_content(tmp_path: Path) -> None:
    package = tmp_path / "pkg"
    package.mkdir()
    written(package, "[project]", "pyproject.toml")
    written(package, "one", "module.py")
    before = read_environment(requirements=["./pkg[extra]"], folder=tmp_path)
    assert before.requirements == (f"{package}[extra]",)
    again = read_environment(requirements=["-e ./pkg[extra]"], folder=tmp_path)
    assert before.fingerprint == again.fingerprint
    assert "editable" in again.notes[0]
    written(package, "two", "module.py")
    after = read_environment(requirements=["./pkg[extra]"], folder=tmp_path)
    assert before.fingerprint != after.fingerprint


def test_where_it_was_written_does_not_make_it_another_one(tmp_path: Path) -> None:
    one = read_environment(requirements=written(tmp_path, "six\nnumpy  # x\n", "a.txt"))
    two = read_environment(requirements=["six", " numpy "])
    assert one.fingerprint == two.fingerprint
    assert one.fingerprint != read_environment(requirements=["numpy", "six"]).fingerprint


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 0, "must hold keys and values"),
        ("- six\n", 0, "environment.requirements"),
        ("name: x\n", 0, "has no dependencies"),
        ("dependancies: [six]\n", 0, "did you mean 'dependencies'?"),
        ("dependencies: six\n", 0, "dependencies must be a list"),
        ("dependencies:\n- pip:\n  - a b\n", 3, "'a b' is no requirement"),
        ("dependencies:\n- pip:\n  - torch=1.13\n", 3, "pip's is torch==1.13"),
        ("dependencies:\n- pip:\n  - -r gone.txt\n", 3, "gone.txt can't be read"),
        ("dependencies:\n- pip:\n  - ./gone\n", 3, "not there"),
        ("dependencies:\n- pip:\n  - --extra-index x\n", 3, "did you mean '--extra-index-url'?"),
        ("dependencies:\n- pip:\n  - six\n  - {a: b}\n", 0, "pip must hold texts"),
        ("dependencies:\n- pip: -r x\n", 2, "pip must be a list"),
        ("dependencies:\n- pips:\n  - six\n", 0, "only 'pip' can be one"),
        ("dependencies:\n- python=banana\n", 2, "no version that can be read"),
        ("dependencies:\n- python=3.8\n- python=3.9\n", 3, "python is there twice"),
        ("dependencies:\n-\n", 0, "empty item"),
        ("dependencies: [six\n", 2, "broken YAML"),
        ("dependencies: []\ndependencies: []\n", 2, "twice"),
        ("a: &a [*a]\n", 1, "broken YAML"),
        ("dependencies: []\nvariables: [x]\n", 0, "variables must hold keys"),
        ("dependencies: []\nchannels: defaults\n", 2, "channels must be a list"),
    ],
)
def test_what_is_wrong_with_a_conda_file_is_told_with_its_place(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    path = written(tmp_path, text)
    told = problems(conda_file=path)
    place = f"({path}:{line})" if line else f"({path})"
    assert any(said in each and place in each for each in told), told


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    told = problems(
        conda_file={"dependencies": ["python=x", {"pip": ["a=1", "b c"]}], "chanels": []}
    )
    assert len(told) == 4


def test_a_file_that_is_no_text_or_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "latin.yml").write_bytes(b"name: caf\xe9\n")
    assert "is not UTF-8: byte 0xe9 in line 1" in problems(conda_file=tmp_path / "latin.yml")[0]
    assert "can't be read" in problems(conda_file=tmp_path / "gone.yml")[0]
    assert "can't be read" in problems(requirements=tmp_path)[0]
    assert "has no pyproject.toml or setup.py" in problems(requirements=["/"])[0]


def test_files_that_refer_to_each_other_are_told(tmp_path: Path) -> None:
    written(tmp_path, "-r b.txt\n", "a.txt")
    path = written(tmp_path, "-r a.txt\n", "b.txt")
    assert "refers to itself" in problems(requirements=path)[0]


def test_a_password_is_not_in_a_message() -> None:
    told = problems(requirements=["--extra-index https://me:hush@example.org/"])
    assert "hush" not in told[0]


def test_a_line_means_the_same_from_everywhere(tmp_path: Path) -> None:
    assert located_line("-r a/../b.txt", tmp_path) == f"-r {tmp_path}/b.txt"
    assert located_line("./pkg[x]", tmp_path) == f"{tmp_path}/pkg[x]"
    assert located_line("numpy<2", tmp_path) == "numpy<2"
    assert located_line("git+https://x/y@z", tmp_path) == "git+https://x/y@z"
    assert located_line("a b c", tmp_path) == "a b c"


@given(st.text(max_size=200))
@example("~nobody-at-all/wheels")
def test_any_text_is_an_environment_or_a_clear_error(tmp_path_factory: Any, text: str) -> None:
    folder = tmp_path_factory.getbasetemp()
    path = folder / "any.yml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    for asked in ({"conda_file": path}, {"requirements": path}, {"requirements": [text]}):
        spec = read_environment(conda_file={"dependencies": []})
        with contextlib.suppress(ConfigurationError):  # nothing else may come out
            spec = read_environment(**asked)  # type: ignore[arg-type]
        assert EnvironmentSpec.from_document(spec.to_document()) == spec
