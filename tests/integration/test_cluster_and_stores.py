"""Jobs on machines that share no disk: what they need lies in a store of objects, or is brought."""

from __future__ import annotations

import hashlib

import pytest
import yaml

from framework.storage import open_store
from tests.servers.cluster import cluster
from tests.servers.objects import s3_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FILES = 120
SECRET = "planted-secret-of-s3"
MODEL = "a model"
SCRIPT = """
    import hashlib, os, time
    def init():
        global model
        with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.txt")) as file:
            model = file.read()
    def run(mini_batch):
        time.sleep(float(os.environ.get("SLOWLY", 0)))
        rows = []
        for path in mini_batch:
            with open(path) as file:
                rows.append(hashlib.sha256((model + file.read()).encode()).hexdigest())
        return rows
"""


@pytest.fixture
def filled(bench):
    """A bench with a model, a `conf/` to be, and files of different content."""
    for place in range(FILES):
        bench.files(f"f{place:05d}.txt", content=f"content {place}")
    bench.script(SCRIPT)
    (bench.root / "model.txt").write_text(MODEL)
    return bench


@pytest.fixture
def expected() -> bytes:
    sums = [hashlib.sha256(f"{MODEL}content {place}".encode()) for place in range(FILES)]
    lines = [f"f{place:05d}.txt,{each.hexdigest()}\n" for place, each in enumerate(sums)]
    return ("file,prediction\n" + "".join(lines)).encode()


class Away:
    """A bucket that machines reach over the tests' network, as a datastore of a `conf/`."""

    def __init__(self, bench, server) -> None:
        self.url, options = server.new_bucket()
        self.store = open_store(self.url, options)
        self.env = {"S3_KEY": server.access["key"], "S3_SECRET": server.access["secret"]}
        self.conf = bench.root / "conf"
        (self.conf / "datastore").mkdir(parents=True)
        self.configure("default_datastore: azureml:away\n")
        datastore = {
            "type": "url",
            "url": self.url,
            "options": {
                "key": "${oc.env:S3_KEY}",
                "secret": "${oc.env:S3_SECRET}",
                "endpoint_url": server.endpoint,
            },
        }
        (self.conf / "datastore" / "away.yaml").write_text(yaml.safe_dump(datastore))

    def configure(self, text: str) -> None:
        (self.conf / "config.yaml").write_text(text)


@pytest.mark.parametrize("nthreads", [1, 8])
def test_machines_that_share_nothing_but_s3_give_the_same_bytes(filled, expected, nthreads):
    bench = filled
    with (
        cluster(3, namespaces=True, tls=True, nthreads=nthreads) as ours,
        s3_server(ours.host) as s3,
    ):
        away = Away(bench, s3)
        for place in range(FILES):
            away.store.write(f"data/f{place:05d}.txt", f"content {place}".encode())
        away.store.write("model.txt", MODEL.encode())
        words = [
            "--conf",
            str(away.conf),
            *ours.overrides,
            "model.path=azureml://datastores/away/paths/model.txt",
        ]
        words += [
            f"input={away.url}/data",
            f"workspace={away.url}/ws",
            f"output.path={away.url}/out",
        ]
        slowly = "+environment_variables.SLOWLY=0.2"
        running = bench.start(*words, "resources.instance_count=5", slowly, env=away.env)
        assert running.wait_until_said("3 of 5 instances are here: the job starts with them")
        late = [ours.add_worker(wait=False), ours.add_worker(wait=False)]
        assert running.wait_until(lambda: all(each.host in running.err for each in late))
        running.end().check()

        assert away.store.read("out/predictions.csv") == expected
        bench.invoke(*words, name="again", env=away.env).check(3)
        assert not ours.survivors()
        told = ours.logs() + running.err
        assert SECRET not in told
        assert "Traceback" not in told


def test_what_only_the_driver_sees_is_brought(filled, expected):
    bench = filled
    with cluster(3, namespaces=True) as ours, s3_server(ours.host) as s3:
        away = Away(bench, s3)
        words = ["--conf", str(away.conf), *ours.overrides, f"model.path={bench.root}/model.txt"]
        words += [f"output.path={away.url}/out", "resources.instance_count=3"]
        plain = bench.invoke(*words, name="plain", env=away.env).check(2)
        assert "compute.allow_plaintext_secrets" in plain.err
        words.append("compute.allow_plaintext_secrets=true")
        bench.invoke(*words, env=away.env).check()

        assert away.store.read("out/predictions.csv") == expected
        assert away.store.names("out") == ["predictions.csv"]
        away.configure("{}\n")
        elsewhere = [word.replace("/out", "/elsewhere") for word in words]
        unseen = bench.invoke(*elsewhere, name="unseen", env=away.env).check(2)
        assert "input: not every instance sees it" in unseen.err
        assert not ours.survivors()
        assert SECRET not in ours.logs()
