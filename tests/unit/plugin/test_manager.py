from __future__ import annotations

import logging
from pathlib import Path

import pytest

from framework.errors import PluginError
from framework.plugin import Kind, Plugins, load_plugins

SCORER = """
    from framework import hookimpl

    @hookimpl
    def register_scorers(register):
        register("{name}", "{factory}", summary="counts   lines")
"""


def scorer(name: str, factory: str = "stranger.scorer:Scorer") -> str:
    return SCORER.format(name=name, factory=factory)


def error_of(plugins: Plugins, name: str) -> str:
    (broken,) = [each for each in plugins.broken if each.name == name]
    return broken.error


def test_built_ins_come_through_the_hooks() -> None:
    plugins = load_plugins()
    assert plugins.scorers["script"].plugin == "builtin"
    assert plugins.computes["local"].plugin == "builtin"
    assert list(plugins.output_formats)[:4] == ["csv", "tsv", "jsonl", "parquet"]


def test_an_installed_plugin_contributes(install) -> None:
    install("stranger", scorer("lines"))
    found = load_plugins().scorers["lines"]
    assert found.kind is Kind.SCORER
    assert found.factory == "stranger.scorer:Scorer"
    assert found.summary == "counts lines"
    assert (found.plugin, found.version) == ("stranger", "1.2.3")


def test_a_configured_module_contributes(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "stranger_ours.py").write_text("value = 1\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "stranger_local.py").write_text(
        "from framework import hookimpl\n\n@hookimpl\ndef register_computes(register):\n"
        "    register('grid', 'stranger_grid:Grid')\n",
        encoding="utf-8",
    )
    assert load_plugins(["stranger_local"]).computes["grid"].factory == "stranger_grid:Grid"


def test_a_plugin_that_is_installed_and_configured_counts_once(install) -> None:
    install("stranger", scorer("lines"))
    plugins = load_plugins(["stranger"])
    assert "lines" in plugins.scorers
    assert not [each for each in plugins.broken if each.name == "stranger"]


@pytest.mark.parametrize("reference", ["Plugin", "plugin"])
def test_an_entry_point_may_name_a_class_or_an_object(install, reference: str) -> None:
    source = """
        from framework import hookimpl

        class Plugin:
            @hookimpl
            def register_scorers(self, register):
                register("lines", "stranger.scorer:Scorer")

        plugin = Plugin()
    """
    install("stranger", source, entry_point=f"lines = stranger:{reference}")
    assert load_plugins().scorers["lines"].plugin == "lines"


def test_a_registered_class_is_kept_as_an_import_string(install) -> None:
    source = """
        from framework import hookimpl

        class Lines:
            class Inner: ...

        @hookimpl
        def register_scorers(register):
            register("lines", Lines)
            register("inner", Lines.Inner)
    """
    install("stranger", source)
    scorers = load_plugins().scorers
    assert scorers["lines"].factory == "stranger:Lines"
    assert scorers["inner"].factory == "stranger:Lines.Inner"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("raise RuntimeError('no\\nlicence')", "RuntimeError: no licence"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("import stranger_library", "No module named 'stranger_library'"),
        ("def f(:", "SyntaxError"),
        ("value = 1", "it implements no hook"),
        (scorer("lines").replace("register_scorers", "register_scorer"), "'register_scorers'"),
        (scorer("lines").replace("@hookimpl", ""), "not marked with @hookimpl"),
        (scorer("lines").replace("(register)", "(registrar)"), "registrar"),
        (scorer("lines", "no colon"), "'package.module:Class'"),
        (scorer("lines", "__main__:Scorer"), "another process"),
        (scorer(""), "scorer name ''"),
        (scorer("two words"), "'two words'"),
        (scorer("lines") + "        register('lines', 'a:B')\n", "registered twice"),
    ],
)
def test_a_broken_plugin_is_reported_and_harms_nobody(install, source, expected) -> None:
    install("stranger", source)
    install("stranger_sound", scorer("sound"))
    plugins = load_plugins()
    error = error_of(plugins, "stranger")
    assert expected in error
    assert "\n" not in error
    assert "sound" in plugins.scorers
    assert "lines" not in plugins.scorers


def test_a_plugin_that_fails_in_its_second_hook_contributes_nothing(install) -> None:
    source = scorer("lines") + (
        "\n    @hookimpl\n    def register_computes(register):\n        raise KeyError('queue')\n"
    )
    install("stranger", source)
    plugins = load_plugins()
    assert "lines" not in plugins.scorers
    assert "KeyError" in error_of(plugins, "stranger")


def test_a_local_class_cannot_be_registered(install) -> None:
    source = """
        from framework import hookimpl

        @hookimpl
        def register_scorers(register):
            class Lines: ...
            register("lines", Lines)
    """
    install("stranger", source)
    assert "<locals>" in error_of(load_plugins(), "stranger")


def test_an_entry_point_without_its_module_is_reported(install) -> None:
    install("stranger", scorer("lines"), entry_point="lines = stranger_gone:plugin")
    assert "stranger_gone" in error_of(load_plugins(), "lines")


@pytest.mark.parametrize("entry_points", [b"no equals sign", b"\xff\xfe = stranger"])
def test_unreadable_metadata_harms_nobody(install, entry_points: bytes) -> None:
    info = install("stranger", scorer("lines"))
    path = info / "entry_points.txt"
    path.write_bytes(path.read_bytes() + entry_points)
    install("stranger_sound", scorer("sound"))
    assert "sound" in load_plugins().scorers


def test_of_two_plugins_with_one_name_the_first_stays(install) -> None:
    install("stranger_a", scorer("lines", "first:Scorer"))
    install("stranger_b", scorer("lines", "second:Scorer"))
    plugins = load_plugins()
    assert plugins.scorers["lines"].factory == "first:Scorer"
    assert "'lines' is registered by plugin 'stranger_a' too" in error_of(plugins, "stranger_b")


def test_nobody_takes_a_built_in_name(install) -> None:
    install("a_stranger", scorer("script"))
    assert load_plugins().scorers["script"].plugin == "builtin"


@pytest.mark.parametrize("name", ["stranger", "their-distribution"])
def test_a_disabled_plugin_is_not_even_imported(install, name: str) -> None:
    install("stranger", "raise RuntimeError", name="their-distribution")
    plugins = load_plugins(disabled=[name])
    assert not [each for each in plugins.broken if each.name == "stranger"]


def test_an_optional_hook_of_a_later_version_is_no_error(install) -> None:
    source = scorer("lines") + (
        "\n    @hookimpl(optionalhook=True)\n    def register_verbs(register):\n        pass\n"
    )
    install("stranger", source)
    assert "lines" in load_plugins().scorers


def test_a_broken_plugin_is_logged_once(install, caplog) -> None:
    install("stranger", "raise RuntimeError('said once')")
    with caplog.at_level(logging.WARNING):
        load_plugins()
        load_plugins()
    assert len([each for each in caplog.messages if "said once" in each]) == 1


def test_the_traceback_of_a_plugin_is_kept(install) -> None:
    install("stranger", "def deep():\n    raise RuntimeError('x')\n\ndeep()\n")
    (broken,) = [each for each in load_plugins().broken if each.name == "stranger"]
    assert "in deep" in broken.traceback


def test_observers_are_told_and_what_they_raise_is_logged(install, caplog) -> None:
    observer = """
        from framework import hookimpl
        told = []

        @hookimpl
        def on_job_status(job, status):
            {body}
            told.append((job, status))
    """
    install("stranger_a", observer.format(body="raise RuntimeError('pager is down')"))
    install("stranger_b", observer.format(body="pass"))
    plugins = load_plugins()
    plugins.notify_status("job-1", "Running")
    import stranger_b

    assert stranger_b.told == [("job-1", "Running")]
    assert "stranger_a" in caplog.text
    assert "pager is down" in caplog.text


def test_a_missing_name_suggests_the_nearest() -> None:
    plugins = load_plugins()
    with pytest.raises(PluginError, match="no output format 'cvs', did you mean 'csv'"):
        plugins.find_output_format("cvs")
    with pytest.raises(PluginError, match="no compute 'locla', did you mean 'local'"):
        plugins.find_compute("locla")


def test_a_missing_scorer_of_ours_says_what_to_install() -> None:
    plugins = Plugins(scorers={}, computes={}, output_formats={})
    with pytest.raises(PluginError, match=r"pip install \./plugins/scorer-torch"):
        plugins.find_scorer("torch")


def test_a_missing_name_tells_of_broken_plugins(install) -> None:
    install("stranger", "raise RuntimeError")
    with pytest.raises(PluginError, match=r"broken plugins.*'stranger'"):
        load_plugins().find_scorer("lines")
