from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.jobs.logs import JobLogs, LogReader, log_files
from framework.jobs.record import JobRecord, open_record
from framework.storage import open_store


@pytest.fixture
def folder(record: JobRecord) -> Path:
    made = Path(record.url("logs"))
    made.mkdir(parents=True)
    return made


def reader(record: JobRecord, longest: int = 100) -> LogReader:
    (file,) = log_files(record)
    return LogReader(record, file, longest=longest)


def texts(lines) -> list[str]:
    return [line.text for line in lines]


def test_logs_are_named_by_what_writes_them(record: JobRecord, folder: Path) -> None:
    for name in ("instance-0-1.log", "driver.log", "notes.txt"):
        (folder / name).write_text("x")
    (folder / "folder.log").mkdir()
    assert [file.process for file in log_files(record)] == ["driver", "0-1"]


def test_lines_come_once_they_have_ended_and_the_rest_at_the_end(
    record: JobRecord, folder: Path
) -> None:
    log = folder / "instance-0-0.log"
    log.write_bytes(b"one\ntw")
    ours = reader(record)
    assert texts(ours.read()) == ["one"]
    with log.open("ab") as file:
        file.write(b"o\nthree")
    assert texts(ours.read()) == ["two"]
    assert texts(ours.read()) == []
    assert texts(ours.rest()) == ["three"]
    assert texts(ours.rest()) == []


def test_a_line_without_an_end_is_kept_in_bounded_memory(record: JobRecord, folder: Path) -> None:
    log = folder / "instance-0-0.log"
    log.write_bytes(b"a" * 3_000_000 + b"\nnext\n")
    ours = reader(record, longest=10)
    lines = []
    while ours.is_behind:
        lines += ours.read()
    assert [(line.text, line.lost) for line in lines] == [("a" * 10, 2_999_990), ("next", 0)]


def test_what_a_progress_bar_overwrites_is_left_out(record: JobRecord, folder: Path) -> None:
    log = folder / "instance-0-0.log"
    log.write_bytes(b"\r 10%\r 50%")
    ours = reader(record)
    list(ours.read())
    with log.open("ab") as file:
        file.write(b"\r100%\r\nend\r\n")
    assert texts(ours.read()) == ["100%", "end"]


def test_bytes_that_are_no_text_are_written_out(record: JobRecord, folder: Path) -> None:
    (folder / "instance-0-0.log").write_bytes(b"\xff\xfe ok\n")
    assert texts(reader(record).read()) == ["\\xff\\xfe ok"]


def test_an_emptied_log_is_read_from_its_beginning(record: JobRecord, folder: Path) -> None:
    log = folder / "instance-0-0.log"
    log.write_bytes(b"before\n" * 3)
    ours = reader(record)
    assert len(texts(ours.read())) == 3
    log.write_bytes(b"after\n")
    assert texts(ours.read()) == ["after"]


def test_a_log_that_is_gone_says_no_more(record: JobRecord, folder: Path) -> None:
    log = folder / "instance-0-0.log"
    log.write_bytes(b"before\n")
    ours = reader(record)
    log.unlink()
    assert texts(ours.read()) == []
    assert not ours.is_behind


@given(
    content=st.lists(st.sampled_from([b"a", b"bb", b"\n"]), max_size=30).map(b"".join),
    last=st.integers(0, 12),
)
def test_the_last_lines_are_those_that_tail_shows(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, last: int
) -> None:
    record = open_record(open_store(str(tmp_path_factory.mktemp("workspace"))), "job")
    Path(record.url("logs")).mkdir(parents=True)
    Path(record.url("logs", "driver.log")).write_bytes(content)
    ours = reader(record)
    ours.skip_to_last(last)
    lines = content.decode().split("\n")
    lines = lines if lines[-1] else lines[:-1]
    assert texts([*ours.read(), *ours.rest()]) == lines[len(lines) - min(last, len(lines)) :]


def test_logs_of_processes_that_start_later_are_read_whole(record: JobRecord, folder: Path) -> None:
    (folder / "instance-0-0.log").write_text("old\nnewer\n")
    logs = JobLogs(record, last=1, longest=100)
    (folder / "instance-0-1.log").write_text("first\nsecond\n")
    assert [line[:2] for line in logs.read()] == [
        ("0-0", "newer"),
        ("0-1", "first"),
        ("0-1", "second"),
    ]


def test_one_process_alone_is_read_where_that_is_asked_for(record: JobRecord, folder: Path) -> None:
    (folder / "instance-0-0.log").write_text("not me\n")
    (folder / "driver.log").write_text("me")
    logs = JobLogs(record, process="driver", last=None, longest=100)
    assert [line[:2] for line in logs.rest()] == [("driver", "me")]


def test_after_the_middle_was_left_out_reading_goes_on_where_that_began(
    record: JobRecord, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("framework.jobs.logs.LOG_HEAD", 8)
    log = folder / "instance-0-0.log"
    log.write_bytes(b"head...\nmiddle\nmiddle\nlast\n")
    ours = reader(record)
    assert texts(ours.read())[0] == "head..."
    log.write_bytes(b"head...\n[cut]\nlast\nnew\n")
    assert texts(ours.read()) == ["[cut]", "last", "new"]
