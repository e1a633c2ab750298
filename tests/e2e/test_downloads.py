"""`job download` and `job show --web`: what a job has made, where its user wants it."""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path

import pytest

SCRIPT = """
    import os
    def run(mini_batch):
        for file in mini_batch:
            name = os.path.basename(file)
            if name.startswith("bad"):
                raise ValueError(name)
            folder = os.path.join(os.environ["AZUREML_BI_OUTPUT_PATH"], "sub")
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, name), "w") as beside:
                beside.write("beside " + name)
        return [1] * len(mini_batch)
"""


def job(bench, verb: str, *words: str, **settings):
    place = ["--workspace", str(bench.workspace), "-o", "json"]
    return bench.run("job", verb, "job", *place, *words, **settings).end()


def tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def made(bench):
    """A Completed job with files beside its output, and a stranger's."""
    bench.files("a b.txt", "ü.txt", "bad.txt")
    bench.script(SCRIPT)
    ended = bench.invoke(f"output.path={bench.root / 'out'}").check(0)
    (bench.root / "out" / "stranger.txt").write_text("not the job's")
    return ended


def test_the_output_comes_with_what_scripts_published_and_with_no_strangers_file(bench, made):
    done = job(bench, "download", "--output-name", "score", "--download-path", "to").check(0)
    score = bench.root / "to" / "named-outputs" / "score"
    assert tree(bench.root / "to") == {
        "named-outputs/score/predictions.csv",
        "named-outputs/score/sub/a b.txt",
        "named-outputs/score/sub/ü.txt",
    }
    assert (score / "predictions.csv").read_bytes() == made.data
    assert (score / "sub" / "ü.txt").read_text() == "beside ü.txt"
    told = json.loads(done.out)
    assert told["download_path"] == str(bench.root / "to")
    assert {each["path"] for each in told["files"]} == tree(bench.root / "to")


def verdicts(ended) -> dict[str, str]:
    return {Path(each["file"]).name: each["status"] for each in json.loads(ended.out)}


def test_an_output_is_verified_file_by_file(bench, made):
    good = verdicts(job(bench, "verify").check(0))
    assert good == {"predictions.csv": "same", "a b.txt": "same", "ü.txt": "same"}

    with made.output.open("a") as output:
        output.write("one row more\n")
    (bench.root / "out" / "sub" / "ü.txt").unlink()
    bad = verdicts(job(bench, "verify").check(1))
    assert bad == {"predictions.csv": "changed", "a b.txt": "same", "ü.txt": "missing"}


def test_what_differs_of_the_manifest_is_told_by_its_entry(bench, made):
    manifest = made.record / "manifest.json"
    told = json.loads(manifest.read_text())
    assert told["output"]["sha256"] == hashlib.sha256(made.data).hexdigest()
    assert told["counts"]["not_attempted"] == 0
    assert told["counts"]["rows"] == told["output"]["rows"] == made.counts["rows"]
    assert told["inputs"]["count"] == made.counts["files"]
    assert [each["path"] for each in told["extras"]] == ["sub/a b.txt", "sub/ü.txt"]
    code = bench.workspace / told["code"]["path"]
    assert hashlib.sha256(code.read_bytes()).hexdigest() == told["code"]["sha256"]

    manifest.write_text(json.dumps({**told, "model": {"name": "other"}, "output": None}))
    found = json.loads(job(bench, "verify").check(1).out)
    assert [each["entry"] for each in found if each["status"] == "changed"] == ["model", "output"]
    manifest.unlink()
    job(bench, "verify").check(0)


def test_what_is_not_completed_has_nothing_to_verify(bench):
    bench.files("bad.txt")
    bench.script(SCRIPT)
    bench.invoke().check(1)
    assert "is Failed: it has an output once it is Completed" in job(bench, "verify").check(2).err


def test_the_record_comes_too_where_all_is_asked_for(bench, made):
    job(bench, "download", "--all", "-p", "to").check(0)
    artifacts = tree(bench.root / "to" / "artifacts")
    assert {"job.json", "errors.jsonl", "failed_inputs.txt", "logs/instance-0-0.log"} <= artifacts
    assert "logs/driver.log" in artifacts
    assert artifacts == tree(made.record)


def test_nothing_is_overwritten_but_by_force(bench, made):
    taken = bench.root / "named-outputs" / "score" / "sub" / "a b.txt"
    taken.parent.mkdir(parents=True)
    taken.write_text("mine")
    refused = job(bench, "download").check(3)
    assert str(taken) in refused.err
    assert tree(bench.root / "named-outputs") == {"score/sub/a b.txt"}  # nothing else has come
    assert taken.read_text() == "mine"
    job(bench, "download", "--force").check(0)
    assert taken.read_text() == "beside a b.txt"
    assert len(tree(bench.root / "named-outputs")) == 3


def test_no_name_leads_out_of_the_folder(bench, made):
    outside = bench.root.parent / "outside"
    outside.mkdir()
    score = bench.root / "named-outputs" / "score"
    score.mkdir(parents=True)
    (score / "sub").symlink_to(outside)
    refused = job(bench, "download").check(1)
    assert "refused" in refused.err
    ledger = next((made.record / "ledger").glob("*.jsonl"))
    text = ledger.read_text()
    assert '"sub/a b.txt"' in text
    ledger.write_text(text.replace('"sub/a b.txt"', '"../../escaped"'))
    (bench.root / "escaped").write_text("a secret")
    refused = job(bench, "download", "-p", "to").check(1)
    assert "leaves its store" in refused.err
    assert not list(outside.iterdir())


def test_an_output_that_was_changed_or_removed_is_said_to_be(bench, made):
    with made.output.open("a") as output:
        output.write("another\n")
    changed = job(bench, "download").check(0)
    assert "predictions.csv has been changed since the job wrote it" in changed.err
    made.output.unlink()
    gone = job(bench, "download", "-p", "to").check(4)
    assert f"{made.output} is not there any more" in gone.err
    assert not (bench.root / "to").exists()


def test_what_is_not_there_is_not_downloaded(bench):
    bench.files("bad.txt")
    bench.script(SCRIPT)
    bench.invoke().check(1)
    early = job(bench, "download").check(2)
    assert early.err.startswith("error: job job is Failed: it has an output once it is Completed")
    assert job(bench, "download", "--output-name", "scores").check(4).err.count("'score'") == 1
    kept = job(bench, "download", "--all").check(0)
    assert "only its record" in kept.err
    assert "errors.jsonl" in tree(bench.root / "artifacts")
    assert not (bench.root / "named-outputs").exists()


def test_the_page_of_a_job_is_opened_or_its_address_said(bench):
    bench.files(1)
    bench.script("def run(mini_batch):\n    return [1]\n")
    bench.invoke().check(0)
    browser, opened = bench.root / "browser", bench.root / "opened"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(browser.stat().st_mode | stat.S_IXUSR)
    shown = job(bench, "show", "--web", env={"BROWSER": f"{browser} %s"}).check(0)
    page = opened.read_text().strip()
    assert page == Path(shown.summary["report"]).as_uri()
    assert f"opened {page}" in shown.err
    none = job(bench, "show", "--web", env={"BROWSER": "/nowhere/at/all %s", "PATH": "/"}).check(0)
    assert f"the job's page is {page}" in none.err
