"""Jobs whose input, model, workspace and output lie on stores of objects."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

import framework
from framework.errors import OutputExistsError
from framework.jobs import Job
from framework.storage import Options, Store, open_store
from tests.servers.objects import ObjectServer
from tests.servers.proxy import proxy

pytestmark = pytest.mark.timeout(300)

PATIENCE_S = 240.0
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "01-mnist"
SCRIPT = """
import os

def init():
    global model
    folder = os.environ["AZUREML_MODEL_DIR"]
    model = open(os.path.join(folder, "net", "weights.txt")).read()
    print("loaded", model)

def run(files):
    for file in files:
        path = os.path.join(os.environ["AZUREML_BI_OUTPUT_PATH"], os.path.basename(file) + ".seen")
        with open(path, "w") as seen:
            seen.write(model)
    return [model + open(file).read() for file in files]
"""
LARGE_BYTES = 6 << 20
LARGE_SCRIPT = f"""
import os

def run(files):
    return [os.path.basename(file)[0] * {LARGE_BYTES} for file in files]
"""
STAGED = b".staged"
PLACES = ("input", "model", "workspace", "output", "all")


@dataclass(frozen=True, kw_only=True)
class Away:
    """A bucket of our own, and a `conf/` that says how it is opened.

    Attributes:
        url: The bucket.
        options: What opens it.
        conf: The folder, whose datastore has references to environment variables for secrets.
        secrets: Their values, by the variables' names.
    """

    url: str
    options: Options
    conf: Path
    secrets: Mapping[str, str]

    @property
    def store(self) -> Store:
        return open_store(self.url, self.options)


@pytest.fixture(params=["s3", "azure"])
def server(request: pytest.FixtureRequest) -> ObjectServer:
    return request.getfixturevalue(request.param)


@pytest.fixture
def away(server: ObjectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Away:
    return away_on(server, tmp_path, monkeypatch)


def away_on(server: ObjectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Away:
    url, options = server.new_bucket()
    given, secrets = dict(options[url]), {}
    for name in ("secret", "connection_string"):
        if name in given:
            secrets["PLANTED"] = str(given[name])
            given[name] = "${oc.env:PLANTED}"
    conf = tmp_path / "conf"
    (conf / "datastore").mkdir(parents=True)
    (conf / "config.yaml").write_text(f"workspace: {tmp_path / 'workspace'}\n")
    datastore = {"type": "url", "url": url, "options": given}
    (conf / "datastore" / "away.yaml").write_text(yaml.safe_dump(datastore))
    caches = {f"FRAMEWORK_{kind}_CACHE": str(tmp_path / kind) for kind in ("INDEX", "MODEL")}
    for name, value in (secrets | caches).items():
        monkeypatch.setenv(name, value)
    return Away(url=url, options=options, conf=conf, secrets=secrets)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Files, a model and a script on this machine."""
    root = tmp_path / "here"
    for name in ("a.txt", "b c.txt", "sub/ü.txt", "sub/d#.txt", "z.txt"):
        path = root / "input" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"-{name}")
    (root / "net").mkdir()
    (root / "net" / "weights.txt").write_text("W")
    (root / "code").mkdir()
    (root / "code" / "score.py").write_text(SCRIPT)
    return root


def carried(here: Path, away: Away) -> str:
    """Copies what lies here there."""
    for path in (each for each in here.rglob("*") if each.is_file()):
        away.store.write(path.relative_to(here).as_posix(), path.read_bytes())
    return away.url


def invoked(here: Path, conf: Path, **changes: Any) -> Job:
    settings = {
        "input": str(here / "input"),
        "model": {"path": str(here / "net")},
        "code_configuration": {"code": str(here / "code"), "scoring_script": "score.py"},
        "mini_batch_size": 2,
        "compute": {"params": {"dashboard": False}},
        **changes,
    }
    return framework.invoke(conf=str(conf), **settings).wait(PATIENCE_S)


def places(chosen: str, url: str) -> dict[str, Any]:
    """What is overridden so that one thing, or all of them, lies away."""
    there: dict[str, Any] = {
        "input": f"{url}/input",
        "model": {"path": f"{url}/net"},
        "workspace": f"{url}/workspace",
        "output": {"path": f"{url}/output"},
    }
    return there if chosen == "all" else {chosen: there[chosen]}


def published(job: Job, options: Options) -> dict[str, bytes]:
    """All files of a job's output."""
    assert job.status == "Completed", job.error
    assert job.output is not None
    store = open_store(job.output.rpartition("/")[0], options)
    return {file.path: store.read(file.path) for file in store.walk()}


@pytest.mark.parametrize("place", PLACES)
def test_a_job_gives_the_same_bytes_wherever_its_things_lie(
    here: Path, away: Away, place: str
) -> None:
    expected = published(invoked(here, away.conf), {})
    changes = places(place, carried(here, away))
    job = invoked(here, away.conf, name="job", **changes)
    assert published(job, away.options) == expected
    assert len(expected) == 6
    assert len(job.results()) == 5
    if place in {"output", "all"}:
        with pytest.raises(OutputExistsError):
            invoked(here, away.conf, **changes)


def test_a_large_output_is_copied_within_s3_and_not_sent(
    here: Path, s3: ObjectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "code" / "score.py").write_text(LARGE_SCRIPT)
    with proxy(s3.endpoint) as between:
        away = away_on(replace(s3, endpoint=between.url), tmp_path, monkeypatch)
        changes = places("workspace", away.url) | places("output", away.url)
        settings = {"model": None, "mini_batch_size": 1}
        expected = published(invoked(here, away.conf, **settings), {})
        between.heads = []
        job = invoked(here, away.conf, **settings, **changes)
        heads = [head.lower() for head in between.heads]
        assert published(job, away.options) == expected

    size = len(expected["predictions.csv"])
    assert size > 5 * LARGE_BYTES
    sent = [head for head in heads if head.startswith(b"put ") and STAGED in head]
    copied = [head for head in sent if b"\r\nx-amz-copy-source:" in head]
    assert len(copied) >= 3
    # Parts come as they come: what stands before the first that is copied is sent.
    assert sum(map(length_of, sent)) <= size - 3 * LARGE_BYTES


def length_of(head: bytes) -> int:
    found = re.search(rb"\r\nx-amz-decoded-content-length: (\d+)|\r\ncontent-length: (\d+)", head)
    return int(found[1] or found[2]) if found else 0


def test_a_path_in_a_datastore_leads_to_everything(
    here: Path, away: Away, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """And no secret of the datastore is in any file, log, report, task or message."""
    carried(here, away)
    caplog.set_level("DEBUG")
    root = "azureml://datastores/away/paths"
    job = invoked(
        here,
        away.conf,
        input=f"{root}/input",
        model={"path": f"{root}/net"},
        workspace=f"{root}/workspace",
        output={"path": f"{root}/output"},
    )
    assert len(published(job, away.options)) == 6

    words = [secret.encode() for secret in away.secrets.values()]
    words += [part for word in words for part in word.split(b";") if b"Key=" in part]
    assert words
    said = [*capfd.readouterr(), caplog.text, repr(job), json.dumps(job.summary())]
    kept = {file.path: away.store.read(file.path) for file in away.store.walk()}
    kept |= {str(each): each.read_bytes() for each in away.conf.rglob("*") if each.is_file()}
    kept |= {str(place): text.encode() for place, text in enumerate(said)}
    assert [path for path, data in kept.items() for word in words if word in data] == []


def test_handwritten_digits_are_read_alike_here_and_there(here: Path, away: Away) -> None:
    pytest.importorskip("torch", reason="needs torch: pip install '.[torch]'")
    shutil.rmtree(here)
    shutil.copytree(EXAMPLE / "code" / "torch", here / "code")
    (here / "net").mkdir()
    shutil.copy(EXAMPLE / "models" / "torch" / "digits.pt", here / "net")
    (here / "input").mkdir()
    for name in sorted(os.listdir(EXAMPLE / "digits"))[:40]:
        shutil.copy(EXAMPLE / "digits" / name, here / "input")
    score = partial(invoked, here, away.conf, retry_settings={"timeout": 120})

    expected = published(score(model={"path": str(here / "net" / "digits.pt")}), {})
    changes = places("all", carried(here, away)) | {"model": {"path": f"{away.url}/net/digits.pt"}}
    assert published(score(**changes), away.options) == expected


# --- races


@pytest.fixture(params=["local", "s3", "azure"])
def arena(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Options]]:
    """Where jobs race for an output."""
    if request.param == "local":
        yield str(tmp_path / "arena"), {}
    else:
        yield request.getfixturevalue(request.param).new_bucket()


def test_of_sixteen_jobs_that_race_for_one_output_one_gets_it(
    arena: tuple[str, Options], tmp_path: Path
) -> None:
    url, options = arena
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "score.py").write_text(
        "def run(files): return [WHO]\nimport os\nWHO = os.environ['WHO']\n"
    )
    (tmp_path / "input").mkdir()
    (tmp_path / "input" / "a.txt").write_text("a")

    def race(number: int) -> tuple[int, str | None]:
        try:
            job = framework.invoke(
                input=str(tmp_path / "input"),
                workspace=str(tmp_path / "workspace"),
                output={"path": f"{url}/output"},
                name=f"job-{number}",
                environment_variables={"WHO": str(number)},
                storage_options=options,
                code_configuration={"code": str(tmp_path / "code"), "scoring_script": "score.py"},
                compute={"params": {"dashboard": False}},
            ).wait(PATIENCE_S)
        except OutputExistsError as error:
            return error.exit_code, None
        return (job.error.exit_code, None) if job.error else (0, str(number))

    with ThreadPoolExecutor(16) as threads:
        ended = list(threads.map(race, range(16)))
    assert sorted(code for code, _ in ended) == [0, *[3] * 15]
    winner = next(who for code, who in ended if code == 0)
    store = open_store(f"{url}/output", options)
    assert store.read("predictions.csv").decode() == f"file,prediction\na.txt,{winner}\n"
    assert [file.path for file in store.walk()] == ["predictions.csv"]
