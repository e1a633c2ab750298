from __future__ import annotations

import dataclasses
import inspect
import json
import re
import types
import typing
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import click
import pytest

from framework import errors
from framework.cli.app import root
from framework.config.datastore_kinds import KINDS
from framework.config.foreign_keys import FOREIGN
from framework.config.registry import VARIABLE
from framework.domain.outcomes import FailureKind, Stage
from framework.domain.states import JobStatus
from framework.engine.contract import Compute
from framework.jobs.manifest import FORMAT
from framework.plugin import load_plugins, resolve
from framework.scoring.launch import Launch, Room, environment
from framework.settings import Endpoint, Settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")

SCRIPT = """
def run(mini_batch):
    if "bad" in mini_batch[0]:
        raise ValueError
    return mini_batch
"""

Rows = dict[str, list[str]]


def tables(first_header: str) -> Rows:
    """The rows of all tables whose first column is called so, by the code in their first cells."""
    rows: Rows = {}
    pattern = rf"^\| {re.escape(first_header)} \|.*\n\| -.*\n((?:\|.*\n)+)"
    for table in re.findall(pattern, PAGE, re.MULTILINE):
        for line in table.splitlines():
            first, *rest = (cell.strip() for cell in line.strip("|").split("|"))
            names = re.findall(r"`([^`]+)`", first) or [first]
            assert ", ".join(names) not in rows, f"{first} is there twice"
            rows[", ".join(names)] = rest
    assert rows, f"no table is headed {first_header}"
    return rows


def codes(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


# --- settings


def declared(kind: type[Any], prefix: str = "") -> Iterator[tuple[str, list[str]]]:
    """Each key with its type, default and range, as the page has to show them."""
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        hint = hints[field.name]
        if dataclasses.is_dataclass(hint) and isinstance(hint, type):
            yield from declared(hint, f"{prefix}{field.name}.")
        else:
            shown = [shown_type(hint, field.metadata), shown_default(field), shown_range(field)]
            yield prefix + field.name, shown


def shown_type(hint: Any, metadata: Any) -> str:
    if hint == int | str:
        return "whole number or share"
    if typing.get_origin(hint) in {types.UnionType, typing.Union}:
        parts = [each for each in typing.get_args(hint) if each is not types.NoneType]
        if len(parts) > 1:
            return f"path or {'mapping' if typing.get_origin(parts[1]) is dict else 'list'}"
        hint = parts[0]
    if typing.get_origin(hint) is typing.Literal:
        return " or ".join(f"`{word}`" for word in typing.get_args(hint))
    if typing.get_origin(hint) is tuple:
        return "list of paths" if "is_path" in metadata else "list of texts"
    if typing.get_origin(hint) is dict:
        return "open map" if typing.get_args(hint)[1] is Any else "map"
    if issubclass(hint, StrEnum):
        return " or ".join(f"`{word}`" for word in hint)
    if hint is str:
        return "path" if "is_path" in metadata else "text"
    if hint is int:
        return "size" if metadata.get("unit") == "bytes" else "whole number"
    return {bool: "switch", float: "number"}[hint]


def shown_default(field: dataclasses.Field[Any]) -> str:
    has_factory = field.default_factory is not dataclasses.MISSING
    value = field.default_factory() if has_factory else field.default
    if value is None:
        return "—"
    return f"`{value}`" if isinstance(value, str) else f"`{json.dumps(value)}`"


def shown_range(field: dataclasses.Field[Any]) -> str:
    words = {"minimum": "≥", "above": ">"}
    return ", ".join(
        f"{word} {field.metadata[key]}" for key, word in words.items() if key in field.metadata
    )


def settings_of_computes() -> Iterator[tuple[str, str, str]]:
    """Each compute's keys, with the defaults as the page has to show them."""
    for name, contribution in load_plugins().computes.items():
        for each in inspect.signature(resolve(contribution, Compute)).parameters.values():
            yield name, each.name, shown_parameter(each.default)


def shown_parameter(default: Any) -> str:
    if default is inspect.Parameter.empty:
        return "required"
    if default is None:
        return "—"
    if not isinstance(default, str | int | float | tuple):  # a factory's
        return "`{}`"
    return f"`{default}`" if isinstance(default, str) else f"`{json.dumps(default)}`"


def test_every_setting_of_every_compute_is_there_and_no_other() -> None:
    shown = {}
    for names, (_, default, meaning) in tables("compute and key").items():
        *computes, key = names.split(", ")
        shown |= {(compute, key): default for compute in computes}
        assert meaning
    assert shown == {(name, key): default for name, key, default in settings_of_computes()}


def test_every_setting_is_there_and_no_other() -> None:
    assert set(tables("key")) == set(dict(declared(Settings)))


@pytest.mark.parametrize(("key", "shown"), [*declared(Settings)])
def test_a_setting_is_shown_with_its_type_default_and_range(key: str, shown: list[str]) -> None:
    *said, meaning = tables("key").get(key, [""])
    assert said == shown
    assert meaning


@pytest.mark.parametrize(
    "key", [key for key, row in tables("key").items() if "no effect yet" in row[-1]]
)
def test_a_setting_without_effect_is_read_by_nothing(key: str) -> None:
    name = key.rpartition(".")[2]
    word = key if name in {"version", "image"} else name  # those two are too common
    readers = [
        str(path.relative_to(ROOT))
        for floor in ("api.py", "engine", "jobs", "outputs", "scoring", "storage")
        for path in python_files(ROOT / "framework" / floor)
        if re.search(rf"\.{re.escape(word)}\b", path.read_text(encoding="utf-8"))
    ]
    assert readers == [], f"{key} has an effect by now: say which in docs/reference.md"


def python_files(place: Path) -> list[Path]:
    return sorted(place.rglob("*.py")) if place.is_dir() else [place]


def test_every_key_of_an_endpoint_is_there_with_its_default() -> None:
    rows = tables("endpoint key")
    assert set(rows) == {field.name for field in dataclasses.fields(Endpoint)}
    plain = {
        field.name: field.default
        for field in dataclasses.fields(Endpoint)
        if isinstance(field.default, str)
    }
    assert {key: json.loads(codes(rows[key][0])[0]) for key in plain} == plain


def test_every_type_of_datastore_is_there_with_its_keys() -> None:
    shown = {kind: (codes(row[0]), codes(row[1])) for kind, row in tables("datastore type").items()}
    assert shown == {
        name: ([*kind.required, *kind.optional], [*kind.credentials])
        for name, kind in KINDS.items()
    }


def test_every_key_of_azures_without_effect_is_there() -> None:
    shown = {kind: set(codes(row[0])) for kind, row in tables("file of Azure ML").items()}
    told = {
        kind: {key for key, foreign in keys.items() if foreign.is_told}
        for kind, keys in FOREIGN.items()
    }
    assert shown == {kind: keys for kind, keys in told.items() if keys}


# --- the command line


def verbs(group: click.Group = root, path: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from verbs(command, f"{path}{name} ")
        else:
            yield path + name, command


def options_of(command: click.Command) -> list[str]:
    options = (each for each in command.params if isinstance(each, click.Option))
    return [", ".join(option.opts) for option in options]


def test_every_verb_is_there_with_its_arguments() -> None:
    usages = {
        " ".join([name, *command.collect_usage_pieces(click.Context(command))])
        for name, command in verbs()
    }
    assert set(tables("verb")) == usages


def test_every_verb_is_there_with_the_options_that_not_most_have() -> None:
    common = {option for option, row in tables("option").items() if row[0].startswith("common")}
    own = {name: set(options_of(command)) - common for name, command in verbs()}
    told = {verb.partition(" [")[0]: codes(row[0]) for verb, row in tables("verb").items()}
    longs = {option.split(", ")[-1]: option for option in tables("option")}
    assert {verb: {longs[each] for each in options} for verb, options in told.items()} == own


def test_every_option_is_there() -> None:
    assert set(tables("option")) == {each for _, command in verbs() for each in options_of(command)}


# --- errors and statuses


def all_errors(kind: type[errors.FrameworkError] = errors.FrameworkError) -> list[type[Any]]:
    return [kind, *(each for sub in kind.__subclasses__() for each in all_errors(sub))]


def ours() -> list[type[errors.FrameworkError]]:
    return [each for each in all_errors() if each.__module__ == errors.__name__]


def test_every_exit_code_is_there_with_the_errors_that_have_it() -> None:
    said = {int(code): set(codes(row[-1])) for code, row in tables("code").items()}
    actual: dict[int, set[str]] = {0: set()}
    for each in ours():
        actual.setdefault(each.exit_code, set()).add(each.__name__)
    assert said == actual


def test_the_drawn_tree_has_every_error_below_its_parent() -> None:
    drawn: dict[str, str] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"    ([│ ├└─]*)(\w+Error)\b", line)
        if found:
            depth = len(found[1]) // 4
            above = [*above[:depth], found[2]]
            drawn[found[2]] = above[-2] if depth else "Exception"
    assert drawn == {each.__name__: each.__bases__[0].__name__ for each in ours()}


def test_every_status_is_there_with_what_may_follow() -> None:
    said = {name: row[:2] for name, row in tables("status").items() if len(row) == 3}
    words = {True: "yes", False: "no"}
    assert said == {
        str(each): [words[each.is_final], words[each.is_resumable]] for each in JobStatus
    }


# --- a job's record


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The record of a job of which one file has failed."""
    import framework

    folder = tmp_path_factory.mktemp("job")
    (folder / "data").mkdir()
    for name in ("a.txt", "bad.txt"):
        (folder / "data" / name).write_text("x")
    (folder / "code").mkdir()
    script = (
        "def run(files):\n    if 'bad' in files[0]:\n        raise ValueError\n    return files\n"
    )
    (folder / "code" / "score.py").write_text(script)
    (folder / "config.yaml").write_text(f"workspace: {folder}/workspace\n")
    ended = framework.invoke(
        conf=str(folder / "config.yaml"),
        name="it",
        input=str(folder / "data"),
        code_configuration={"code": str(folder / "code"), "scoring_script": "score.py"},
        mini_batch_size=1,
        compute={"dashboard": False},
    ).wait()
    assert ended.status == JobStatus.COMPLETED
    assert set(ended.summary()) == set(tables("job key"))
    return Path(ended.folder)


def test_every_file_of_a_record_is_there(job: Path) -> None:
    files = {str(path.relative_to(job)) for path in job.rglob("*") if path.is_file()}
    assert set(tables("file")) == files


def test_every_key_of_a_failure_is_there(job: Path) -> None:
    failure = json.loads((job / "errors.jsonl").read_text(encoding="utf-8"))
    rows = tables("key of a line of `errors.jsonl`")
    assert list(rows) == list(failure)
    assert codes(rows["stage"][0]) == list(Stage)
    assert codes(rows["kind"][0]) == list(FailureKind)


def test_every_key_of_a_jobs_identity_is_there(job: Path) -> None:
    identity = json.loads((job / "job.json").read_text(encoding="utf-8"))
    assert list(tables("key of `job.json`")) == list(identity)
    assert set(identity["summary"]) <= set(tables("job key"))
    counts = codes(tables("job key")["counts"][0])
    assert counts == list(identity["summary"]["counts"])


def test_every_key_of_a_manifest_is_there(job: Path) -> None:
    manifest = json.loads((job / "manifest.json").read_text(encoding="utf-8"))
    assert list(tables("key of `manifest.json`")) == list(manifest)
    assert manifest["manifest"] == FORMAT


# --- environment variables


def test_every_variable_that_a_scorer_process_gets_is_there() -> None:
    here = Path("/room")
    room = Room(folder=here, cwd=here, log=here / "log", model_dir=here / "model")
    given = environment(Launch(factory="m:C", environment_variables={}), room, {})
    assert given.keys() <= tables("variable").keys()


def test_every_variable_that_the_command_reads_is_there() -> None:
    names = {VARIABLE}
    for path in (ROOT / "framework").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        names |= set(re.findall(r'"([A-Z_]{3,})" (?:not )?in os\.environ', text))
        names |= set(re.findall(r'os\.(?:environ\.get|environ|getenv)[\[(]"([A-Z_]+)"', text))
    assert {"NO_COLOR", "TERM"} < names
    assert names <= tables("variable").keys()
