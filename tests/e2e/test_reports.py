"""Each job that ends leaves a report, and `job report` writes one of any job at any time."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

SCRIPT = """
import os, time
from notes import note_files

def run(mini_batch):
    note_files(mini_batch)
    for path in mini_batch:
        if "bad" in path:
            raise ValueError("<b>bad</b> " + os.path.basename(path))
        while "wait" in path and not os.path.exists(os.environ["BENCH_LOG"] + ".gate"):
            time.sleep(0.02)
    return [1 for _ in mini_batch]
"""


@pytest.fixture
def ready(bench):
    bench.script(SCRIPT)
    return bench


def report_of(ended_or_running) -> str:
    return (ended_or_running.record / "report.html").read_text(encoding="utf-8")


def status_in(page: str) -> str:
    (status,) = re.findall(r"<title>job: (\w+)</title>", page)
    return status


def number(page: str, name: str) -> str:
    (value,) = re.findall(rf'<dt>{name}</dt><dd class="value">([^<]*)</dd>', page)
    return value


def report_again(bench) -> str:
    words = ["job", "report", "job", "--workspace", str(bench.workspace)]
    ended = bench.run(*words).end().check()
    assert ended.out == f"{bench.record() / 'report.html'}\n"
    return Path(ended.out.rstrip("\n")).read_text(encoding="utf-8")


def test_a_completed_job_has_a_report_with_its_numbers(ready) -> None:
    ready.files(5, "bad <i>.txt")
    ended = ready.invoke("retry_settings.max_retries=1").check()
    page = report_of(ended)

    assert ended.summary["report"] == str(ended.record / "report.html")
    assert status_in(page) == "Completed"
    counts = ended.counts
    for name in ("files", "succeeded", "failed", "rows", "tries"):
        assert number(page, name.capitalize()) == str(counts[name])
    assert "ValueError: &lt;b&gt;bad&lt;/b&gt; bad &lt;i&gt;.txt" in page
    assert "<b>" not in page
    assert 'id="throughput-chart-title"' in page


def test_a_failed_job_has_a_report_that_says_why(ready) -> None:
    ready.files("bad.txt")
    ended = ready.invoke().check(1)
    page = report_of(ended)

    assert status_in(page) == "Failed"
    assert ended.summary["error"] in page
    assert ended.summary["report"] == str(ended.record / "report.html")


def test_a_job_that_is_killed_has_a_report_when_it_is_asked_for_and_one_when_it_is_resumed(
    ready,
) -> None:
    ready.files("a.txt", "b.txt", "wait.txt", "x.txt")
    running = ready.start()
    assert running.wait_until(lambda: len(ready.ledgered()) >= 2)
    assert status_in(report_again(ready)) == "Running"
    running.kill()

    page = report_again(ready)
    assert status_in(page) == "Failed"
    assert "its driver died" in page
    assert number(page, "Succeeded") == "2"
    assert ready.show()["report"] == str(ready.record() / "report.html")

    Path(f"{ready.log}.gate").touch()
    resumed = ready.resume().check()
    page = report_of(resumed)
    assert status_in(page) == "Completed"
    assert number(page, "Succeeded") == "4"
    assert ">resumed</text>" in page
    assert ">died</span>" in page


def test_a_canceled_job_has_a_report(ready) -> None:
    ready.files("a.txt", "wait.txt")
    running = ready.start()
    assert running.wait_until(lambda: len(ready.ledgered()) >= 1)
    running.signal(2)
    ended = running.end().check(130)
    page = report_of(ended)

    assert status_in(page) == "Canceled"
    assert number(page, "Succeeded") == "1"
    assert status_in(report_again(ready)) == "Canceled"


def test_a_report_that_can_not_be_written_does_no_harm(ready) -> None:
    ready.files("a.txt", "wait.txt")
    running = ready.start()
    assert running.wait_until(lambda: len(ready.ledgered()) >= 1)
    (running.record / "report.html").mkdir()
    Path(f"{ready.log}.gate").touch()
    ended = running.end().check()

    assert ended.status == "Completed"
    assert json.loads(ended.out)["counts"]["succeeded"] == 2


def test_a_job_that_is_not_there_has_no_report(ready) -> None:
    ended = ready.run("job", "report", "nobody", "--workspace", str(ready.workspace)).end()

    assert ended.code == 4
    assert "nobody" in ended.err
