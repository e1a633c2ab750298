from __future__ import annotations

import re
from pathlib import Path

import pytest

from framework.domain.outcomes import Outcome
from framework.errors import NotFoundError
from framework.jobs.record import find_report, open_record
from framework.jobs.report.writing import write_at_end, write_report
from framework.storage import open_store

EVIL = "</script><img src=x onerror=alert(1)>\x00 \udcff \u202e\u2066 ]]> --> {{ 7*7 }} & \"'`"


def good(index: int, files: int = 2, took: float = 0.2) -> Outcome:
    return Outcome(index, files, files, files, 1, took)


def written(author, **summary) -> str:
    path = write_report(author.record, {**author.summary, **summary})
    return Path(path).read_text(encoding="utf-8")


def test_the_page_tells_the_jobs_name_status_and_numbers(author, read_page):
    author.create(files=6, endpoint="mnist-batch", model={"name": "mnist", "version": "3"})
    author.run(good(0), good(1), good(2), ended="Completed")
    page = read_page(written(author))

    assert "job Completed endpoint mnist-batch · model mnist:3" in page.text
    assert "Files 6 Succeeded 6 100 % Failed 0 0 % Rows 6 Mini-batches 3 0 tried again" in page.text
    assert "Duration 3.0 s Throughput 2.0/s" in page.text
    assert "2026-11-23 13:27:55 UTC" in page.text
    assert "Half of them took at most 0.2 s" in page.text


@pytest.mark.parametrize("status", ["Failed", "Canceled", "Running"])
def test_a_job_that_is_not_completed_says_why(author, read_page, status):
    author.create(files=6)
    author.run(good(0))
    page = read_page(written(author, status=status, error="the disk is full", ended_at=None))

    assert f"job {status}" in page.text
    assert "the disk is full" in page.text
    assert ("The job has not ended" in page.text) == (status == "Running")
    assert "Files 6 2 of them are done" in page.text


def test_a_job_that_has_done_nothing_has_a_page_too(author, read_page):
    author.create()
    page = read_page(written(author, status="Failed", error="no driver"))

    assert "No mini-batch has ended." in page.text


def test_nothing_is_loaded_and_nothing_is_run(author, read_page, failing):
    author.create(files=3)
    author.run(good(0), failing(1, "a.txt", traceback="t"))
    text = written(author, dashboard_url="http://127.0.0.1:8787/status")
    page = read_page(text)

    assert not page.tags & {"script", "link", "img", "iframe", "object", "embed", "form", "base"}
    assert not re.search(r"@import|url\(", text)
    assert page.all("src") == []
    assert page.all("style") == []
    assert not [name for _, found in page.elements for name in found if name.startswith("on")]
    (policy,) = [text for text in page.all("content") if "default-src" in text]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    web = {href for href in page.all("href") if not href.startswith("./")}
    assert web == {"http://127.0.0.1:8787/status"}


def test_the_policy_allows_the_style_that_is_in_the_page(author):
    import base64
    import hashlib

    author.create()
    text = written(author)
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert f"style-src 'sha256-{digest}'" in text


def test_what_people_wrote_is_never_markup(author, read_page, failing):
    author.create(
        files=3,
        endpoint=EVIL,
        tags={EVIL: EVIL},
        input=(EVIL,),
        environment_variables={"A": EVIL},
        model={"name": EVIL, "version": EVIL, "path": EVIL, "size": 1, "sha256": EVIL},
    )
    more = {"message": EVIL, "traceback": EVIL * 10, "process_log": EVIL}
    journal, _ = author.drive()
    author.list(journal, *(f"{EVIL}{place}" for place in range(30)))
    journal.close()
    author.run(failing(0, EVIL, f"b/{EVIL}", **more), failing(1, **more, count=4), good(2))
    log = Path(author.record.url("logs"))
    (log / "driver.log").write_text(
        f"2026 notice warning: {EVIL}\n", encoding="utf-8", errors="backslashreplace"
    )
    (log / "<b>#%?.log").write_text("x")
    text = written(author, error=EVIL, output=EVIL, dashboard_url=f"javascript:{EVIL}")
    page = read_page(text)

    assert not page.tags & {"script", "img"}
    assert text.count("<style") == 1
    assert "\x00" not in text
    assert "\u202e" not in text
    assert "</script><img src=x onerror=alert(1)>\\x00 \\udcff \\u202e" in page.text
    assert "{{ 7*7 }}" in page.text
    assert not [href for href in page.all("href") if not href.startswith("./")]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "http://[", "file:///x"]
)
def test_only_links_to_the_web_are_links(author, read_page, url):
    author.create()
    page = read_page(written(author, dashboard_url=url))

    assert url in page.text
    assert url not in page.all("href")


def test_a_huge_traceback_does_not_make_a_huge_page(author, read_page, failing):
    author.create(files=3)
    author.run(*(failing(index, f"{index}.txt", traceback="x\n" * 5_000_000) for index in range(3)))
    text = written(author)

    assert len(text) < 200_000
    assert read_page(text).text.count("characters are left out here") == 3


def test_failures_are_told_with_their_files_and_why(author, read_page, failing):
    author.create(files=3)
    author.run(failing(0, "d/a.txt", message="ValueError: no", traceback="Traceback: here"))
    (Path(author.record.url()) / "errors.jsonl").write_text("{}\n")
    page = read_page(written(author))

    for words in ("d/a.txt", "ValueError: no", "Traceback: here", "instance-0-0.log"):
        assert words in page.text
    assert {"./errors.jsonl", "./logs/instance-0-0.log"} <= set(page.all("href"))
    assert "./failed_inputs.txt" not in page.all("href")


def test_the_slowest_mini_batches_are_told_with_their_files(author, read_page):
    author.create(files=6, mini_batch_size=2)
    journal, _ = author.drive()
    author.list(journal, "a", "b", "c", "d-slow", "e", "f")
    journal.close()
    author.run(good(0), good(1, took=9.0), good(2))
    page = read_page(written(author))

    assert re.search(r"9 s 1 20 bytes c d-slow", page.text)


def test_names_beyond_the_files_that_are_looked_at_are_left_out(author, read_page, monkeypatch):
    monkeypatch.setattr("framework.jobs.report.writing.MOST_FILES_AT_THE_END", 3)
    author.create(files=4, mini_batch_size=2)
    journal, _ = author.drive()
    author.list(journal, "a", "b", "c", "d")
    journal.close()
    author.run(good(0), good(1, took=9.0))
    path = write_at_end(author.record, 2, author.summary)
    early = read_page(Path(path).read_text()).text

    assert "too far down the list" in early
    assert "a b" in early
    assert "too far down the list" not in read_page(written(author)).text


def test_each_driver_is_told_and_a_resume_is_seen_in_the_chart(author, read_page):
    author.create(files=6)
    author.run(good(0), good(1))
    author.run(good(2), ended="Completed")
    page = read_page(written(author))

    assert "died" in page.text
    assert "resumed" in page.text
    assert "of work, within" in page.text


def test_a_ledger_without_times_says_so(author, read_page):
    from framework.domain.outcomes import Receipt
    from framework.jobs.ledger import encode_receipt

    author.create(files=2)
    journal, _ = author.drive()
    receipt = Receipt(outcomes=(good(0),), part=None)
    journal.append("ledger", {"receipt": encode_receipt(receipt)})
    journal.close()
    page = read_page(written(author))

    assert "does not say when" in page.text
    assert "Duration 10 min 0 s" in page.text


def test_a_clock_that_was_set_back_does_no_harm(author, read_page):
    author.create()
    page = read_page(written(author, ended_at="2020-01-01T00:00:00.000Z"))

    assert "Duration unknown" in page.text


def test_secrets_are_not_shown(author, read_page):
    author.create(
        environment_variables={"API_TOKEN": "hunter2", "OTHER_TOKEN": "${oc.env:OTHER}"},
        input=("https://h/x?sv=1&sig=SECRET",),
        index_url="postgresql://me:SECRET@host/db",
    )
    text = written(author, error="can't read https://h/x?sv=1&sig=SECRET")

    assert "hunter2" not in text
    assert "SECRET" not in text
    assert "${oc.env:OTHER}" in read_page(text).text


def test_settings_that_differ_from_their_defaults_come_first(author, read_page):
    author.create(mini_batch_size=7)
    text = read_page(written(author)).text
    changed, _, unchanged = text.partition("those that are at their defaults")

    assert "mini_batch_size 7" in changed
    assert "error_threshold -1" in unchanged


def test_warnings_are_told(author, read_page):
    author.create()
    log = Path(author.record.url("logs", "driver.log"))
    log.write_text("T status Running\nT notice dashboard: http://x\nT notice warning: twice\n")
    page = read_page(written(author))

    assert "Warnings warning: twice" in page.text
    assert "dashboard: http" not in page.text


def test_charts_can_be_read_without_seeing_them(author, read_page):
    author.create(files=2)
    author.run(good(0))
    page = read_page(written(author))
    ids = page.all("id")

    assert len(ids) == len(set(ids))
    for labels in page.all("aria-labelledby"):
        assert set(labels.split()) <= set(ids)
    assert [found["role"] for tag, found in page.elements if tag == "svg"] == ["img", "img"]
    assert {found.get("scope") for tag, found in page.elements if tag == "th"} == {"row", "col"}


def test_a_report_is_written_again_in_place(author):
    author.create(files=4)
    assert find_report(author.record) is None
    author.run(good(0))
    first = written(author)
    author.run(good(1))

    assert written(author) != first
    assert find_report(author.record) == str(Path(author.record.url("report.html")))


def test_a_job_that_is_not_there_has_no_report(tmp_path):
    with pytest.raises(NotFoundError):
        write_report(open_record(open_store(str(tmp_path)), "nobody"), {})


def test_a_jobs_end_never_fails_for_its_report(author, caplog):
    author.create()
    author.run(good(0))
    Path(author.record.url("report.html")).mkdir()

    assert write_at_end(author.record, 1, {}) is None
    assert "report could not be written" in caplog.text
