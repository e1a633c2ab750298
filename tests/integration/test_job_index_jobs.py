"""Real jobs and the index: by the command line, as processes of their own."""

from __future__ import annotations

import json
import sqlite3
from urllib.parse import quote

import pytest

from framework.cli import main

SCRIPT = """
    def run(mini_batch):
        return ["row"] * len(mini_batch)
"""
WAITING = """
    import time
    from notes import note

    def run(mini_batch):
        note("begun")
        while True:
            time.sleep(1)
"""


def names(bench, *words: str, **settings) -> list[str]:
    ended = bench.run("job", "list", "--workspace", str(bench.workspace), *words, **settings).end()
    return [each["name"] for each in json.loads(ended.check().out)]


def rows(bench) -> list[tuple[str, str, int]]:
    connection = sqlite3.connect(bench.workspace / "index.db")
    try:
        return connection.execute("SELECT name, status, files FROM batch_jobs").fetchall()
    except sqlite3.OperationalError:  # the tables are just being made
        return []
    finally:
        connection.close()


def test_a_job_writes_its_row_and_a_deletion_takes_it_out(bench):
    bench.script(SCRIPT)
    bench.files(3)
    bench.invoke(name="job").check()
    assert rows(bench) == [("job", "Completed", 3)]

    words = ["job", "delete", "job", "--yes", "--with-output"]
    bench.run(*words, "--workspace", str(bench.workspace)).end().check()
    assert rows(bench) == []
    assert names(bench) == []
    assert list((bench.workspace / "outputs").iterdir()) == []

    bench.invoke(name="job").check()  # its name and its output's are free again
    assert rows(bench) == [("job", "Completed", 3)]


def test_a_row_of_a_killed_driver_is_not_believed(bench):
    bench.script(WAITING)
    bench.files(1)
    running = bench.start(name="job")
    assert running.wait_until(lambda: bench.noted and (bench.workspace / "index.db").exists())
    running.wait_until(lambda: bool(rows(bench)))
    assert rows(bench)[0][1] in {"Preparing", "Running"}
    assert names(bench, "--status", "Running") == ["job"]
    ended = bench.run("job", "delete", "job", "--yes", "--workspace", str(bench.workspace)).end()
    assert "job cancel job" in ended.check(2).err
    running.kill()

    assert names(bench, "--status", "Running") == []
    assert names(bench, "--status", "Failed") == ["job"]


def test_a_job_on_a_server_tells_its_password_to_nobody(bench, postgres):
    bench.script(SCRIPT)
    bench.files(2)
    password = "s3cret-of-the-index"
    database = postgres.new_database()
    postgres.execute(f"CREATE ROLE writer_{database} SUPERUSER LOGIN PASSWORD '{password}'")
    url = postgres.url(database, user=f"writer_{database}", password=":${oc.env:INDEX_PASSWORD}")
    conf = bench.root / "conf"
    conf.mkdir()
    (conf / "config.yaml").write_text(f"workspace: {bench.workspace}\nindex_url: {url}\n")
    env = {"INDEX_PASSWORD": quote(password, "")}
    ended = bench.invoke(name="job", env=env).check()

    query = "SELECT name, status, files, rows FROM batch_jobs"
    assert postgres.execute(query, database) == [("job", "Completed", 2, 2)]
    assert "warning" not in ended.err
    assert names(bench, "--conf", str(conf), env=env) == ["job"]
    assert not (bench.workspace / "index.db").exists()
    for place in (bench.root, bench.workspace):
        for file in place.rglob("*"):
            assert not file.is_file() or password.encode() not in file.read_bytes(), file


@pytest.mark.parametrize(
    "url",
    ["postgresql://me:hunter2secret@/db?host=/nowhere", "nothing://me:hunter2secret@host/db"],
)
def test_a_job_whose_index_is_not_there_ends_well_with_one_warning(bench, url):
    bench.script(SCRIPT)
    bench.files(2)
    ended = bench.invoke(f"index_url={url}", name="job").check()

    assert ended.status == "Completed"
    assert ended.err.count("goes on without the index") == 1
    assert "hunter2secret" not in ended.err + ended.out


def test_what_can_be_known_before_a_job_begins_is_wrong_usage(bench):
    bench.script(SCRIPT)
    bench.files(2)
    ended = bench.invoke("index_url=jobs.db", name="job").check(2)

    assert "index_url" in ended.err
    assert not bench.record("job").exists()


def test_doctor_makes_the_index_anew(records, tmp_path, capfd, monkeypatch):
    monkeypatch.delenv("FRAMEWORK_CONF", raising=False)
    for name in ("a", "b"):
        records.create(name)
    (tmp_path / "config.yaml").write_text(f"workspace: {records.workspace}\n")
    words = ["doctor", "--conf", str(tmp_path / "config.yaml"), "-o", "json"]

    def found() -> dict[str, str]:
        main(words)
        rows = json.loads(capfd.readouterr().out)
        return next(each for each in rows if each["check"] == "job index")

    assert "none yet" in found()["found"]
    words.append("--reindex")
    assert found()["found"].startswith("2 jobs")
    words.pop()
    assert found()["status"] == "ok"
    assert "2 jobs in" in found()["found"]
    (records.workspace / "index.db").unlink()
    (records.workspace / "index.db").mkdir()
    assert found()["status"] == "note"
    words.append("--reindex")
    assert found()["status"] == "wrong"
