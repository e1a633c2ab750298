"""Whole jobs in this process, with real scorer processes."""

from __future__ import annotations

import logging
import textwrap
import threading
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from framework.domain.states import JobStatus
from framework.errors import (
    ErrorThresholdExceededError,
    NothingSucceededError,
    OutputExistsError,
    StorageError,
    SupersededError,
    UsageError,
)
from framework.jobs import driver as driver_module
from framework.jobs.job import Job
from framework.jobs.journal import Journal
from framework.jobs.observing import SilentObserver
from framework.jobs.record import open_record
from framework.jobs.resuming import Wish, resume
from framework.jobs.starting import prepare, start
from framework.plugin import load_plugins
from framework.settings import Settings
from framework.settings.deployment import (
    CodeConfiguration,
    OutputAction,
    RetrySettings,
    ScorerChoice,
)
from framework.settings.job import Compute, Output
from framework.storage import open_store
from framework.storage.local import LocalStore

PATIENCE_S = 90.0
NOTING = """
import os, time
ROOT = {root!r}
def note(name):
    with open(os.path.join(ROOT, "noted"), "a") as file:
        file.write(name + "\\n")
"""
SCORE = """
def run(mini_batch):
    for file in mini_batch:
        note(os.path.basename(file))
    return [len(open(file).read()) for file in mini_batch]
"""


class Watcher(SilentObserver):
    def __init__(self) -> None:
        self.statuses: list[str] = []
        self.notices: list[str] = []

    def on_status(self, status: JobStatus) -> None:
        self.statuses.append(str(status))

    def on_notice(self, text: str) -> None:
        self.notices.append(text)


class Shop:
    """A folder of files, a script, a workspace, and jobs on them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.watcher = Watcher()
        self.plugins = load_plugins()
        for folder in ("data", "code"):
            (root / folder).mkdir()

    def files(self, count: int) -> None:
        for number in range(count):
            (self.root / "data" / f"{number:03d}.txt").write_text("x" * number)

    def settings(self, script: str = SCORE, **changes) -> Settings:
        text = NOTING.format(root=str(self.root)) + textwrap.dedent(script)
        (self.root / "code" / "score.py").write_text(text)
        return Settings(
            **{
                "name": "job",
                "input": (str(self.root / "data"),),
                "workspace": str(self.root / "workspace"),
                "code_configuration": CodeConfiguration(
                    code=str(self.root / "code"), scoring_script="score.py"
                ),
                "scorer": ScorerChoice(name="script"),
                "mini_batch_size": 2,
                "compute": Compute(params={"dashboard": False}),
                "retry_settings": RetrySettings(max_retries=2),
                **changes,
            }
        )

    def start(self, settings: Settings) -> Job:
        return start(prepare(settings, asdict(settings), self.plugins), self.watcher)

    def run(self, settings: Settings) -> Job:
        return self.start(settings).wait(PATIENCE_S)

    def resume(self, settings: Settings, *, accepts: bool = False) -> Job:
        job = resume(
            open_store(settings.workspace),
            settings.name,
            Wish(
                restore=lambda _: (settings, asdict(settings)),
                differences=lambda _was, _is: [],
                accepts_changes=accepts,
            ),
            self.plugins,
            self.watcher,
        )
        return job.wait(PATIENCE_S)

    @property
    def noted(self) -> list[str]:
        file = self.root / "noted"
        return file.read_text().splitlines() if file.exists() else []

    def record(self, name: str = "job"):
        return open_record(open_store(str(self.root / "workspace")), name)

    def expected(self, count: int) -> str:
        rows = [f"{number:03d}.txt,{number}" for number in range(count)]
        return "\n".join(["file,prediction", *rows]) + "\n"


@pytest.fixture
def shop(tmp_path) -> Shop:
    return Shop(tmp_path)


def wait_until(condition) -> None:
    waiting = threading.Event()
    for _ in range(int(PATIENCE_S * 100)):
        if condition():
            return
        waiting.wait(0.01)
    raise AssertionError("it has not happened")


def output(job: Job) -> str:
    return Path(job.output).read_text()


def test_a_job_runs_from_its_files_to_one_output(shop, caplog):
    caplog.set_level(logging.WARNING)
    shop.files(7)
    job = shop.run(shop.settings())

    assert job.error is None
    assert job.status == JobStatus.COMPLETED
    assert output(job) == shop.expected(7)
    assert job.counts == {"files": 7, "succeeded": 7, "failed": 0, "rows": 7, "tries": 4}
    assert shop.watcher.statuses == ["Preparing", "Running", "Finalizing", "Completed"]
    assert sorted(shop.noted) == [f"{number:03d}.txt" for number in range(7)]
    assert [record.getMessage() for record in caplog.records] == []


def test_a_job_whose_output_is_there_is_completed_though_tidying_up_fails(shop, monkeypatch):
    delete = LocalStore.delete

    def busy(store, path):
        if path.endswith("staging"):
            raise StorageError("device or resource busy")
        delete(store, path)

    monkeypatch.setattr(LocalStore, "delete", busy)
    shop.files(3)
    job = shop.run(shop.settings())

    assert (job.status, job.error) == (JobStatus.COMPLETED, None)
    assert output(job) == shop.expected(3)


def test_an_observer_that_fails_ends_neither_the_job_nor_its_heartbeat(shop):
    class Clumsy(SilentObserver):
        def on_status(self, status: JobStatus) -> None:
            raise ValueError(status)

        def on_progress(self, *_: object) -> None:
            raise ValueError("progress")

    shop.watcher = Clumsy()
    shop.files(3)
    job = shop.run(shop.settings())

    assert (job.status, job.error) == (JobStatus.COMPLETED, None)


def test_a_completed_job_leaves_its_record_and_no_staging(shop):
    shop.files(3)
    job = shop.run(shop.settings())

    assert sorted(path.name for path in Path(job.folder).iterdir()) == [
        "epochs",
        "inputs",
        "job.json",
        "ledger",
        "logs",
        "manifest.json",
        "report.html",
        "summaries",
    ]
    assert [path.name for path in Path(job.output).parent.iterdir()] == ["predictions.csv"]


def test_results_of_a_summary_only_job_are_counted(shop):
    shop.files(5)
    job = shop.run(shop.settings(output_action=OutputAction.SUMMARY_ONLY))

    assert (job.status, job.output) == (JobStatus.COMPLETED, None)
    assert job.counts["rows"] == job.counts["succeeded"] == 5


def test_failed_files_are_told_and_the_others_are_in_the_output(shop):
    shop.files(6)
    script = SCORE.replace("return", "1 / ('003' not in mini_batch[-1])\n    return")
    job = shop.run(shop.settings(script))

    assert job.status == JobStatus.COMPLETED
    assert (job.counts["succeeded"], job.counts["failed"]) == (5, 1)
    scored = ["000.txt,0", "001.txt,1", "002.txt,2", "004.txt,4", "005.txt,5"]
    assert output(job).splitlines()[1:] == scored
    failed = (Path(job.folder) / "failed_inputs.txt").read_text().splitlines()
    assert failed == [str(shop.root / "data" / "003.txt")]


def test_without_isolation_all_files_of_a_failing_mini_batch_fail(shop):
    shop.files(6)
    script = SCORE.replace("return", "1 / ('003' not in mini_batch[-1])\n    return")
    whole = RetrySettings(isolate_failures=False)
    job = shop.run(shop.settings(script, retry_settings=whole))

    assert (job.counts["succeeded"], job.counts["failed"]) == (4, 2)
    assert output(job).splitlines()[1:] == ["000.txt,0", "001.txt,1", "004.txt,4", "005.txt,5"]
    failed = (Path(job.folder) / "failed_inputs.txt").read_text().splitlines()
    assert failed == [str(shop.root / "data" / name) for name in ("002.txt", "003.txt")]


def test_a_job_in_which_nothing_succeeds_has_failed(shop):
    shop.files(3)
    job = shop.run(shop.settings("def run(mini_batch): raise ValueError('never')"))

    assert isinstance(job.error, NothingSucceededError)
    assert job.status == JobStatus.FAILED
    assert not Path(job.output).exists()
    assert "ValueError: never" in (Path(job.folder) / "errors.jsonl").read_text()


def test_more_failures_than_are_tolerated_end_the_job(shop):
    shop.files(10)
    script = "def run(mini_batch): raise ValueError('never')"
    job = shop.run(shop.settings(script, error_threshold=3))

    assert isinstance(job.error, ErrorThresholdExceededError)
    assert job.status == JobStatus.FAILED
    assert job.counts["failed"] >= 4


def test_a_script_that_can_not_be_loaded_fails_the_job_with_its_traceback(shop):
    shop.files(3)
    job = shop.run(shop.settings("def init():\n    raise KeyError('x')\ndef run(m): return m"))

    assert job.status == JobStatus.FAILED
    assert "KeyError: 'x'" in job.summary()["error"]
    assert "raise KeyError('x')" in job.error.user_traceback


def test_an_output_that_came_meanwhile_is_left_and_nothing_is_scored_again_elsewhere(shop):
    shop.files(4)
    waiting = "    while not os.path.exists(ROOT + '/gate'): time.sleep(0.01)\n    return"
    settings = shop.settings(SCORE.replace("    return", waiting))
    job = shop.start(settings)
    wait_until(lambda: shop.noted)
    rival = Path(job.output)
    rival.parent.mkdir(parents=True, exist_ok=True)
    rival.write_text("a rival's")
    (shop.root / "gate").touch()
    job.wait(PATIENCE_S)
    assert isinstance(job.error, OutputExistsError)
    assert (job.status, rival.read_text()) == (JobStatus.FAILED, "a rival's")

    noted = shop.noted
    elsewhere = replace(settings, output=Output(path=str(shop.root / "elsewhere")))
    again = shop.resume(elsewhere)
    assert again.status == JobStatus.COMPLETED
    assert (shop.root / "elsewhere" / "predictions.csv").read_text() == shop.expected(4)
    assert shop.noted == noted


@pytest.mark.parametrize("moment", ["before the intent", "before the link", "after the link"])
def test_a_crash_at_the_commit_costs_nothing(shop, monkeypatch, moment):
    shop.files(5)
    settings = shop.settings()

    def crash(target, intent, ledger, journal):
        if moment != "before the intent":
            ledger.add_intent(intent)
        if moment == "after the link":
            target.store.commit(intent.staged, target.file_name)
        raise RuntimeError("power cut")

    with monkeypatch.context() as crashing:
        crashing.setattr(driver_module, "commit", crash)
        job = shop.start(settings)
        with pytest.raises(RuntimeError, match="power cut"):
            job.wait(PATIENCE_S)
    assert job.status == JobStatus.FAILED

    noted = shop.noted
    again = shop.resume(settings)
    assert again.error is None
    assert again.status == JobStatus.COMPLETED
    assert output(again) == shop.expected(5)
    assert shop.noted == noted
    assert [path.name for path in Path(again.output).parent.iterdir()] == ["predictions.csv"]
    assert again.counts["files"] == again.counts["succeeded"] == 5


GATED = """
def run(mini_batch):
    for file in mini_batch:
        note(os.path.basename(file))
    if "010" in mini_batch[0]:
        while not os.path.exists(ROOT + "/gate"):
            time.sleep(0.01)
    return [len(open(file).read()) for file in mini_batch]
"""


def test_a_canceled_job_is_resumed_as_if_nothing_had_been(shop):
    shop.files(31)
    settings = shop.settings(GATED)
    job = shop.start(settings)
    wait_until(lambda: "010.txt" in shop.noted)
    job.cancel()
    job.wait(PATIENCE_S)
    assert job.status == JobStatus.CANCELED
    done = job.counts["succeeded"]
    assert not Path(job.output).exists()

    (shop.root / "gate").touch()
    again = shop.resume(settings)
    assert again.status == JobStatus.COMPLETED
    assert output(again) == shop.expected(31)
    assert again.counts["files"] == again.counts["succeeded"] == 31
    scored_twice = len(shop.noted) - 31
    assert scored_twice <= 31 - done


def test_a_job_that_another_driver_took_over_stops_without_a_word(shop):
    shop.files(31)
    job = shop.start(shop.settings(GATED))
    wait_until(lambda: "010.txt" in shop.noted)
    rival = Journal.claim(shop.record(), started_at="now")
    (shop.root / "gate").touch()
    job.wait(PATIENCE_S)
    rival.close()

    assert isinstance(job.error, SupersededError)
    assert "Failed" not in shop.watcher.statuses
    assert not list((shop.root / "workspace").glob("outputs/*/predictions.csv"))


def test_a_changed_model_or_plan_is_refused_by_a_resume(shop):
    shop.files(4)
    settings = shop.settings("def run(mini_batch): raise ValueError")
    shop.run(settings)

    with pytest.raises(UsageError, match="mini_batch_size"):
        shop.resume(replace(settings, mini_batch_size=3))
    with pytest.raises(UsageError, match="input"):
        shop.resume(replace(settings, input=(f"{settings.input[0]}/*.txt",)))


def test_a_resume_runs_the_code_that_was(shop):
    shop.files(4)
    hanging = "    if '002' in mini_batch[0]: time.sleep(1000)\n    return"
    patient = RetrySettings(max_retries=1, timeout=600)
    settings = shop.settings(SCORE.replace("    return", hanging), retry_settings=patient)
    job = shop.start(settings)
    wait_until(lambda: "002.txt" in shop.noted)
    job.cancel()
    job.wait(PATIENCE_S)
    shop.settings("def run(mini_batch): return ['new code' for _ in mini_batch]")
    short = replace(settings, retry_settings=RetrySettings(max_retries=1, timeout=0.2))
    again = shop.resume(short)

    assert output(again) == "file,prediction\n000.txt,0\n001.txt,1\n003.txt,3\n"
    assert (again.status, again.counts["failed"]) == (JobStatus.COMPLETED, 1)


def test_a_completed_job_is_not_run_again(shop):
    shop.files(3)
    settings = shop.settings()
    shop.run(settings)
    noted = shop.noted
    again = shop.resume(settings)

    assert again.status == JobStatus.COMPLETED
    assert shop.noted == noted


def test_what_scripts_write_lies_beside_the_output(shop):
    shop.files(4)
    script = """
    def run(mini_batch):
        folder = os.environ["AZUREML_BI_OUTPUT_PATH"]
        for file in mini_batch:
            with open(os.path.join(folder, os.path.basename(file) + ".plot"), "w") as plot:
                plot.write("plotted")
        return mini_batch
    """
    job = shop.run(shop.settings(script))

    names = sorted(path.name for path in Path(job.output).parent.iterdir())
    assert names == [f"{n:03d}.txt.plot" for n in range(4)] + ["predictions.csv"]


def test_rows_without_a_cell_do_not_upset_the_counts(shop):
    shop.files(3)
    job = shop.run(shop.settings("def run(mini_batch): return [{} for _ in mini_batch]"))

    assert job.status == JobStatus.COMPLETED
    assert job.counts["rows"] == 3
