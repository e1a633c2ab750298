from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from framework.domain.outcomes import ExtraFile, Outcome, Receipt
from framework.errors import FrameworkError, OutputExistsError
from framework.jobs.extras import publish_extras
from framework.jobs.ledger import Ledger
from framework.storage import open_store


@pytest.fixture
def target(tmp_path):
    return open_store(str(tmp_path / "out"))


@pytest.fixture
def publish(record, claim, target):
    def publish() -> list[str]:
        return publish_extras(record, target, 1)

    return publish


@pytest.fixture
def wrote(record, claim):
    """Notes what mini-batches wrote: index, attempt, and files by path."""
    ledger = Ledger(claim())

    def wrote(index: int, files: dict[str, str], attempt: str = "a") -> None:
        extras = []
        for path, text in files.items():
            staged = f"extras/{index}-{attempt}/{path}"
            record.staging.create(staged, text.encode())
            sha256 = hashlib.sha256(text.encode()).hexdigest()
            extras.append(ExtraFile(path, staged, len(text), sha256))
        outcome = Outcome(index, 1, 1, 0, 1, 0.1, extras=tuple(extras))
        ledger.add([Receipt(outcomes=(outcome,), part=None)])

    return wrote


def published(target) -> dict[str, str]:
    return {file.path: target.read(file.path).decode() for file in target.walk()}


def test_files_lie_beside_the_output_under_their_own_paths(wrote, publish, target):
    wrote(0, {"a.png": "A", "deep/er/b c.png": "B"})
    wrote(1, {"ü#.txt": "C"})

    assert publish() == []
    assert published(target) == {"a.png": "A", "deep/er/b c.png": "B", "ü#.txt": "C"}


def test_of_one_name_the_later_in_input_order_wins_with_a_warning(wrote, publish, target):
    wrote(7, {"log.txt": "seven"})
    wrote(2, {"log.txt": "two"})
    wrote(5, {"log.txt": "five"})

    (warning,) = publish()
    assert published(target) == {"log.txt": "seven"}
    assert "log.txt" in warning
    assert "3" in warning


def test_the_same_content_twice_is_no_warning(wrote, publish, target):
    wrote(0, {"labels.txt": "same"})
    wrote(1, {"labels.txt": "same"})

    assert publish() == []
    assert published(target) == {"labels.txt": "same"}


def test_of_a_mini_batch_that_was_scored_twice_the_first_outcome_counts(wrote, publish, target):
    wrote(0, {"a.txt": "first"}, "x")
    wrote(0, {"a.txt": "second", "b.txt": "second"}, "y")

    assert publish() == []
    assert published(target) == {"a.txt": "first"}


def test_publishing_can_be_repeated_after_a_kill(wrote, publish, target):
    wrote(0, {"a.txt": "A", "b.txt": "B"})
    wrote(1, {"c.txt": "C", "a.txt": "other A"})
    first = publish()

    assert publish() == first
    assert published(target) == {"a.txt": "other A", "b.txt": "B", "c.txt": "C"}


def test_publishing_goes_on_where_a_kill_ended_it(wrote, publish, target, record):
    wrote(0, {"a.txt": "A", "b.txt": "B"})
    target.put(Path(record.url("staging", "extras", "0-a", "a.txt")), "a.txt")
    publish()

    assert published(target) == {"a.txt": "A", "b.txt": "B"}


def test_a_strangers_file_is_left_as_it_is(wrote, publish, target):
    wrote(0, {"report.txt": "ours"})
    target.write("report.txt", b"a stranger's")

    with pytest.raises(OutputExistsError, match=r"report\.txt"):
        publish()
    assert published(target) == {"report.txt": "a stranger's"}


def test_a_strangers_folder_of_that_name_is_told(wrote, publish, target):
    wrote(0, {"report": "ours"})
    target.write("report/x", b"a stranger's")

    with pytest.raises(OutputExistsError, match="report"):
        publish()


def test_a_strangers_broken_link_of_that_name_is_told(wrote, publish, target):
    wrote(0, {"report": "ours"})
    target.local_path("").mkdir()
    target.local_path("report").symlink_to("nowhere")

    with pytest.raises(OutputExistsError, match="report"):
        publish()


def test_a_strangers_file_where_a_folder_is_needed_is_told_by_name(wrote, publish, target):
    wrote(0, {"plots/a.png": "ours"})
    target.write("plots", b"a stranger's")

    with pytest.raises(FrameworkError, match="plots"):
        publish()
    assert published(target) == {"plots": "a stranger's"}


def test_nothing_to_publish_makes_nothing(publish, target):
    assert publish() == []
    assert not os.path.exists(target.url)
