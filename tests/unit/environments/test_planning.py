from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from framework.environments import (
    Package,
    PlannedEnvironment,
    cached_environments,
    plan_environment,
    planning,
    read_environment,
    tools,
)
from framework.errors import ConfigurationError, PluginError

Make = Callable[[str, str], Path]


def planned(*dependencies: Any, requirements: list[str] | None = None) -> PlannedEnvironment:
    spec = read_environment(
        conda_file={"dependencies": list(dependencies)} if dependencies else None,
        requirements=requirements,
    )
    return plan_environment(spec)


def refused(*dependencies: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        planned(*dependencies)
    return str(caught.value)


@pytest.fixture(autouse=True)
def without_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "conda_tool", lambda: None)
    monkeypatch.setattr(planning, "uv_tool", lambda _spec: None)


def test_conda_packages_without_a_conda_tool_are_named_with_the_way_out() -> None:
    said = refused("python=3.11", "numpy", "scikit-learn=1.2")
    assert "'numpy', 'scikit-learn=1.2'" in said
    assert "micromamba, mamba or conda" in said
    assert "environment=current" in said


def test_a_python_that_is_not_here_is_named_with_those_that_are() -> None:
    said = refused("python=3.77")
    assert "python 3.77 is not on this machine (there is 3." in said
    assert "environment=current" in said


def test_a_python_that_scorers_do_not_run_on_is_refused() -> None:
    assert "python 3.6 is too old: scorer processes need 3.8" in refused("python=3.6")
    assert "2.7.18 is too old" in refused("python==2.7.18")


def test_conda_is_taken_for_conda_packages_and_for_a_python_that_is_not_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(planning, "conda_tool", lambda: "/opt/bin/micromamba")
    for plan in (planned("python=3.11", "numpy"), planned("python=3.77")):
        assert plan.conda == "/opt/bin/micromamba"
        assert plan.summary == "micromamba"
    assert planned("python>=3.8").conda is None


def test_another_patch_version_is_noted() -> None:
    import platform

    major, minor, _ = platform.python_version_tuple()
    plan = planned(f"python={major}.{minor}.77")
    assert any(f"stands in for {major}.{minor}.77" in note for note in plan.notes)
    assert not planned(f"python={major}.{minor}").notes


def test_the_key_is_that_of_what_is_built() -> None:
    one = planned(requirements=["six", "numpy<2"])
    assert one.key == planned(requirements=["six", "numpy<2"]).key
    assert one.key != planned(requirements=["six", "numpy>=2"]).key
    with_package = plan_environment(one.spec, [Package(name="p", version="1", requirement="p==1")])
    assert with_package.key != one.key


def test_planning_leaves_no_trace() -> None:
    assert planned(requirements=["six"]).built is None
    assert cached_environments() == []


def test_a_package_that_does_not_run_on_that_python_is_refused() -> None:
    spec = read_environment(requirements=["six"])
    package = Package(name="our-plugin", version="1", requires_python=">=3.90")
    with pytest.raises(PluginError, match=r"our-plugin needs Python >=3.90, .*environment=current"):
        plan_environment(spec, [package])


def test_a_local_path_that_has_changed_is_not_built_from(tmp_path: Path) -> None:
    wheel = tmp_path / "x-1-py3-none-any.whl"
    wheel.write_bytes(b"one")
    plan = planned(requirements=[str(wheel)])
    plan.check_local()
    wheel.write_bytes(b"two")
    with pytest.raises(ConfigurationError, match="has changed since the job was created"):
        plan.check_local()


@pytest.mark.parametrize("name", ["micromamba", "mamba", "conda"])
def test_conda_tools_are_found_by_their_names(
    name: str, executable: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MAMBA_EXE", raising=False)
    monkeypatch.delenv("CONDA_EXE", raising=False)
    path = executable(name, "#!/bin/sh\n")
    monkeypatch.setenv("PATH", str(path.parent))
    assert tools.conda_tool() == str(path)
    shutil.move(path, path.with_name("elsewhere"))
    assert tools.conda_tool() is None
    monkeypatch.setenv("CONDA_EXE", str(path.with_name("elsewhere")))
    assert tools.conda_tool() == str(path.with_name("elsewhere"))


def test_uv_is_not_taken_where_pip_has_settings_or_a_version_of_its_own(
    executable: Make, monkeypatch: pytest.MonkeyPatch, offline: Path
) -> None:
    path = executable("uv", "#!/bin/sh\n")
    monkeypatch.setenv("PATH", str(path.parent))
    any_pip = read_environment(requirements=["six"])
    some_pip = read_environment(conda_file={"dependencies": ["pip<22", {"pip": ["six"]}]})
    assert tools.uv_tool(any_pip) is None  # PIP_NO_INDEX is set
    tools.has_pip_settings.cache_clear()
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    assert tools.uv_tool(any_pip) == str(path)
    assert tools.uv_tool(some_pip) is None
