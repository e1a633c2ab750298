from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from framework.config.editing import Address, Editor, Remover, Request
from framework.errors import ConfigurationError, NotFoundError, UsageError

Write = Callable[[str, str], Path]
Make = Callable[..., Request]
ENDPOINT = "conf/endpoint/digits.yaml"
TORCH = "conf/deployment/digits/torch.yaml"


def names(folder: Path) -> list[str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(str(path.relative_to(folder)) for path in files if ".lock" not in path.parts)


def test_the_first_create_makes_conf(editor: Editor, make: Make, here: Path) -> None:
    editor.save(make("endpoint", "digits", "description=Reads digits"))
    assert names(here) == ["conf/config.yaml", ENDPOINT]
    assert (here / ENDPOINT).read_text() == "name: digits\ndescription: Reads digits\n"
    assert "workspace: ../.framework" in (here / "conf/config.yaml").read_text()


def test_git_does_not_see_the_lock(editor: Editor, make: Make, here: Path) -> None:
    editor.save(make("endpoint", "digits"))
    assert (here / "conf/.lock/.gitignore").read_text() == "*\n"


def test_nothing_is_made_of_what_is_wrong(editor: Editor, make: Make, here: Path) -> None:
    with pytest.raises(ConfigurationError):
        editor.save(make("endpoint", "digits", "auth_mode=none"))
    assert names(here) == []


def test_a_file_is_taken_over_with_its_comments_and_without_its_schema(
    editor: Editor, make: Make, write: Write, here: Path
) -> None:
    text = "# Of the team.\n$schema: https://x\nname: digits\ntags: {a: b}  # here\n"
    write("given.yml", text)
    editor.save(make("endpoint", "digits", file="given.yml"))
    assert (here / ENDPOINT).read_text() == text.replace("$schema: https://x\n", "")


def test_the_same_create_again_changes_no_byte_and_no_time(
    editor: Editor, make: Make, workspace: Path, write: Write, here: Path
) -> None:
    write("given.yml", "name: keras\nscorer: keras\nmini_batch_size: 16\n")
    editor.save(make("deployment", "digits/keras", file="given.yml"))
    path = here / "conf/deployment/digits/keras.yaml"
    before = path.read_bytes(), path.stat().st_mtime_ns
    editor.save(make("deployment", "digits/keras", file="given.yml"))
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_create_from_a_file_removes_what_the_file_does_not_have(
    editor: Editor, make: Make, workspace: Path, write: Write, here: Path
) -> None:
    write(TORCH, "# Ours.\nscorer: torch\n# patience\nmini_batch_size: 5 # five\nkeep_alive: 3\n")
    write("given.yml", "scorer: torch\nmini_batch_size: 7\n")
    editor.save(make("deployment", "digits/torch", file="given.yml"))
    expected = "# Ours.\nscorer: torch\n# patience\nmini_batch_size: 7 # five\n"
    assert (here / TORCH).read_text() == expected


def test_create_without_a_file_keeps_what_is_there(
    editor: Editor, make: Make, workspace: Path, here: Path
) -> None:
    before = (here / TORCH).read_text()
    editor.save(make("deployment", "digits/torch", "mini_batch_size=7"))
    assert (here / TORCH).read_text() == f"{before}mini_batch_size: 7\n"


def test_the_default_that_another_verb_has_set_survives_a_create_without_one(
    editor: Editor, make: Make, workspace: Path, write: Write, here: Path
) -> None:
    write("given.yml", "name: digits\ndescription: new\n")
    editor.save(make("endpoint", "digits", file="given.yml"))
    assert "defaults: {deployment_name: torch}" in (here / ENDPOINT).read_text()


def test_a_deployment_needs_its_endpoint(editor: Editor, make: Make, workspace: Path) -> None:
    with pytest.raises(NotFoundError, match="did you mean 'digits'"):
        editor.save(make("deployment", "digit/torch"))


def test_a_deployment_becomes_the_default_in_one_step(
    editor: Editor, make: Make, workspace: Path, here: Path
) -> None:
    editor.save(make("deployment", "digits/new", "scorer=x"), makes_default=True)
    assert (here / ENDPOINT).read_text() == "name: digits\ndefaults: {deployment_name: new}\n"


@pytest.mark.parametrize("must_exist", [True, False])
def test_a_default_that_is_not_there_is_refused(
    editor: Editor, make: Make, workspace: Path, must_exist: bool
) -> None:
    request = make("endpoint", "digits", "defaults.deployment_name=karas")
    with pytest.raises(NotFoundError, match="did you mean 'keras'"):
        editor.save(request, must_exist=must_exist)


def test_an_endpoint_may_be_created_before_its_default(editor: Editor, make: Make) -> None:
    draft = editor.save(make("endpoint", "digits", "defaults.deployment_name=torch"))
    assert draft.notices == ("endpoint 'digits' has no deployment 'torch' yet, its default",)


def test_update_needs_what_it_changes(editor: Editor, make: Make, workspace: Path) -> None:
    with pytest.raises(NotFoundError, match="did you mean 'torch'"):
        editor.save(make("deployment", "digits/toch", "mini_batch_size=7"), must_exist=True)


def test_all_problems_are_said_at_once_with_the_line_they_were_given_in(
    editor: Editor, make: Make, workspace: Path, write: Write, here: Path
) -> None:
    before = names(here)
    write("given.yml", "# it\nname: new\nmini_batch_sise: 3\nretry_settings:\n  timeout: soon\n")
    with pytest.raises(ConfigurationError) as caught:
        editor.save(make("deployment", "digits/new", "error_threshold=-7", file="given.yml"))
    assert {(each.key, each.source) for each in caught.value.problems} == {
        ("mini_batch_sise", "given.yml:3"),
        ("retry_settings.timeout", "given.yml:5"),
        ("error_threshold", "--set"),
    }
    assert "did you mean 'mini_batch_size'" in str(caught.value)
    assert names(here) == sorted([*before, "given.yml"])


def test_keys_of_azures_form_are_changed_where_they_stand(
    editor: Editor, make: Make, workspace: Path, write: Write, here: Path
) -> None:
    write(TORCH, "type: model\nscorer: torch\nsettings:\n  mini_batch_size: 5\n")
    editor.save(make("deployment", "digits/torch", "mini_batch_size=7", "tags.a.b=c"))
    text = "type: model\nscorer: torch\nsettings:\n  mini_batch_size: 7\ntags:\n  a.b: c\n"
    assert (here / TORCH).read_text() == text


def test_a_file_with_another_suffix_is_the_one_that_is_changed(
    editor: Editor, make: Make, workspace: Path, here: Path
) -> None:
    (here / TORCH).rename(here / "conf/deployment/digits/torch.yml")
    editor.save(make("deployment", "digits/torch", "mini_batch_size=7"))
    assert not (here / TORCH).exists()
    assert "mini_batch_size: 7" in (here / "conf/deployment/digits/torch.yml").read_text()


def test_an_anchor_that_can_not_be_edited_is_said(
    editor: Editor, make: Make, workspace: Path, write: Write
) -> None:
    write(TORCH, "<<: {mini_batch_size: 5, keep_alive: 1}\nscorer: x\n")
    write("given.yml", "scorer: x\n")
    with pytest.raises(UsageError, match=r"torch\.yaml: .* edit it by hand"):
        editor.save(make("deployment", "digits/torch", file="given.yml"))


@pytest.mark.parametrize("link", ["conf/endpoint", "conf/endpoint/digits.yaml", "conf/deployment"])
def test_nothing_is_written_through_a_symbolic_link(
    editor: Editor, make: Make, workspace: Path, tmp_path: Path, here: Path, link: str
) -> None:
    outside = tmp_path / "outside"
    (here / link).rename(outside)
    (here / link).symlink_to(outside)
    request = make("endpoint", "digits", "description=x")
    if link == "conf/deployment":
        request = make("deployment", "digits/torch", "mini_batch_size=7")
    with pytest.raises(UsageError, match="is a symbolic link"):
        editor.save(request)
    said = [path.read_text() for path in [outside, *outside.rglob("*")] if path.is_file()]
    assert not any("description: x" in text or "mini_batch_size: 7" in text for text in said)


def test_a_conf_that_is_itself_a_link_is_used(make: Make, workspace: Path, tmp_path: Path) -> None:
    here = Path.cwd()
    (here / "conf").rename(tmp_path / "real")
    (here / "conf").symlink_to(tmp_path / "real")
    Editor(here / "conf" / "config.yaml").save(make("endpoint", "digits", "description=x"))
    assert "description: x" in (tmp_path / "real/endpoint/digits.yaml").read_text()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_conf_that_can_not_be_written_is_one_clear_line(
    editor: Editor, make: Make, workspace: Path, here: Path
) -> None:
    (here / "conf").chmod(0o555)
    try:
        with pytest.raises(UsageError, match="conf can't be written to: permission denied"):
            editor.save(make("endpoint", "digits", "description=x"))
    finally:
        (here / "conf").chmod(0o755)


def test_a_lock_that_can_not_be_taken_is_one_clear_line(
    editor: Editor, make: Make, workspace: Path, write: Write
) -> None:
    write("conf/.lock", "no folder")
    with pytest.raises(UsageError, match="conf can't be written to: file exists"):
        editor.save(make("endpoint", "digits", "description=x"))


def test_a_files_permissions_stay(editor: Editor, make: Make, workspace: Path, here: Path) -> None:
    (here / ENDPOINT).chmod(0o640)
    editor.save(make("endpoint", "digits", "description=x"))
    assert (here / ENDPOINT).stat().st_mode & 0o777 == 0o640


def test_what_a_cut_short_write_has_left_is_tidied_up(
    editor: Editor, make: Make, workspace: Path, write: Write, here: Path
) -> None:
    write("conf/endpoint/.digits.yaml.0123456789abcdef.tmp", "name: di")
    assert editor.registry.names("endpoint") == ["digits"]
    editor.save(make("endpoint", "digits", "description=x"))
    assert os.listdir(here / "conf/endpoint") == ["digits.yaml"]


# --- deleting


def test_an_endpoint_goes_with_its_deployments(workspace: Path, here: Path, write: Write) -> None:
    write("conf/deployment/digits/torch.yml", "scorer: twice\n")
    Remover(here / "conf/config.yaml").delete(Address(kind="endpoint", name="digits"))
    assert names(here / "conf") == ["config.yaml"]


def test_what_other_people_keep_among_deployments_stays(
    workspace: Path, here: Path, write: Write
) -> None:
    write("conf/deployment/digits/README.md", "ours\n")
    Remover(here / "conf/config.yaml").delete(Address(kind="endpoint", name="digits"))
    assert names(here / "conf") == ["config.yaml", "deployment/digits/README.md"]


def test_the_default_deployment_is_not_deleted_and_the_way_out_is_named(
    workspace: Path, here: Path
) -> None:
    address = Address(kind="deployment", name="torch", endpoint="digits")
    with pytest.raises(UsageError) as caught:
        Remover(here / "conf/config.yaml").delete(address)
    assert "endpoint update digits --set defaults.deployment_name=keras" in str(caught.value)
    assert "endpoint delete digits" in str(caught.value)
    assert (here / TORCH).exists()


def test_another_deployment_is_deleted(workspace: Path, here: Path) -> None:
    Remover(here / "conf/config.yaml").delete(
        Address(kind="deployment", name="keras", endpoint="digits")
    )
    assert names(here / "conf/deployment") == ["digits/torch.yaml"]


def test_what_is_not_there_can_not_be_deleted(workspace: Path, here: Path) -> None:
    with pytest.raises(NotFoundError, match="did you mean 'digits'"):
        Remover(here / "conf/config.yaml").delete(Address(kind="endpoint", name="digit"))
