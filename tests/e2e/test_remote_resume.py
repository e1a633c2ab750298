"""A job whose all lies on a store of objects, and its driver's death: another machine goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from framework.storage import open_store
from tests.servers.objects import ObjectServer

pytestmark = pytest.mark.timeout(300)

HERE = Path(__file__).resolve().parents[2]
PATIENCE_S = 240.0
FILES = 12
SCRIPT = """
import os, time

def run(files):
    for file in files:
        print("scored", os.path.basename(file), flush=True)
    time.sleep(float(os.environ.get("SLOWLY", "0")))
    return [os.path.basename(file) for file in files]
"""


class Machine:
    """A folder with a home of its own, from which commands are given."""

    def __init__(self, root: Path, environment: Mapping[str, str]) -> None:
        self.root = root
        (root / "home").mkdir(parents=True)
        kept = {key: value for key, value in os.environ.items() if not key.startswith("XDG_")}
        ours = {"HOME": str(root / "home"), "PYTHONPATH": str(HERE)}
        self._environment = {**kept, **ours, **environment}

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "framework", *words],
            cwd=self.root,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, code: int = 0) -> str:
        process = self.start(*words)
        out, err = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == code, f"exited with {process.returncode}\n{out}\n{err}"
        return out


@pytest.fixture
def bucket(s3: ObjectServer):
    """A bucket that two machines share; each has its credentials in the environment."""
    url, options = s3.new_bucket()
    environment = {
        "AWS_ACCESS_KEY_ID": str(options[url]["key"]),
        "AWS_SECRET_ACCESS_KEY": str(options[url]["secret"]),
        "AWS_ENDPOINT_URL": str(options[url]["endpoint_url"]),
    }
    return url, open_store(url, options), environment


def test_another_machine_that_has_only_the_url_goes_on_after_a_kill(bucket, tmp_path):
    url, store, environment = bucket
    for number in range(FILES):
        store.write(f"input/{number:03d}.txt", b"x")
    first = Machine(tmp_path / "first", environment)
    (first.root / "code").mkdir()
    (first.root / "code" / "score.py").write_text(SCRIPT)
    (first.root / "conf" / "datastore").mkdir(parents=True)
    (first.root / "conf" / "config.yaml").write_text(
        "workspace: azureml://datastores/away/paths/workspace\n"
    )
    datastore = {
        "type": "url",
        "url": url,
        "options": {
            "key": "${oc.env:AWS_ACCESS_KEY_ID}",
            "secret": "${oc.env:AWS_SECRET_ACCESS_KEY}",
            "endpoint_url": environment["AWS_ENDPOINT_URL"],
        },
    }
    (first.root / "conf" / "datastore" / "away.yaml").write_text(yaml.safe_dump(datastore))

    def invocation(name: str, slowly: str) -> list[str]:
        return [
            *("invoke", "--name", name, "-o", "json", "--no-progress"),
            "+code_configuration.code=code",
            "+code_configuration.scoring_script=score.py",
            f"input={url}/input",
            f"output.path={url}/{name}",
            "mini_batch_size=1",
            "++compute.params.dashboard=false",
            f"+environment_variables.SLOWLY={slowly}",
        ]

    first.run(*invocation("undisturbed", "0"))
    running = first.start(*invocation("job", "0.5"))
    record = "workspace/jobs/job"
    deadline = time.monotonic() + PATIENCE_S
    while b'"receipt"' not in _log(store, f"{record}/ledger/000001.jsonl"):
        assert running.poll() is None, running.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.2)
    running.send_signal(signal.SIGKILL)
    running.communicate()

    second = Machine(tmp_path / "second", environment)
    where = ("--workspace", f"{url}/workspace")
    listed = json.loads(second.run("job", "list", *where, "-o", "json"))
    assert {each["name"] for each in listed} == {"undisturbed", "job"}
    deadline = time.monotonic() + PATIENCE_S
    while json.loads(second.run("job", "show", "job", *where, "-o", "json"))["status"] != "Failed":
        assert (
            time.monotonic() < deadline
        )  # it is another host for all the record knows, and silent
    done = second.run("job", "resume", "job", *where, "-o", "json", "--no-progress")
    assert json.loads(done)["status"] == "Completed"

    output = store.read("job/predictions.csv")
    assert output == store.read("undisturbed/predictions.csv")
    said = second.run("job", "logs", "job", "--process", "0-0", *where).splitlines()
    assert f"scored {FILES - 1:03d}.txt" in said
    second.run("job", "verify", "job", *where)
    second.run("job", "download", "job", "--all", "--download-path", "got", *where)
    got = second.root / "got" / "named-outputs" / "score" / "predictions.csv"
    assert got.read_bytes() == output
    second.run("job", "archive", "undisturbed", *where)
    assert [
        each["name"] for each in json.loads(second.run("job", "list", *where, "-o", "json"))
    ] == ["job"]
    second.run("job", "delete", "undisturbed", "--yes", *where)
    second.run("job", "show", "undisturbed", *where, code=4)
    assert not [file.path for file in store.walk("workspace/jobs/undisturbed")]


def _log(store, path: str) -> bytes:
    try:
        return store.read_log(path)
    except FileNotFoundError:
        return b""
