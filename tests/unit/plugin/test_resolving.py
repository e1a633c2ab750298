from __future__ import annotations

from textwrap import dedent

import pytest

from framework import MissingExtraError, OutputFormat, PluginError, Scorer
from framework.plugin import (
    Contribution,
    Kind,
    check_params,
    load_plugins,
    resolve,
    resolve_all,
)

SCORER = """
    from framework import Scorer

    class Lines(Scorer):
        def __init__(self, *, encoding, limit=10):
            pass

        def load(self, context): ...
        def score(self, files): ...

    class Unfinished(Scorer):
        def load(self, context): ...

    def function(): ...
"""


@pytest.fixture
def stranger(tmp_path, monkeypatch):
    (tmp_path / "stranger.py").write_text(dedent(SCORER), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def contribution(factory: str, kind: Kind = Kind.SCORER) -> Contribution:
    return Contribution(kind=kind, name="lines", factory=factory, plugin="theirs")


def test_a_contribution_resolves_to_its_class(stranger) -> None:
    assert resolve(contribution("stranger:Lines"), Scorer).__name__ == "Lines"


@pytest.mark.parametrize(
    ("factory", "expected"),
    [
        ("stranger:Line", "stranger has no 'Line', did you mean 'Lines'"),
        ("stranger:function", "no subclass of Scorer"),
        ("pathlib:Path", "no subclass of Scorer"),
        ("stranger:Unfinished", "does not define score"),
        ("stranger_gone:Lines", "there is no module 'stranger_gone'"),
        ("stranger.gone:Lines", "there is no module 'stranger.gone'"),
    ],
)
def test_an_unusable_factory_is_one_clear_line(stranger, factory: str, expected: str) -> None:
    with pytest.raises(PluginError) as caught:
        resolve(contribution(factory), Scorer)
    assert expected in str(caught.value)
    assert "plugin 'theirs'" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_module_that_raises_is_a_plugin_error(stranger) -> None:
    (stranger / "stranger_raises.py").write_text("1 / 0", encoding="utf-8")
    with pytest.raises(PluginError, match="ZeroDivisionError"):
        resolve(contribution("stranger_raises:Lines"), Scorer)


def test_a_module_that_lacks_a_library_of_its_own_names_that(stranger) -> None:
    (stranger / "stranger_needs.py").write_text("import stranger_library", encoding="utf-8")
    with pytest.raises(PluginError, match="failed: there is no module 'stranger_library'"):
        resolve(contribution("stranger_needs:Lines"), Scorer)


def test_a_missing_library_of_an_extra_says_what_to_install(stranger, monkeypatch) -> None:
    (stranger / "stranger_torch.py").write_text("import torchvision.gone", encoding="utf-8")
    monkeypatch.setitem(__import__("sys").modules, "torchvision", None)
    with pytest.raises(MissingExtraError, match=r"dask-batch-endpoints\[torch\]"):
        resolve(contribution("stranger_torch:Lines"), Scorer)


def test_all_wrong_parameters_are_reported_at_once(stranger) -> None:
    made = contribution("stranger:Lines")
    problems = check_params(made, resolve(made, Scorer), {"limits": 3, "zzz": 1})
    assert [problem.key for problem in problems] == [
        "scorer.params.limits",
        "scorer.params.zzz",
        "scorer.params.encoding",
    ]
    assert "did you mean 'limit'" in problems[0].message
    assert "needs it" in problems[2].message


def test_right_parameters_are_no_problem(stranger) -> None:
    made = contribution("stranger:Lines")
    assert check_params(made, resolve(made, Scorer), {"encoding": "utf-8"}) == ()


def test_a_class_that_takes_anything_is_asked_nothing() -> None:
    class Anything:
        def __init__(self, **params: object) -> None: ...

    assert check_params(contribution("x:Y"), Anything, {"whatever": 1}) == ()


def test_a_class_without_parameters_says_so() -> None:
    class Nothing: ...

    made = contribution("x:Y", Kind.COMPUTE)
    (problem,) = check_params(made, Nothing, {"address": "tcp://x"})
    assert problem.key == "compute.address"
    assert "nor any other parameter" in problem.message


def test_every_built_in_resolves_to_what_its_kind_asks_for() -> None:
    from framework import Compute

    plugins = load_plugins()
    ours = [
        *((each, Scorer) for each in plugins.scorers.values()),
        *((each, Compute) for each in plugins.computes.values()),
        *((each, OutputFormat) for each in plugins.output_formats.values()),
    ]
    for made, base in ours:
        if made.plugin == "builtin":
            assert issubclass(resolve(made, base), base)


def test_of_many_contributions_a_broken_one_is_logged_and_left_out(stranger, caplog) -> None:
    made = {"lines": contribution("stranger:Lines"), "gone": contribution("stranger_gone:Lines")}
    assert list(resolve_all(made, Scorer)) == ["lines"]
    assert "stranger_gone" in caplog.text


def test_the_built_in_formats_differ_in_their_endings() -> None:
    formats = resolve_all(load_plugins().output_formats, OutputFormat)
    suffixes = [suffix for each in formats.values() for suffix in each.suffixes]
    assert {".csv", ".tsv", ".jsonl", ".parquet"} <= set(suffixes)
    assert len(suffixes) == len(set(suffixes))
