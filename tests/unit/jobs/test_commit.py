from __future__ import annotations

import hashlib
import os
import threading

import pytest

from framework.errors import OutputExistsError, SupersededError
from framework.jobs.commit import Target, clear_staged, commit, committed, token
from framework.jobs.ledger import Intent, Ledger
from framework.jobs.record import open_record
from framework.storage import open_store

NAME = "predictions.csv"


@pytest.fixture
def target(tmp_path) -> Target:
    return Target(store=open_store(str(tmp_path / "out")), file_name=NAME)


def stage(target: Target, mark: str = "mine", data: bytes = b"rows") -> Intent:
    with target.store.stage(target.file_name, mark) as staged:
        staged.stream.write(data)
    return Intent(
        final=target.url,
        identity=target.store.identity(staged.path),
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        rows=1,
        staged=staged.path,
    )


def below(target: Target) -> list[str]:
    return sorted(os.listdir(target.store.url))


def read(target: Target) -> bytes:
    return target.store.read(NAME)


def test_an_output_is_published_whole_and_nothing_else_is_left(claim, target):
    journal = claim()
    intent = stage(target)

    assert commit(target, intent, Ledger(journal), journal) == intent
    assert below(target) == [NAME]
    assert read(target) == b"rows"


def test_before_the_commit_there_is_only_an_intent(claim, target):
    """A kill right before the link: the next driver has to publish its own."""
    Ledger(claim()).add_intent(stage(target))

    assert committed(target, Ledger(claim())) is None


def test_a_kill_right_after_the_link_is_found_to_be_a_commit(claim, target):
    intent = stage(target)
    Ledger(claim()).add_intent(intent)
    target.store.commit(intent.staged, NAME)

    assert committed(target, Ledger(claim())) == intent


def test_a_kill_between_link_and_unlink_is_found_to_be_a_commit(claim, target):
    intent = stage(target)
    Ledger(claim()).add_intent(intent)
    os.link(target.store.local_path(intent.staged), target.store.local_path(NAME))

    assert committed(target, Ledger(claim())) == intent


def test_a_driver_that_was_told_nothing_of_its_success_takes_it_for_its_own(claim, target):
    """The link was made, and the reply lost: the commit is tried again."""
    journal = claim()
    ledger = Ledger(journal)
    intent = stage(target)
    os.link(target.store.local_path(intent.staged), target.store.local_path(NAME))

    assert commit(target, intent, ledger, journal) == intent
    assert below(target) == [NAME]


def test_a_rivals_output_is_left_as_it_is(claim, target):
    target.store.create(NAME, b"a rival's")
    journal = claim()

    with pytest.raises(OutputExistsError) as raised:
        commit(target, stage(target), Ledger(journal), journal)
    assert raised.value.exit_code == 3
    assert target.url in str(raised.value)
    assert read(target) == b"a rival's"


def test_a_rivals_output_is_found_before_any_work(claim, target):
    target.store.create(NAME, b"a rival's")

    with pytest.raises(OutputExistsError):
        committed(target, Ledger(claim()))
    with pytest.raises(OutputExistsError):
        target.check_free()


def test_a_rivals_output_with_the_inode_of_one_that_was_deleted_is_still_a_rivals(claim, target):
    intent = stage(target)
    Ledger(claim()).add_intent(intent)
    target.store.commit(intent.staged, NAME)
    target.store.local_path(NAME).write_bytes(b"else")  # same inode, same length

    with pytest.raises(OutputExistsError):
        committed(target, Ledger(claim()))


def test_what_an_earlier_driver_of_the_job_published_is_ours(claim, target):
    intent = stage(target, "first")
    Ledger(claim()).add_intent(intent)
    target.store.commit(intent.staged, NAME)
    journal = claim()

    assert commit(target, stage(target, "second"), Ledger(journal), journal) == intent
    assert below(target) == [NAME]


def test_an_intent_for_another_place_is_none_for_this_one(claim, tmp_path, target):
    other = Target(store=open_store(str(tmp_path / "elsewhere")), file_name=NAME)
    intent = stage(target)
    Ledger(claim()).add_intent(intent)
    target.store.commit(intent.staged, NAME)

    assert committed(other, Ledger(claim())) is None


def test_a_driver_that_was_succeeded_publishes_nothing(claim, target):
    stale = claim()
    ledger = Ledger(stale)
    intent = stage(target)
    claim()

    with pytest.raises(SupersededError):
        commit(target, intent, ledger, stale)
    assert NAME not in below(target)


def test_a_folder_under_the_outputs_name_is_a_rival_too(claim, target):
    target.store.local_path(NAME).mkdir(parents=True)
    journal = claim()

    with pytest.raises(OutputExistsError):
        target.check_free()
    with pytest.raises(OutputExistsError):
        commit(target, stage(target), Ledger(journal), journal)


def test_a_broken_link_under_the_outputs_name_is_a_rival_too(claim, target):
    target.store.local_path("").mkdir()
    target.store.local_path(NAME).symlink_to("nowhere")
    journal = claim()

    with pytest.raises(OutputExistsError):
        target.check_free()
    with pytest.raises(OutputExistsError):
        commit(target, stage(target), Ledger(journal), journal)


@pytest.mark.parametrize("attempt", range(10))
def test_of_two_jobs_that_race_for_one_name_one_wins(tmp_path, target, attempt):
    from framework.jobs.journal import Journal

    barrier, got = threading.Barrier(2), {}

    def run(job: str) -> None:
        journal = Journal.claim(open_record(open_store(str(tmp_path / "w")), job), started_at="now")
        intent = stage(target, job, job.encode())
        barrier.wait()
        try:
            got[job] = commit(target, intent, Ledger(journal), journal)
        except OutputExistsError as error:
            got[job] = error
        journal.close()

    threads = [threading.Thread(target=run, args=(job,)) for job in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    winners = [job for job, result in got.items() if isinstance(result, Intent)]
    assert len(winners) == 1
    assert read(target) == winners[0].encode()
    assert below(target) == [NAME]


def test_what_dead_drivers_staged_is_cleared_away_but_not_what_others_did(record, target):
    for epoch in (1, 2, 3):
        stage(target, token(record, epoch))
    other = open_record(record.workspace, "other-job")
    stage(target, token(other, 1))
    clear_staged(target, record, 3)

    left = below(target)
    assert len(left) == 2
    assert [token(record, 3) in name or token(other, 1) in name for name in left] == [True, True]


def test_clearing_where_nothing_was_ever_staged_does_no_harm(record, target):
    clear_staged(target, record, 5)
