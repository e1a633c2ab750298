from __future__ import annotations

import pytest

from framework.engine import log_shipping
from framework.engine.log_shipping import LogShipper
from framework.errors import StorageError
from framework.storage import open_store


@pytest.fixture
def logs(request):
    return open_store(f"memory://{request.node.name}")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "logs").mkdir()
    return tmp_path / "logs"


def test_all_logs_are_whole_in_the_end(folder, logs):
    shipper = LogShipper(folder, logs)
    for name in ("instance-0-0.log", "instance-0-1.log"):
        (folder / name).write_bytes(f"{name} says\n".encode() * 1000)
    shipper.close()
    for name in ("instance-0-0.log", "instance-0-1.log"):
        assert logs.read_log(name) == (folder / name).read_bytes()


def test_what_a_scorer_says_is_seen_while_it_runs(folder, logs, monkeypatch):
    monkeypatch.setattr(log_shipping, "SHIP_S", 0.01)
    log = folder / "instance-0-0.log"
    shipper = LogShipper(folder, logs)
    for lines in (1, 2, 3):
        log.write_bytes(b"a line\n" * lines)
        while not logs.exists(log.name) or logs.log_size(log.name) < 7 * lines:
            pass
        assert logs.read_log(log.name) == b"a line\n" * lines
    shipper.close()


def test_beyond_its_first_quarter_a_log_may_be_cut_and_is_sent_at_the_end(
    folder, logs, monkeypatch
):
    monkeypatch.setattr(log_shipping, "SHIP_S", 0.01)
    monkeypatch.setattr(log_shipping, "LOG_HEAD", 10)
    log = folder / "instance-0-0.log"
    shipper = LogShipper(folder, logs)
    log.write_bytes(b"0123456789 and more")
    while not logs.exists(log.name) or logs.log_size(log.name) < 10:
        pass
    assert logs.read_log(log.name) == b"0123456789"
    log.write_bytes(b"0123456789 [cut] last")
    shipper.close()
    assert logs.read_log(log.name) == b"0123456789 [cut] last"


def test_a_store_that_fails_costs_nothing_but_the_log(folder, logs, monkeypatch, caplog):
    def fail(_):
        raise StorageError("it is gone")

    monkeypatch.setattr(logs, "append_log", fail)
    (folder / "instance-0-0.log").write_bytes(b"x")
    LogShipper(folder, logs).close()
    assert [each.getMessage() for each in caplog.records] == [
        "the log instance-0-0.log can't be written, and ends: it is gone"
    ]


def test_logs_on_a_disk_are_where_they_were_written(folder):
    (folder / "instance-0-0.log").write_bytes(b"x")
    LogShipper(folder, open_store(str(folder))).close()
    assert (folder / "instance-0-0.log").read_bytes() == b"x"
