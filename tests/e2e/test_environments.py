"""Jobs whose scorers have a Python environment of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from framework.environments import packages_of_scorer

HERE = Path(__file__).resolve().parents[2]
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
SCRIPT = """
    import sys
    def run(mini_batch):
        return [{"prefix": sys.prefix} for _ in mini_batch]
"""
PLUGIN = """
import sys

from framework import Scorer, hookimpl


class Where(Scorer):
    def load(self, context):
        pass

    def score(self, files):
        import tiny

        return [{"prefix": sys.prefix, "tiny": tiny.x} for _ in files]


@hookimpl
def register_scorers(register):
    register("where", Where)
"""


@pytest.fixture
def bench(bench, monkeypatch):
    """A bench with a cache of its own."""
    monkeypatch.setenv("FRAMEWORK_ENVIRONMENTS", str(bench.root / "environments"))
    return bench


@pytest.fixture
def offline(bench, monkeypatch):
    """No index: pip finds what lies in a folder and nothing else."""
    for name in [each for each in os.environ if each.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    wheels = bench.root / "wheels"
    wheels.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    return wheels


@pytest.fixture(scope="session")
def index(tmp_path_factory):
    """Skips where no package can be fetched."""
    folder = tmp_path_factory.mktemp("downloaded")
    words = [sys.executable, "-m", "pip", "download", "--no-deps", "-q", "-d", folder, "numpy<2"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no package index can be reached: {done.stderr.strip()[-200:]}")


def wheel(folder, name, files, metadata="", entry_points=""):
    info = f"{name}-1.0.dist-info"
    contents = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{metadata}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": entry_points,
    }
    record = "".join(f"{place},,\n" for place in [*contents, f"{info}/RECORD"])
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for place, text in {**contents, f"{info}/RECORD": record}.items():
            archive.writestr(place, text)
    return path


@pytest.mark.slow
@pytest.mark.usefixtures("index")
def test_two_deployments_with_conflicting_libraries_score_at_once(benches, monkeypatch):
    two = {}
    for name, limit in {"old": "numpy<2", "new": "numpy>=2"}.items():
        bench = benches(name)
        monkeypatch.setenv("FRAMEWORK_ENVIRONMENTS", str(bench.root.parent / "environments"))
        bench.files(4)
        bench.script(
            """
            import time
            import numpy
            def run(mini_batch):
                time.sleep(0.2)
                return [{"numpy": numpy.__version__} for _ in mini_batch]
            """
        )
        conda_file = bench.root / "conda.yml"
        conda_file.write_text(f"dependencies:\n- python>=3.8\n- pip:\n  - {limit}\n")
        two[name] = bench.start(f"environment.conda_file={conda_file}")

    old, new = (two[name].end().check() for name in ("old", "new"))

    assert {line.partition(".")[0] for line in old.lines[1:]} == {"1"}
    assert int(new.lines[1].partition(".")[0]) >= 2
    assert old.counts["succeeded"] == new.counts["succeeded"] == 4


def test_nothing_of_our_python_reaches_a_scorer_in_an_environment(bench, offline):
    wheel(offline, "tiny", {"tiny.py": "x = 1\n"})
    bench.files(2)
    bench.script(
        """
        import os, sys, tiny
        def run(mini_batch):
            names = ("PYTHONPATH", "SAID", "MORE")
            return [{"prefix": sys.prefix, **{n: os.environ.get(n) for n in names}}]
        """
    )
    ended = bench.invoke(
        "environment.requirements=[tiny]",
        "environment.conda_file={dependencies: [], variables: {SAID: conda, MORE: conda}}",
        "+environment_variables.MORE=ours",
    ).check()

    prefix, path, said, more = ended.lines[1].split(",")
    assert prefix.startswith(str(bench.root / "environments"))
    assert (path, said, more) == ("", "conda", "ours")
    assert (
        "building the environment of environment.conda_file and environment.requirements"
        in ended.err
    )
    assert "environment built in" in ended.err
    assert "tiny" in (ended.record / "logs" / "environment.log").read_text()


def test_a_dry_run_says_what_would_be_built_and_builds_nothing(bench):
    bench.files(1)
    bench.script(SCRIPT)
    ended = bench.invoke("environment.requirements=[six]", "--dry-run").check()
    assert "not built yet" in ended.summary["environment"]
    assert not (bench.root / "environments").exists()


def test_a_build_that_fails_shows_why_and_the_job_can_go_on_without_it(bench, offline):
    bench.files(2)
    bench.script(SCRIPT)

    failed = bench.invoke("environment.requirements=[no-such-package-here]").check(1)

    assert "No matching distribution found for no-such-package-here" in failed.err
    assert "environment=current" in failed.err
    assert "could not be built" in failed.summary["error"]
    assert bench.resume().check(1).status == "Failed"
    assert sys.prefix in bench.resume("environment=current").check().lines[1]


def test_an_interrupted_build_ends_at_once_and_is_begun_anew_by_a_resume(bench, offline):
    bench.files(1)
    bench.script("import slow\ndef run(mini_batch):\n    return mini_batch\n")
    package, gate = bench.root / "package", bench.root / "gate"
    package.mkdir()
    built = wheel(package, "slow", {"slow.py": ""})
    (package / "pyproject.toml").write_text(
        "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
    )
    (package / "backend.py").write_text(
        "import os, shutil, time\n"
        "def build_wheel(folder, config_settings=None, metadata_directory=None):\n"
        f"    while not os.path.exists({str(gate)!r}):\n"
        "        time.sleep(0.05)\n"
        f"    shutil.copy({str(built)!r}, folder)\n"
        f"    return {built.name!r}\n"
    )

    running = bench.start(f"environment.requirements=[{package}]")
    log = running.record / "logs" / "environment.log"
    assert running.wait_until(lambda: log.exists() and "wheel" in log.read_text())
    running.signal(signal.SIGINT)

    assert running.end().check(130).status == "Canceled"
    assert bench.survivors() == []
    gate.touch()
    assert bench.resume().check().status == "Completed"


def test_a_resumed_job_has_the_environment_that_it_began_with(bench, offline):
    wheel(offline, "tiny", {"tiny.py": "x = 1\n"})
    bench.files(1)
    bench.script("def run(mini_batch):\n    import gone\n    return mini_batch\n")
    requirements = bench.root / "requirements.txt"
    requirements.write_text("tiny\n")
    override = f"environment.requirements={requirements}"
    bench.invoke(override, "retry_settings.max_retries=1").check(1)
    requirements.write_text("no-such-package-here\n")
    identity = json.loads((bench.record() / "job.json").read_text())
    assert identity["environment"]["requirements"] == ["tiny"]
    assert "No matching" not in bench.resume().err


def test_the_tutorials_conda_file_is_processed_as_written(bench):
    bench.files(1)
    bench.script(SCRIPT)
    path = bench.root / "conda.yml"
    path.write_text(TUTORIAL)
    ended = bench.invoke(f"environment.conda_file={path}", "--dry-run")
    if ended.code == 0:
        assert "Python 3.8" in ended.summary["environment"]
        assert "azureml-core is left out" in ended.summary["environment"]
    else:
        said = ended.check(2).err
        assert "python 3.8.5 is not on this machine (there is " in said
        assert "environment=current" in said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("dependencies:\n- numpy\n", "conda packages ('numpy') need micromamba"),
        ("dependencies:\n- python=3.77\n", "python 3.77 is not on this machine (there is 3."),
        ("dependencies:\n- pip:\n  - a=1\n", "conda.yml:3"),
    ],
)
def test_what_can_not_be_built_is_said_before_there_is_a_job(bench, written, said, monkeypatch):
    for tool in ("MAMBA_EXE", "CONDA_EXE"):
        monkeypatch.delenv(tool, raising=False)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    bench.files(1)
    bench.script(SCRIPT)
    path = bench.root / "conda.yml"
    path.write_text(written)
    assert said in bench.invoke(f"environment.conda_file={path}").check(2).err
    assert not bench.record().exists()


def test_a_plugins_scorer_is_brought_into_the_environment(bench, offline):
    for package in packages_of_scorer("pluggy", "any")[1:]:
        package.place_in(offline)
    wheel(offline, "tiny", {"tiny.py": "x = 1\n"})
    site = bench.root / "site"
    plug = wheel(
        bench.root,
        "plug",
        {"plug.py": PLUGIN},
        metadata="Requires-Dist: tiny\nRequires-Dist: dask-batch-endpoints\n",
        entry_points="[dask_batch_endpoints.plugins]\nplug = plug\n",
    )
    zipfile.ZipFile(plug).extractall(site)
    bench.files(1)
    bench.script(SCRIPT)
    words = ["scorer=where", "environment.requirements=[tiny]", f"input={bench.data}"]

    ended = bench.run(
        "invoke",
        *words,
        f"workspace={bench.workspace}",
        "name=job",
        "-o",
        "json",
        env={"PYTHONPATH": f"{HERE}{os.pathsep}{site}"},
    ).end()

    prefix, tiny = ended.check().lines[1].split(",")
    assert prefix.startswith(str(bench.root / "environments"))
    assert tiny == "1"
