from __future__ import annotations

import contextlib
import os
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from framework.domain.outcomes import FailureKind, Stage
from framework.engine.pool import PoolClosedError, ScorerPool
from framework.engine.work import PoolSpec, Ticket
from framework.errors import FrameworkError, ScorerInitError

PATIENCE_S = 60.0
ECHO = "def run(mini_batch): return [1 for _ in mini_batch]"
NOTING = """
import os, time
ROOT = {root!r}
def note(word, name="noted"):
    with open(os.path.join(ROOT, name), "a") as file:
        file.write(word + "\\n")
def name_of(mini_batch):
    return os.path.basename(mini_batch[0])
"""


@contextlib.contextmanager
def running(spec: PoolSpec) -> Iterator[ScorerPool]:
    pool = ScorerPool(spec, "instance-0")
    try:
        yield pool
    finally:
        pool.stop(0.0)


def wait_for(ticket: Ticket):
    assert ticket.wait(PATIENCE_S)
    return {scored.batch.index: scored for scored in ticket.results()}


def score(spec: PoolSpec, batches):
    """Scores mini-batches in a pool of their own; by index, what became of them."""
    with running(spec) as pool:
        return wait_for(pool.submit(batches))


def noting(site, script: str) -> str:
    return NOTING.format(root=str(site.root)) + script


def alive(pids: list[str]) -> list[str]:
    found = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(int(pid)).status() != psutil.STATUS_ZOMBIE:
                found.append(pid)
    return found


def test_every_mini_batch_is_scored_once_into_its_own_rows(site):
    script = noting(
        site,
        """
def run(mini_batch):
    note(name_of(mini_batch))
    return [os.path.basename(file) for file in mini_batch]
""",
    )
    done = score(site.spec(script, processes=2), site.batches(100))

    assert {index: scored.payload for index, scored in done.items()} == {
        index: f"{index}.txt,{index}.txt\n".encode() for index in range(100)
    }
    assert sorted(site.noted()) == sorted(f"{index}.txt" for index in range(100))
    assert {(scored.tries, scored.succeeded, scored.rows) for scored in done.values()} == {
        (1, 1, 1)
    }
    assert {scored.columns for scored in done.values()} == {(("file", ""), ("prediction", ""))}


def test_several_chunks_share_the_processes(site):
    with running(site.spec(ECHO, processes=2)) as pool:
        batches = site.batches(30)
        tickets = [pool.submit(batches[start : start + 10]) for start in (0, 10, 20)]
        found = [sorted(wait_for(ticket)) for ticket in tickets]

    assert found == [list(range(10)), list(range(10, 20)), list(range(20, 30))]


def test_columns_that_change_are_told_apart(site):
    script = """
def run(mini_batch):
    wide = "wide" in mini_batch[0]
    return [{"a": 1, "b": 2} if wide else {"a": 1} for _ in mini_batch]
"""
    names = ["1", "2", "wide3", "wide4", "5", "wide6"]
    batches = [site.batch(index, name) for index, name in enumerate(names)]
    done = score(site.spec(script), batches)

    assert [[name for name, _ in done[index].columns] for index in range(6)] == [
        ["a", "b"] if "wide" in name else ["a"] for name in names
    ]


def test_what_fails_is_tried_again_up_to_the_limit(site):
    script = noting(
        site,
        """
def run(mini_batch):
    note(name_of(mini_batch))
    if "bad" in mini_batch[0]:
        raise ValueError("always bad")
    return mini_batch
""",
    )
    spec = site.spec(script, isolates=False)
    done = score(spec, [site.batch(0, "good"), site.batch(1, "bad", "bad2")])

    assert (done[0].tries, done[0].succeeded, done[0].failures) == (1, 1, ())
    assert (done[1].tries, done[1].succeeded, done[1].payload) == (3, 0, b"")
    (failure,) = done[1].failures
    assert (failure.files, failure.count) == (("bad", "bad2"), 2)
    assert (failure.stage, failure.kind) == (Stage.SCORE, FailureKind.EXCEPTION)
    assert failure.message == "ValueError: always bad"
    assert "always bad" in failure.traceback
    assert (site.logs / failure.process_log).is_file()
    assert site.noted().count("bad") == 3


def test_what_fails_twice_and_then_not_has_succeeded(site):
    script = noting(
        site,
        """
def run(mini_batch):
    note(name_of(mini_batch))
    if open(os.path.join(ROOT, "noted")).read().count(name_of(mini_batch)) < 3:
        raise OSError("try again")
    return mini_batch
""",
    )
    done = score(site.spec(script), [site.batch(0, "shaky")])

    assert (done[0].tries, done[0].succeeded, done[0].failures) == (3, 1, ())


@pytest.mark.parametrize("max_tries", [0, 1])
def test_one_try_is_the_least_there_is(site, max_tries):
    script = noting(site, "def run(mini_batch):\n    note('x')\n    raise ValueError")
    done = score(site.spec(script, max_tries=max_tries), [site.batch(0)])

    assert done[0].tries == len(site.noted()) == 1


def test_a_crash_is_tried_in_a_fresh_process(site):
    script = noting(
        site,
        """
def init():
    note(str(os.getpid()), "pids")
def run(mini_batch):
    if "bad" in mini_batch[0]:
        os._exit(17)
    return mini_batch
""",
    )
    done = score(site.spec(script, max_tries=2), [site.batch(0, "bad"), site.batch(1, "good")])

    (failure,) = done[0].failures
    assert (failure.kind, done[0].tries) == (FailureKind.CRASH, 2)
    assert failure.message == "the scorer process ended: it exited with code 17"
    assert (done[1].succeeded, done[1].tries) == (1, 1)
    assert len(set(site.noted("pids"))) == 3


def test_a_hang_is_killed_at_its_timeout(site):
    script = noting(
        site,
        """
def init():
    note(str(os.getpid()), "pids")
def run(mini_batch):
    if "bad" in mini_batch[0]:
        time.sleep(1000)
    return mini_batch
""",
    )
    spec = site.spec(script, max_tries=2, timeout_s=0.4)
    done = score(spec, [site.batch(0, "bad"), site.batch(1, "good")])

    (failure,) = done[0].failures
    assert (failure.kind, done[0].tries) == (FailureKind.TIMEOUT, 2)
    assert "0.4 s" in failure.message
    assert "retry_settings.timeout" in failure.message
    assert done[1].succeeded == 1
    assert alive(site.noted("pids")) == []


def test_mini_batches_behind_a_crash_are_not_charged_for_it(site):
    script = noting(
        site,
        """
def run(mini_batch):
    if "bad" in mini_batch[0]:
        os._exit(1)
    return mini_batch
""",
    )
    batches = [site.batch(index, "bad" if index == 60 else str(index)) for index in range(200)]
    done = score(site.spec(script, max_tries=3), batches)

    assert len(done) == 200
    assert done[60].tries == 3
    assert {scored.tries for index, scored in done.items() if index != 60} == {1}
    assert all(scored.succeeded for index, scored in done.items() if index != 60)


def test_a_short_result_keeps_its_rows_and_is_not_tried_again(site):
    script = noting(
        site,
        """
def run(mini_batch):
    note("called")
    return [{"file": file, "x": 1} for file in mini_batch if "bad" not in file]
""",
    )
    done = score(site.spec(script), [site.batch(0, "a", "bad", "c")])

    assert (done[0].succeeded, done[0].rows, done[0].tries) == (2, 2, 1)
    (failure,) = done[0].failures
    assert (failure.files, failure.count, failure.kind) == (("bad",), 1, FailureKind.SHORT_RESULT)
    assert site.noted() == ["called"]


def test_what_scripts_write_is_staged_with_its_checksum(site):
    script = """
import os
def run(mini_batch):
    with open(os.path.join(os.environ["AZUREML_BI_OUTPUT_PATH"], "plot.txt"), "w") as file:
        file.write("plotted")
    if "bad" in mini_batch[0]:
        raise ValueError
    return mini_batch
"""
    done = score(site.spec(script), [site.batch(0, "good"), site.batch(1, "bad")])

    (extra,) = done[0].extras
    assert (extra.path, extra.size, done[1].extras) == ("plot.txt", 7, ())
    assert (site.staging / extra.staged).read_text() == "plotted"
    assert len([path for path in site.staging.rglob("*") if path.is_file()]) == 1


def test_rows_that_are_only_counted_travel_without_payload(site):
    spec = site.spec(ECHO, encoding=None)
    done = score(spec, [site.batch(0, "a", "b")])

    assert (done[0].rows, done[0].payload, done[0].columns) == (2, b"", ())


# --- broken scorers


def test_an_init_that_fails_is_everyones_error_with_its_traceback(site):
    script = "def init(): raise KeyError('model')\ndef run(mini_batch): return 1"
    with running(site.spec(script, processes=2)) as pool:
        with pytest.raises(ScorerInitError):
            pool.submit(site.batches(3)).wait(PATIENCE_S)
        with pytest.raises(ScorerInitError) as raised:
            pool.submit(site.batches(1))

    assert "KeyError: 'model'" in str(raised.value)
    assert "raise KeyError('model')" in raised.value.user_traceback


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("import os\nos._exit(3)", "exited with code 3"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
        ("import time\ntime.sleep(1000)", "within 0.5 s (retry_settings.init_timeout)"),
        ("import no_such_library", "No module named 'no_such_library'"),
        ("x = 1", "no function run(mini_batch)"),
        ("def run(mini_batch) return", "SyntaxError"),
    ],
)
def test_a_script_that_can_not_be_loaded_is_told(site, script, words):
    short = {"init_timeout_s": 0.5} if "sleep" in script else {}
    with pytest.raises(ScorerInitError) as raised:
        score(site.spec(script, **short), site.batches(1))

    assert words in str(raised.value)


def test_a_start_that_is_killed_once_is_tried_again(site):
    script = noting(
        site,
        """
import signal
note("start")
if len(open(os.path.join(ROOT, "noted")).readlines()) == 1:
    os.kill(os.getpid(), signal.SIGKILL)
def run(mini_batch):
    return mini_batch
""",
    )
    done = score(site.spec(script), site.batches(2))

    assert [done[index].succeeded for index in range(2)] == [1, 1]
    assert len(site.noted()) == 2


def test_code_that_is_not_there_is_told(site):
    spec = site.spec(ECHO)
    Path(spec.launch.code).unlink()

    with pytest.raises(FrameworkError) as raised:
        score(spec, site.batches(1))
    assert spec.launch.code in str(raised.value)


def test_code_that_is_no_archive_is_told(site):
    spec = site.spec(ECHO)
    Path(spec.launch.code).write_bytes(b"not a zip")

    with pytest.raises(FrameworkError, match="zip"):
        score(spec, site.batches(1))


def test_code_that_rots_in_its_archive_is_told(site):
    spec = site.spec(ECHO)
    archive = Path(spec.launch.code)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as snapshot:
        snapshot.writestr("score.py", "def run(mini_batch): return mini_batch\n" * 9)
    data = bytearray(archive.read_bytes())
    data[len("PK") + 28 + len("score.py")] ^= 0xFF  # the first byte that deflate reads
    archive.write_bytes(data)

    with pytest.raises(ScorerInitError, match="can't prepare"):
        score(spec, site.batches(1))


def test_a_log_folder_that_is_gone_is_told(site):
    spec = site.spec(ECHO)
    site.logs.rmdir()

    with pytest.raises(FrameworkError) as raised:
        score(spec, site.batches(1))
    assert str(site.logs) in str(raised.value)


# --- ends

GATED = """
def init():
    note(str(os.getpid()), "pids")
def run(mini_batch):
    if "slow" in mini_batch[0]:
        note("at it")
        while not os.path.exists(os.path.join(ROOT, "gate")):
            time.sleep(0.01)
    return mini_batch
def shutdown():
    note("goodbye")
"""


def test_stopping_gives_what_is_finished(site, wait_until):
    with running(site.spec(noting(site, GATED))) as pool:
        ticket = pool.submit([site.batch(0), site.batch(1, "slow"), site.batch(2)])
        wait_until(lambda: "at it" in site.noted())
        pool.stop(0.0)

        assert sorted(wait_for(ticket)) == [0]
    assert alive(site.noted("pids")) == []


def test_what_runs_may_end_within_the_grace(site, wait_until):
    with running(site.spec(noting(site, GATED))) as pool:
        ticket = pool.submit([site.batch(0, "slow"), site.batch(1)])
        wait_until(lambda: "at it" in site.noted())
        stopper = threading.Thread(target=pool.stop, args=(PATIENCE_S,))
        stopper.start()
        wait_until(lambda: pool.queue.is_closed)
        (site.root / "gate").touch()
        stopper.join(PATIENCE_S)

        assert sorted(wait_for(ticket)) == [0]
    assert "goodbye" in site.noted()


def test_a_stopped_pool_takes_nothing_more(site):
    with running(site.spec(ECHO)) as pool:
        pool.stop(0.0)

        with pytest.raises(PoolClosedError):
            pool.submit(site.batches(1))


def test_stopping_leaves_no_process_and_no_scratch(site, monkeypatch, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    with running(site.spec(noting(site, GATED), processes=2)) as pool:
        wait_for(pool.submit(site.batches(5)))
        assert os.listdir(scratch) != []
        pool.stop(PATIENCE_S)

    assert os.listdir(scratch) == []
    assert alive(site.noted("pids")) == []


def test_a_pool_that_is_stopped_at_once_does_not_wait_for_a_long_loading(site, wait_until):
    script = noting(site, "note(str(os.getpid()), 'pids')\ntime.sleep(1000)")
    for _ in range(5):
        pool = ScorerPool(site.spec(script), "instance-0")
        stopper = threading.Thread(target=pool.stop, args=(0.0,))
        stopper.start()
        stopper.join(PATIENCE_S / 2)
        assert not stopper.is_alive()
    assert alive(site.noted("pids")) == []


def test_a_chunk_that_waits_for_loading_ends_with_the_pool(site):
    with running(site.spec("import time\ntime.sleep(1000)")) as pool:
        ticket = pool.submit(site.batches(2))
        pool.stop(0.0)

        assert wait_for(ticket) == {}


def test_withdrawn_mini_batches_are_not_scored(site, wait_until):
    with running(site.spec(noting(site, GATED))) as pool:
        ticket = pool.submit([site.batch(0, "slow"), site.batch(1), site.batch(2)])
        wait_until(lambda: "at it" in site.noted())
        pool.withdraw(ticket)
        (site.root / "gate").touch()

        assert sorted(wait_for(ticket)) == [0]


def test_two_pools_side_by_side_have_their_own_processes(site):
    with (
        running(site.spec("def run(mini_batch): return ['a']", key="a-1")) as one,
        running(site.spec("def run(mini_batch): return ['b']", key="b-1")) as other,
    ):
        first, second = one.submit(site.batches(3)), other.submit(site.batches(3))

        assert {scored.payload[-2:] for scored in wait_for(first).values()} == {b"a\n"}
        assert {scored.payload[-2:] for scored in wait_for(second).values()} == {b"b\n"}


def test_a_process_that_died_while_idle_is_no_mini_batchs_fault(site, wait_until):
    script = noting(
        site,
        "def init(): note(str(os.getpid()), 'pids')\ndef run(mini_batch): return mini_batch",
    )
    with running(site.spec(script, max_tries=1)) as pool:
        wait_for(pool.submit(site.batches(1)))
        pid = int(site.noted("pids")[0])
        os.kill(pid, 9)
        wait_until(lambda: not alive([str(pid)]))
        done = wait_for(pool.submit([site.batch(1)]))

    assert (done[1].succeeded, done[1].tries) == (1, 1)


def test_all_who_wait_hear_that_the_scorer_can_not_be_loaded(site):
    script = noting(
        site,
        """
def init():
    while not os.path.exists(os.path.join(ROOT, "gate")):
        time.sleep(0.01)
    raise KeyError("model")
def run(mini_batch):
    return mini_batch
""",
    )
    with running(site.spec(script, processes=2)) as pool:
        tickets = [pool.submit(site.batches(2)) for _ in range(3)]
        (site.root / "gate").touch()
        for ticket in tickets:
            with pytest.raises(ScorerInitError, match="KeyError"):
                ticket.wait(PATIENCE_S)
