"""Jobs on machines that share no disk: what they need lies in a store of objects, or is brought."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote

import pytest
import yaml
from azure.storage.blob import generate_container_sas

from framework.storage import open_store
from framework.storage.tree import Selection
from tests.servers.cluster import cluster
from tests.servers.objects import ObjectServer, azurite, s3_server
from tests.servers.onlooker import command_lines, seen_on

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FILES = 120
HIDDEN = Selection(hidden=True)
MODEL = "a model"
SCRIPT = """
    import hashlib, os, socket, time
    def init():
        global model
        with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.txt")) as file:
            model = file.read()
    def run(mini_batch):
        while gate := os.environ.get("GATE"):
            try:
                socket.create_connection(gate.split(":")).close()
            except OSError:
                time.sleep(0.1)
            else:
                del os.environ["GATE"]
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
        given = dict(options[self.url])
        self.secret = given["secret" if server.scheme == "s3" else "connection_string"]
        self.env = {
            "PLANTED": self.secret,
            "FRAMEWORK_INDEX_CACHE": str(bench.root / "index"),
            "FRAMEWORK_MODEL_CACHE": str(bench.root / "models"),
        }
        self.conf = bench.root / "conf"
        (self.conf / "datastore").mkdir(parents=True)
        self.configure("default_datastore: azureml:away\n")
        shown = {k: "${oc.env:PLANTED}" if v == self.secret else v for k, v in given.items()}
        datastore = {"type": "url", "url": self.url, "options": shown}
        (self.conf / "datastore" / "away.yaml").write_text(yaml.safe_dump(datastore))

    def configure(self, text: str) -> None:
        (self.conf / "config.yaml").write_text(text)


def signed_input(away: Away, server: ObjectServer) -> str:
    """A signature that the job needs for its input; on S3 there are no signed folders."""
    if server.scheme == "s3":
        away.env["INPUT"] = f"{away.url}/data"
        return away.secret
    container = away.url.rpartition("/")[2]
    signature = generate_container_sas(
        server.access["account_name"],
        container,
        account_key=server.access["account_key"],
        permission="rl",
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    away.env["INPUT"] = f"{server.endpoint}/{container}/data?{signature}"
    return parse_qs(signature)["sig"][0]


def tellers(seen: Mapping[str, bytes], secrets: Sequence[str]) -> list[str]:
    """What has told a secret: as it is, or as it stands in a URL."""
    texts = {text.encode() for each in secrets for text in (each, quote(each), quote(each, ""))}
    return [f"{text!r} in {what}" for text in texts for what, told in seen.items() if text in told]


@pytest.mark.parametrize(
    ("start", "nthreads"), [(s3_server, 1), (azurite, 8)], ids=["s3-1", "azure-8"]
)
def test_machines_that_share_nothing_but_a_store_give_the_same_bytes(
    filled, expected, start, nthreads
):
    """And no secret is in any file, log, task, page, index or command line."""
    bench = filled
    with (
        cluster(3, namespaces=True, tls=True, nthreads=nthreads) as ours,
        start(ours.host) as server,
        socket.socket() as gate,
    ):
        gate.bind((ours.host, 0))
        away = Away(bench, server)
        for place in range(FILES):
            away.store.write(f"data/f{place:05d}.txt", f"content {place}".encode())
        away.store.write("model.txt", MODEL.encode())
        secrets = [away.secret, *server.access.values(), signed_input(away, server)]
        secrets = [each for each in secrets if len(each) > len("devstoreaccount1")]
        where = ["--conf", str(away.conf)]
        workspace = f"workspace={away.url}/ws"
        words = [*where, *ours.overrides, "input=${oc.env:INPUT}", workspace]
        words += ["model.path=azureml://datastores/away/paths/model.txt"]
        words += [f"output.path={away.url}/out", "+environment_variables.TOKEN=${oc.env:PLANTED}"]
        if nthreads == 8:
            words.append(f"index_url=sqlite:///{bench.root}/told.db")
        gated = [
            "+environment_variables.GATE={}:{}".format(*gate.getsockname()),
            "retry_settings.timeout=200",
        ]
        running = bench.start(*words, "resources.instance_count=5", *gated, env=away.env)
        assert running.wait_until_said("3 of 5 instances are here: the job starts with them")
        late = [ours.add_worker(wait=False), ours.add_worker(wait=False)]
        assert running.wait_until(lambda: all(each.host in running.err for each in late))
        seen = seen_on(ours) | command_lines([*ours.processes(), *bench.processes()])
        assert any(b"score_chunk" in each for each in seen.values())
        gate.listen()
        running.end().check()

        assert away.store.read("out/predictions.csv") == expected
        bench.invoke(*words, name="again", env=away.env).check(3)
        assert not ours.survivors()
        for verb in ("logs", "show"):
            command = ["job", verb, "job", *where, "--workspace", f"{away.url}/ws"]
            bench.run(*command, env=away.env).end().check()
        seen["cluster"] = ours.logs().encode()
        seen |= {file.path: away.store.read(file.path) for file in away.store.walk("", HIDDEN)}
        here = [path for path in bench.root.rglob("*") if path.is_file()]
        seen |= {str(path): path.read_bytes() for path in here}
        assert any(path.suffix == ".db" for path in here)
        assert tellers(seen, secrets) == []
        assert "Traceback" not in ours.logs(), ours.logs()


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
        assert away.secret not in ours.logs()
