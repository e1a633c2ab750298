from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from framework.environments import (
    CanceledError,
    Package,
    PlannedEnvironment,
    ToolRunner,
    cached_environments,
    clear_environments,
    environment_in_use,
    plan_environment,
    read_environment,
)
from framework.environments.packages import Package as AnyPackage
from framework.environments.packages import packages_of_scorer
from framework.errors import ConfigurationError, EnvironmentBuildError, PluginError

Make = Callable[[str, str], Path]
ROOT = Path(__file__).parents[3]
HANGS_S = 60.0

pytestmark = pytest.mark.usefixtures("quick")


def wheel(folder: Path, name: str = "tiny", version: str = "1.0", requires: str = "") -> Path:
    """A package of one module, which knows its version."""
    module = folder / f"{name}.py"
    module.write_text(f"version = {version!r}\n")
    needs = f"Requires-Dist: {requires}\n" if requires else ""
    package = AnyPackage(
        name=name,
        version=version,
        files=((f"{name}.py", module),),
        metadata=f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
    )
    path = Path(package.place_in(folder))
    module.unlink()
    return path


def planned(*requirements: str, packages: tuple[Package, ...] = ()) -> PlannedEnvironment:
    return plan_environment(read_environment(requirements=requirements), packages)


def said_by(python: Path, code: str) -> str:
    done = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_an_environment_is_built_once_and_has_what_was_asked_for(offline: Path) -> None:
    wheel(offline, version="1.0")
    wheel(offline, version="2.0")
    plan = planned("tiny<2")
    lines: list[str] = []
    with environment_in_use(plan, ToolRunner(lines.append)) as built:
        assert said_by(built.python, "import tiny; print(tiny.version)") == "1.0"
        assert said_by(built.python, "import sys; print(sys.prefix)") == str(
            built.python.parent.parent
        )
    assert any("tiny" in line for line in lines)
    assert plan.built is not None
    lines.clear()
    with environment_in_use(plan, ToolRunner(lines.append)) as again:
        assert again.python == built.python
    assert lines == []


def test_two_that_conflict_are_kept_beside_each_other(offline: Path) -> None:
    wheel(offline, version="1.0")
    wheel(offline, version="2.0")
    runner = ToolRunner(lambda _line: None)
    with (
        environment_in_use(planned("tiny<2"), runner) as old,
        environment_in_use(planned("tiny>=2"), runner) as new,
    ):
        versions = [said_by(each.python, "import tiny; print(tiny.version)") for each in (old, new)]
    assert versions == ["1.0", "2.0"]


def test_a_failed_build_says_what_the_tool_said_and_leaves_nothing(
    offline: Path, cache: Path
) -> None:
    plan = planned("no-such-package-anywhere")
    with (
        pytest.raises(
            EnvironmentBuildError, match="exited with code 1: ERROR: No matching"
        ) as told,
        environment_in_use(plan, ToolRunner(lambda _line: None)),
    ):
        pytest.fail("it was built")
    assert "no-such-package-anywhere" in (told.value.user_traceback or "")
    assert plan.built is None
    assert [path for path in cache.iterdir() if path.is_dir()] == []


def test_a_canceled_build_stops_at_once_and_leaves_nothing(
    offline: Path, cache: Path, executable: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = executable("hang", "#!/bin/sh\necho begun\nexec sleep 600\n")
    monkeypatch.setattr(
        "framework.environments.tools.install_by_pip", lambda *_: [str(hanging), "xyz"]
    )
    runner = ToolRunner(lambda line: runner.cancel() if line == "begun" else None)
    with (
        pytest.raises(CanceledError),
        environment_in_use(planned("tiny"), runner),
    ):
        pytest.fail("it was built")
    assert [path for path in cache.iterdir() if path.is_dir()] == []
    assert not processes_of(str(hanging))


def test_what_was_canceled_before_does_not_begin(offline: Path) -> None:
    runner = ToolRunner(pytest.fail)
    runner.cancel()
    with pytest.raises(CanceledError), environment_in_use(planned("tiny"), runner):
        pytest.fail("it was built")


_BUILDER = """
    import sys
    from framework.environments import *
    plan = plan_environment(read_environment(requirements=sys.argv[1:]))
    def tell(line):
        print("said:", line, flush=True)
    with environment_in_use(plan, ToolRunner(tell)) as built:
        print("built:", built.python, flush=True)
"""


def builder(*requirements: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(_BUILDER), *requirements],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def processes_of(word: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            is_there = process.status() != psutil.STATUS_ZOMBIE
            if is_there and word in " ".join(process.cmdline()):
                found.append(process)
    return found


@pytest.mark.slow
def test_processes_that_want_the_same_at_once_build_it_once(offline: Path) -> None:
    wheel(offline)
    builders = [builder("tiny") for _ in range(3)]
    outs = [each.communicate(timeout=HANGS_S)[0] for each in builders]
    places = {line for out in outs for line in out.splitlines() if line.startswith("built:")}
    assert len(places) == 1
    assert sum("Successfully installed" in out for out in outs) == 1


@pytest.mark.slow
def test_a_killed_build_is_begun_anew_and_nothing_of_it_survives(
    offline: Path, cache: Path, executable: Make, tmp_path: Path
) -> None:
    sdist = tmp_path / "hanging"
    sdist.mkdir()
    (sdist / "setup.py").write_text("import time\ntime.sleep(600)\n")
    first = builder(str(sdist), "--no-index")
    assert first.stdout is not None
    for line in first.stdout:
        if "Processing" in line:
            break
    first.send_signal(signal.SIGKILL)
    first.wait()
    first.stdout.close()
    deadline = time.monotonic() + HANGS_S
    while processes_of(str(cache)) and time.monotonic() < deadline:
        threading.Event().wait(0.05)
    assert not processes_of(str(cache))
    assert [(each.is_built, each.is_used) for each in cached_environments()] == [(False, False)]
    plan = planned(str(sdist), "--no-index")
    assert plan.built is None
    left = [path.name for path in (cache / plan.key).iterdir()]
    runner = ToolRunner(lambda line: runner.cancel() if "Processing" in line else None)
    with pytest.raises(CanceledError), environment_in_use(plan, runner):
        pytest.fail("it was built")
    assert left
    assert not (cache / plan.key).exists()


def test_an_environment_whose_python_is_gone_is_built_again(offline: Path) -> None:
    wheel(offline)
    runner = ToolRunner(lambda _line: None)
    with environment_in_use(planned("tiny"), runner) as built:
        pass
    built.python.unlink()
    built.python.symlink_to("/nowhere/python")
    assert planned("tiny").built is None
    with environment_in_use(planned("tiny"), runner) as again:
        assert said_by(again.python, "import tiny; print(tiny.version)") == "1.0"


def test_a_marker_that_was_torn_counts_as_none(offline: Path, cache: Path) -> None:
    plan = planned("tiny")
    (cache / plan.key).mkdir(parents=True)
    for content in (b"", b"{", b"[]", b"null", b'{"folder": 1}', b"\xff"):
        (cache / plan.key / "built.json").write_bytes(content)
        assert plan.built is None


def test_what_a_job_uses_is_not_cleared(offline: Path) -> None:
    wheel(offline)
    wheel(offline, "other")
    runner = ToolRunner(lambda _line: None)
    with environment_in_use(planned("other"), runner):
        pass
    used, unused = planned("tiny"), planned("other")
    with environment_in_use(used, runner) as built:
        by_key = {each.key: each for each in cached_environments()}
        assert (by_key[used.key].is_used, by_key[unused.key].is_used) == (True, False)
        assert by_key[used.key].size > 0
        assert clear_environments() == ([unused.key], [used.key])
        assert built.python.exists()
    assert clear_environments() == ([used.key], [])
    assert cached_environments() == []


def test_a_cache_that_can_not_be_written_is_said(
    offline: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FRAMEWORK_ENVIRONMENTS", str(tmp_path / "file" / "cache"))
    with (
        pytest.raises(EnvironmentBuildError, match=r"not a directory \(FRAMEWORK_ENVIRONMENTS"),
        environment_in_use(planned("tiny"), ToolRunner(pytest.fail)),
    ):
        pytest.fail("it was built")


def test_a_full_disk_is_said_and_leaves_nothing(
    offline: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    wheel(offline)
    monkeypatch.setattr("framework.environments.cache.os.fsync", full)
    with (
        pytest.raises(EnvironmentBuildError, match="no space left on device"),
        environment_in_use(planned("tiny"), ToolRunner(lambda _line: None)),
    ):
        pytest.fail("it was built")
    assert [path for path in cache.iterdir() if path.is_dir()] == []


def test_variables_of_our_own_python_do_not_reach_the_tools(
    offline: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "tiny.py").write_text("version = 'leaked'\n")
    wheel(offline)
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_TARGET"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("PIP_REQUIRE_VIRTUALENV", "1")
    with environment_in_use(planned("tiny"), ToolRunner(lambda _line: None)) as built:
        assert said_by(built.python, "import tiny; print(tiny.version)") == "1.0"


def test_conda_gets_python_and_its_packages_and_pip_the_rest(
    offline: Path, executable: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel(offline)
    calls = tmp_path / "calls.txt"
    tool = executable(
        "micromamba",
        f"""\
        #!/bin/sh
        # create --yes --prefix FOLDER --file FILE
        echo "$@" >> {calls}
        cat "$6" >> {calls}
        exec {sys.executable} -m venv "$4"
        """,
    )
    monkeypatch.setattr("framework.environments.planning.conda_tool", lambda: str(tool))
    spec = read_environment(
        conda_file={
            "channels": ["conda-forge", "nvidia"],
            "dependencies": ["python=3.8.5", "pip<99", "numpy=1.2", {"pip": ["tiny"]}],
        }
    )
    with environment_in_use(plan_environment(spec), ToolRunner(lambda _line: None)) as built:
        assert said_by(built.python, "import tiny; print(tiny.version)") == "1.0"
    told = calls.read_text()
    assert told.startswith("create --yes --prefix ")
    assert "channels:\n- conda-forge\n- nvidia\n" in told
    assert "dependencies:\n- python=3.8.5\n- pip<99\n- numpy=1.2\n" in told


def test_a_scorers_package_is_brought_along_without_what_instances_need(
    offline: Path, cache: Path
) -> None:
    pluggy = packages_of_scorer("pluggy", "any")[1]  # an installed package becomes a wheel again
    assert pluggy.files
    Path(pluggy.place_in(offline))
    plan = planned(packages=packages_of_scorer("dask-batch-endpoints", "any"))
    with environment_in_use(plan, ToolRunner(lambda _line: None)) as built:
        code = "import framework, json; from framework import Scorer, hookimpl; print(Scorer)"
        assert "Scorer" in said_by(built.python, code)
        have = json.loads(
            said_by(
                built.python,
                "import json; from importlib.metadata import distributions as d;"
                "print(json.dumps([each.name for each in d()]))",
            )
        )
    assert {"dask-batch-endpoints", "pluggy"} <= set(have)
    assert not {"dask", "distributed", "pandas"} & set(have)


def test_a_scorer_of_a_bare_module_can_not_be_brought_along() -> None:
    with pytest.raises(PluginError, match="make a package of it"):
        packages_of_scorer("", "mine")


def test_a_local_package_that_has_changed_is_told_before_anything_is_built(
    offline: Path, cache: Path
) -> None:
    path = wheel(offline)
    plan = planned(str(path))
    path.write_bytes(b"another")
    with (
        pytest.raises(ConfigurationError, match="has changed"),
        environment_in_use(plan, ToolRunner(pytest.fail)),
    ):
        pytest.fail("it was built")
