from __future__ import annotations

import pytest

from framework.domain.limits import Limits
from framework.domain.outcomes import CallLimit, FailureKind, Stage
from framework.engine.pool import ScorerPool
from framework.outputs.parquet import ParquetFormat

PATIENCE_S = 60.0
SCRIPT = """
import os, time
ROOT = {root!r}
def note(word):
    with open(os.path.join(ROOT, "noted"), "a") as file:
        file.write(word + "\\n")
def run(mini_batch):
    names = [os.path.basename(file) for file in mini_batch]
    note(" ".join(names))
    {body}
    return names
"""
RAISES = "if any('bad' in name for name in names): raise ValueError('bad')"
TOO_MANY = "if len(names) > {0}: raise MemoryError"


@pytest.fixture
def scored(site):
    """Scores mini-batches of these files in a pool, and returns it with what became of them."""

    def score(body, *batches, limits=None, **options):
        spec = site.spec(SCRIPT.format(root=str(site.root), body=body), **options)
        for name in (name for names in batches for name in names if name != "gone"):
            (site.data / name).write_text("x")
        pool = ScorerPool(spec, "instance-0")
        try:
            ticket = pool.submit(
                [site.batch(index, *names) for index, names in enumerate(batches)], limits
            )
            assert ticket.wait(PATIENCE_S)
            found = ticket.results()
            return pool, ticket, found
        finally:
            pool.stop(0.0)

    return score


def rows(scored):
    return [line.split(",")[0] for line in scored.payload.decode().splitlines()]


def test_the_rows_of_the_good_files_are_one_block_in_input_order(site, scored):
    names = ["a", "b", "bad1", "c", "d", "e", "bad2", "f"]
    _, _, (found,) = scored(RAISES, names, max_tries=1)

    assert rows(found) == ["a", "b", "c", "d", "e", "f"]
    assert (found.succeeded, found.rows, found.blocks) == (6, 6, ())
    assert [failure.files for failure in found.failures] == [("bad1", "bad2")]
    assert found.tries == len(site.noted())
    assert {failure.tries for failure in found.failures} == {4}
    assert found.isolated_s > 0


def test_neighbours_that_failed_alike_are_told_once(scored):
    _, _, (found,) = scored(RAISES, ["bad1", "bad2", "bad3", "bad4"], max_tries=1)
    (failure,) = found.failures
    assert (failure.files, failure.count) == (("bad1", "bad2", "bad3", "bad4"), 4)
    assert (found.succeeded, found.payload, found.columns) == (0, b"", ())


def test_blocks_with_columns_of_their_own_are_kept_apart(scored):
    body = RAISES + "\n    return [{'a': 1, **({'b': 2} if 'x' in name else {})} for name in names]"
    _, _, (found,) = scored(body, ["1", "2", "3x", "bad"], max_tries=1)
    assert [(block.rows, [name for name, _ in block.columns]) for block in found.blocks] == [
        (2, ["a"]),
        (1, ["a", "b"]),
    ]
    assert sum(block.length for block in found.blocks) == len(found.payload)

    parquet = ParquetFormat()
    _, _, (found,) = scored(
        RAISES,
        ["1", "2", "3", "bad"],
        max_tries=1,
        output_format=parquet,
        encoding=parquet.child_encoding,
    )
    assert [block.rows for block in found.blocks] == [2, 1]  # each is a stream of its own


def test_results_that_are_only_counted_are_isolated_too(scored):
    _, _, (found,) = scored(
        RAISES, ["a", "bad", "c"], max_tries=1, output_format=None, encoding=None
    )
    assert (found.succeeded, found.rows, found.columns) == (2, 2, ())


def test_a_mini_batch_too_large_for_memory_is_halved_and_the_next_ones_shrink(site, scored):
    batches = [[f"{index}-{place}" for place in range(8)] for index in range(3)]
    pool, _, found = scored(TOO_MANY.format(2), *batches)

    assert [each.succeeded for each in found] == [8, 8, 8]
    assert [rows(each) for each in found] == batches
    sizes = [len(line.split()) for line in site.noted()]
    assert max(sizes) == 8
    assert sizes[-8:] == [2] * 8
    assert pool.recovery.news() == (CallLimit(2, 4), ())
    assert pool.recovery.news() == (None, ())


def test_what_another_instance_has_learnt_of_memory_holds_here(site, scored):
    limits = Limits(call_files=3)
    _, _, (found,) = scored(TOO_MANY.format(3), list("abcdefgh"), limits=limits)
    assert found.succeeded == 8
    assert [line.split() for line in site.noted()] == [list("ab"), list("cde"), list("fgh")]


def test_one_file_that_is_too_large_shrinks_no_other_mini_batch(site, scored):
    body = "if 'bad' in names: raise MemoryError"
    pool, _, found = scored(body, ["a", "bad", "b", "c"], list("defg"), max_tries=1)
    assert [failure.kind for failure in found[0].failures] == [FailureKind.MEMORY]
    assert pool.recovery.allowance.call_files is None
    assert "d e f g" in site.noted()


def test_without_isolation_one_bad_file_fails_all_even_where_memory_took_them_apart(scored):
    body = TOO_MANY.format(2) + "\n    " + RAISES
    _, _, (found,) = scored(body, ["a", "b", "c", "bad"], max_tries=1, isolates=False)
    (failure,) = found.failures
    assert failure.files == ("a", "b", "c", "bad")
    assert (found.succeeded, found.rows, found.payload) == (0, 0, b"")


def test_a_process_over_its_limit_is_killed_for_memory_by_name(scored):
    body = "held = bytearray(300 << 20) if 'bad' in names else 0; held and time.sleep(60)"
    _, _, (found,) = scored(body, ["a", "bad"], max_tries=1, memory_limit=150 << 20)
    (failure,) = found.failures
    assert (failure.files, failure.kind) == (("bad",), FailureKind.MEMORY)
    assert "more than resources.memory_limit (150 MiB)" in failure.message


def test_what_an_earlier_call_has_left_in_memory_is_blamed_on_no_file(scored):
    body = "globals().setdefault('held', []).append(bytearray(40 << 20)); time.sleep(0.3)"
    batches = [[f"{index}"] for index in range(6)]
    _, _, found = scored(body, *batches, max_tries=1, memory_limit=150 << 20)
    assert [each.succeeded for each in found] == [1] * 6


def test_when_the_budget_is_used_up_the_rest_fails_together_and_it_is_said_once(site, scored):
    batches = [["a", "bad"], ["b", "bad"]]
    pool, _, found = scored(RAISES, *batches, max_tries=1, isolation_budget_s=0.0)
    assert [each.succeeded for each in found] == [0, 0]
    assert all("isolation_budget is used up" in each.failures[0].message for each in found)
    _, notices = pool.recovery.news()
    assert len(notices) == 1
    assert "retry_settings.isolation_budget (0 s) is used up" in notices[0]
    assert len(site.noted()) == 2


def test_in_the_middle_of_isolation_what_is_known_to_be_good_is_kept(scored):
    body = "time.sleep(0.2)\n    " + RAISES
    names = ["a", "b", "c", "d", "e", "f", "g", "bad"]
    _, _, (found,) = scored(body, names, max_tries=1, isolation_budget_s=0.5)
    assert rows(found)[:4] == ["a", "b", "c", "d"]
    assert found.succeeded + sum(failure.count for failure in found.failures) == 8
    assert "bad" in found.failures[-1].files
    assert "used up" in found.failures[-1].message


def test_too_many_failures_end_the_waiting_and_tell_what_is_known(scored):
    names = ["bad1", *"abcdefg", "bad2"]
    body = "time.sleep(0.3)\n    " + RAISES
    _, ticket, found = scored(body, names, max_tries=1, limits=Limits(tolerated=0))
    assert found == []
    (stopped,) = ticket.stopped()
    assert (stopped.index, stopped.files > 0, stopped.succeeded) == (0, True, 0)
    assert stopped.failures[0].files in {("bad1",), ("bad2",)}


def test_a_short_result_is_taken_apart_only_if_asked_to(site, scored):
    body = "names = [len(name) for name in names if 'bad' not in name]"
    _, _, (found,) = scored(body, ["a", "bad", "c"])
    (failure,) = found.failures
    assert (found.succeeded, failure.files, failure.count, found.tries) == (2, (), 1, 1)

    _, _, (found,) = scored(body, ["a", "bad", "c"], isolates_short=True)
    (failure,) = found.failures
    assert (found.succeeded, failure.files, found.tries) == (2, ("bad",), 4)
    assert failure.kind is FailureKind.SHORT_RESULT
    assert found.rows == 2


def test_a_file_that_is_gone_fails_by_itself(site, scored):
    body = "[open(file).close() for file in mini_batch]"
    _, _, (found,) = scored(body, ["a", "b", "gone", "c", "d"], max_tries=1)
    (failure,) = found.failures
    assert (failure.files, failure.stage, failure.kind) == (
        ("gone",),
        Stage.FETCH,
        FailureKind.FETCH,
    )
    assert rows(found) == ["a", "b", "c", "d"]
    assert found.tries == 2


def test_what_failed_tries_wrote_is_thrown_away_and_what_good_ones_wrote_is_kept(site, scored):
    body = (
        "[open(os.path.join(os.environ['AZUREML_BI_OUTPUT_PATH'], n), 'w').close() for n in names]"
        "\n    " + RAISES
    )
    _, _, (found,) = scored(body, ["a", "b", "bad", "c"], max_tries=2)
    assert [extra.path for extra in found.extras] == ["a", "b", "c"]
    assert all((site.staging / extra.staged).is_file() for extra in found.extras)


def test_two_processes_share_the_isolation_of_one_mini_batch(site, scored):
    body = "note('pid ' + str(os.getpid())); time.sleep(0.05)\n    " + RAISES
    names = [f"bad{place}" for place in range(20)]
    scored(body, names, max_tries=1, processes=2)
    pids = [line for line in site.noted() if line.startswith("pid ")]
    assert min(pids.count(pid) for pid in set(pids)) > 3
    assert len(set(pids)) == 2


def test_files_that_can_not_be_fetched_fail_by_themselves(site):
    import fsspec

    memory = fsspec.filesystem("memory")
    for name in ("a", "c", "d"):
        memory.pipe_file(f"/recovery/{name}", b"x")
    body = RAISES.replace("bad", "d")
    script = SCRIPT.format(root=str(site.root), body=body)
    pool = ScorerPool(site.spec(script, max_tries=1, input_root="memory://recovery"), "instance-0")
    try:
        batches = [site.batch(0, "a", "gone", "c", "d"), site.batch(1, "gone", "lost")]
        ticket = pool.submit(batches)
        assert ticket.wait(PATIENCE_S)
        some, none = ticket.results()
    finally:
        pool.stop(0.0)
        memory.rm("/recovery", recursive=True)

    assert rows(some) == ["a", "c"]
    assert [(failure.files, failure.kind) for failure in some.failures] == [
        (("gone",), FailureKind.FETCH),
        (("d",), FailureKind.EXCEPTION),
    ]
    assert none.succeeded == 0
    assert {failure.stage for failure in none.failures} == {Stage.FETCH}
    assert sum(failure.count for failure in none.failures) == 2
