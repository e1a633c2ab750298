from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from framework.config.editing import Address, Editor, Remover, Request, entries, show
from framework.errors import NotFoundError, UsageError

Write = Callable[[str, str], Path]
Make = Callable[..., Request]

FILE = "# Reads digits.\nname: cpu\nimage: python\nconda_file: env/conda.yml\n"
CONDA = (
    "name: cpu\ndependencies:\n  - python=3.11 # the minor version\n  - pip:\n      - numpy{0}\n"
)


@pytest.fixture
def given_file(write: Write) -> Callable[[str], Path]:
    def given(numpy: str) -> Path:
        write("files/env/conda.yml", CONDA.format(numpy))
        return write("files/environment.yml", FILE)

    return given


def version(editor: Editor, request: Request) -> str:
    return str(editor.save(request).entity["version"])


def listed(here: Path) -> list[str]:
    return sorted(os.listdir(here / "conf" / "environment"))


def test_the_same_content_is_the_same_version_and_other_content_the_next(
    editor: Editor, make: Make, given_file: Callable[[str], Path], here: Path
) -> None:
    versions = []
    for numpy in ("<2", "<2", ">=2", ">=2", "<2", "==2.1"):
        given_file(numpy)
        request = make("environment", "cpu", file="files/environment.yml")
        versions.append(version(editor, request))
    assert versions == ["1", "1", "2", "2", "1", "3"]
    assert listed(here) == ["cpu.yaml", "cpu@1.yaml", "cpu@2.yaml"]
    assert [each["version"] for each in entries(editor.config, "environment", name="cpu")] == list(
        "321"
    )


def test_a_conda_file_is_taken_over_so_that_a_version_never_changes(
    editor: Editor, make: Make, given_file: Callable[[str], Path], here: Path
) -> None:
    given_file("<2")
    editor.save(make("environment", "cpu", file="files/environment.yml"))
    shown = show(editor.config, Address(kind="environment", name="cpu"))
    assert shown["conda_file"] == {
        "name": "cpu",
        "dependencies": ["python=3.11", {"pip": ["numpy<2"]}],
    }
    assert (here / "conf/environment/cpu.yaml").read_text().startswith("# Reads digits.\nname: cpu")


def test_a_version_of_ones_own_choice_is_kept_and_never_changes(
    editor: Editor, make: Make, here: Path
) -> None:
    assert version(editor, make("environment", "cpu", "image=a", version="2026-11")) == "2026-11"
    assert version(editor, make("environment", "cpu", "image=a", version="2026-11")) == "2026-11"
    with pytest.raises(UsageError, match="version '2026-11' with other content"):
        editor.save(make("environment", "cpu", "image=b", version="2026-11"))
    assert version(editor, make("environment", "cpu", "image=b")) == "1"
    assert listed(here) == ["cpu.yaml", "cpu@2026-11.yaml"]


def test_the_version_that_a_file_asks_for_counts(editor: Editor, make: Make, write: Write) -> None:
    write("given.yml", "name: cpu\nversion: 7\nimage: a\n")
    assert version(editor, make("environment", "cpu", file="given.yml")) == "7"
    with pytest.raises(UsageError, match="--version '8' is not the file's version"):
        editor.save(make("environment", "cpu", file="given.yml", version="8"))


def test_a_file_without_a_version_is_the_first(
    editor: Editor, make: Make, write: Write, here: Path
) -> None:
    write("conf/config.yaml", "")
    write("conf/environment/cpu.yaml", "# By hand.\nimage: a\n")
    assert version(editor, make("environment", "cpu", "image=b")) == "2"
    older = (here / "conf/environment/cpu@1.yaml").read_text()
    assert older == "# By hand.\nimage: a\nversion: '1'\n"


def test_the_description_of_a_version_can_change_but_not_its_content(
    editor: Editor, make: Make, here: Path
) -> None:
    editor.save(make("environment", "cpu", "image=a"))
    editor.save(make("environment", "cpu", "description=x", "tags.a=b"), must_exist=True)
    assert show(editor.config, Address(kind="environment", name="cpu"))["tags"] == {"a": "b"}
    with pytest.raises(UsageError, match="'image' of environment 'cpu' can't be changed"):
        editor.save(make("environment", "cpu", "image=b"), must_exist=True)
    assert listed(here) == ["cpu.yaml"]


@pytest.mark.parametrize("bad", ["../1", "a/b", "", ".x", "latest", "a" * 99])
def test_a_version_must_be_able_to_be_part_of_a_files_name(
    editor: Editor, make: Make, bad: str, here: Path
) -> None:
    with pytest.raises(UsageError, match="is no version"):
        editor.save(make("environment", "cpu", f"version={bad}", "image=a"))
    assert not (here / "conf").exists()


def test_the_next_older_version_becomes_the_newest_when_that_goes(
    editor: Editor, make: Make, here: Path
) -> None:
    for image in "abc":
        editor.save(make("environment", "cpu", f"image={image}"))
    remover = Remover(editor.config)
    remover.delete(Address(kind="environment", name="cpu", version="3"))
    assert show(editor.config, Address(kind="environment", name="cpu"))["image"] == "b"
    remover.delete(Address(kind="environment", name="cpu", version="1"))
    assert listed(here) == ["cpu.yaml"]
    with pytest.raises(NotFoundError, match="has no version '1'"):
        remover.delete(Address(kind="environment", name="cpu", version="1"))
    remover.delete(Address(kind="environment", name="cpu", version="2"))
    assert listed(here) == []


def test_all_versions_go_unless_one_is_named(editor: Editor, make: Make, here: Path) -> None:
    for image in "abc":
        editor.save(make("environment", "cpu", f"image={image}"))
    editor.save(make("environment", "cpu2", "image=a"))
    Remover(editor.config).delete(Address(kind="environment", name="cpu"))
    assert listed(here) == ["cpu2.yaml"]


def test_a_power_cut_between_the_two_files_of_a_new_version_leaves_the_old_state(
    editor: Editor, make: Make, here: Path
) -> None:
    editor.save(make("environment", "cpu", "image=a"))
    newest = here / "conf/environment/cpu.yaml"
    newest.with_name("cpu@1.yaml").write_bytes(newest.read_bytes())
    assert [each["version"] for each in entries(editor.config, "environment", name="cpu")] == ["1"]
    assert version(editor, make("environment", "cpu", "image=b")) == "2"
    assert listed(here) == ["cpu.yaml", "cpu@1.yaml"]


def test_data_have_versions_too(editor: Editor, make: Make, write: Write) -> None:
    write("given.yml", "name: digits\npath: images/\n")
    assert version(editor, make("data", "digits", file="given.yml")) == "1"
    write("given.yml", "name: digits\npath: other/\n")
    assert version(editor, make("data", "digits", file="given.yml")) == "2"
    shown = show(editor.config, Address(kind="data", name="digits", version="1"))
    assert shown == {"name": "digits", "version": "1", "path": "../../images/"}


def test_a_conda_file_that_refers_to_another_file_is_taken_over_with_it(
    editor: Editor, make: Make, write: Write
) -> None:
    write("files/more.txt", "numpy<2\npandas # tables\n")
    write("files/conda.yml", "dependencies:\n  - python=3.11\n  - pip: [-r more.txt]\n")
    write("files/environment.yml", "name: cpu\nconda_file: conda.yml\n")
    request = make("environment", "cpu", file="files/environment.yml")
    dependencies = editor.save(request).entity["conda_file"]["dependencies"]
    assert dependencies[-1] == {"pip": ["numpy<2", "pandas"]}
    write("files/more.txt", "numpy>=2\n")
    assert version(editor, request) == "2"


@pytest.mark.parametrize("more", ["", "-r base.txt\n"])
def test_requirements_are_taken_over_line_by_line(
    editor: Editor, make: Make, write: Write, more: str
) -> None:
    write("files/base.txt", "torch\n")
    write("files/requirements.txt", f"# ours\n{more}numpy<2 # old\n\npandas\n")
    write("files/environment.yml", "name: cpu\nrequirements: requirements.txt\n")
    draft = editor.save(make("environment", "cpu", file="files/environment.yml"))
    assert draft.entity["requirements"] == [*(["torch"] if more else []), "numpy<2", "pandas"]


def test_lines_for_pip_that_stand_inline_find_their_files(
    editor: Editor, make: Make, write: Write
) -> None:
    write("files/more.txt", "torch\n")
    write("files/environment.yml", "name: cpu\nrequirements: [-r more.txt, numpy<2]\n")
    draft = editor.save(make("environment", "cpu", file="files/environment.yml"))
    assert draft.entity["requirements"] == ["torch", "numpy<2"]
