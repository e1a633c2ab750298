"""A bench for whole jobs: real files, a real script, and the real command line as a process."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import psutil
import pytest

import framework
from framework.jobs import SilentObserver
from framework.jobs.clock import now
from framework.jobs.journal import this_process
from framework.jobs.record import JobRecord
from framework.storage import open_store
from tests.servers.objects import ObjectServer, azurite, google, s3_server

HERE = Path(__file__).resolve().parent.parent
HANGS_S = 240.0
GONE_S = 40.0
_LOOK_S = 0.02

# No test asserts on time: a busy machine proves nothing. `too_slow` is the same by another name.
hypothesis.settings.register_profile(
    "no-clock", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("no-clock")

# Under nohup(1) it is ignored, and whatever the tests start would ignore it too.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
_MARKER = "BENCH_MARKER"

# What scripts on the bench import to tell what they do: one line, appended at once.
_NOTES = '''
import os


def note(*words):
    """Appends one line to the bench's log, whole or not at all."""
    descriptor = os.open(os.environ["BENCH_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    os.write(descriptor, ("\\t".join(map(str, words)) + "\\n").encode())
    os.close(descriptor)


def note_files(mini_batch):
    for file in mini_batch:
        note(os.path.basename(file))
'''


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str
    record: Path

    @property
    def summary(self) -> dict[str, Any]:
        return json.loads(self.out)

    @property
    def counts(self) -> dict[str, int]:
        return self.summary["counts"]

    @property
    def status(self) -> str:
        return self.summary["status"]

    @property
    def output(self) -> Path:
        return Path(self.summary["output"])

    @property
    def data(self) -> bytes:
        return self.output.read_bytes()

    @property
    def lines(self) -> list[str]:
        return self.data.decode().split("\n")[:-1]

    @property
    def errors(self) -> list[dict[str, Any]]:
        text = (self.record / "errors.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def check(self, code: int = 0) -> Ended:
        """Fails with everything that was said, if it did not exit with this code."""
        assert self.code == code, f"exited with {self.code}\n{self.out}\n{self.err}"
        return self


class Running:
    """A command that runs."""

    def __init__(self, process: subprocess.Popen[bytes], out: Path, err: Path, record: Path):
        self.process = process
        self.record = record
        self._out = out
        self._err = err

    @property
    def err(self) -> str:
        return self._err.read_text(encoding="utf-8", errors="replace")

    def wait_until(self, condition: Callable[[], bool]) -> bool:
        """Waits for a condition; false if the command ended without it."""
        deadline = time.monotonic() + HANGS_S
        while not condition():
            if self.process.poll() is not None:
                return condition()
            assert time.monotonic() < deadline, f"it hangs\n{self.err}"
            time.sleep(_LOOK_S)
        return True

    def wait_until_said(self, words: str) -> bool:
        return self.wait_until(lambda: words in self.err)

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, number)

    def kill(self) -> Ended:
        self.signal(signal.SIGKILL)
        return self.end()

    def end(self) -> Ended:
        try:
            code = self.process.wait(HANGS_S)
        except subprocess.TimeoutExpired:
            pytest.fail(f"it hangs\n{self.err}")
        out = self._out.read_text(encoding="utf-8", errors="replace")
        return Ended(code=code, out=out, err=self.err, record=self.record)


class Notices(SilentObserver):
    """Keeps what a job says to people."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def on_notice(self, text: str) -> None:
        self.texts.append(text)


class Bench:
    """A folder of files, a script, a workspace, and commands on them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.code = root / "code"
        self.data = root / "data"
        self.workspace = root / "workspace"
        # A socket's path may have about a hundred characters, and multiprocessing makes one there.
        self.tmp = Path(tempfile.mkdtemp(prefix="bench-"))
        self.log = root / "noted.txt"
        self._marker = uuid.uuid4().hex
        self._commands = 0
        self._said = root / "said"
        for folder in (self.code, self.data, self._said):
            folder.mkdir(parents=True)
        (self.code / "notes.py").write_text(_NOTES)

    def files(self, *names: str | int, content: str = "x\n") -> None:
        """Makes files by name; a number makes so many with ordered names."""
        for name in names:
            is_count = isinstance(name, int)
            for file in [f"f{place:05d}.txt" for place in range(name)] if is_count else [name]:
                path = self.data / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content)

    def script(self, source: str, name: str = "score.py") -> None:
        path = self.code / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source), encoding="utf-8")

    @property
    def noted(self) -> list[str]:
        """What the script has noted so far, of all runs."""
        return self.log.read_text().splitlines() if self.log.exists() else []

    def record(self, name: str = "job") -> Path:
        return self.workspace / "jobs" / name

    def ledgered(self, name: str = "job") -> dict[int, list[Any]]:
        """The mini-batches that the ledger holds, the first outcome of each."""
        found: dict[int, list[Any]] = {}
        for segment in sorted((self.record(name) / "ledger").glob("*.jsonl")):
            for line in segment.read_bytes().splitlines(keepends=True):
                entry = json.loads(line) if line.endswith(b"}\n") else {}
                for outcome in entry.get("receipt", {}).get("outcomes", []):
                    found.setdefault(outcome[0], outcome)
        return found

    def logs(self, name: str = "job") -> dict[str, str]:
        """The scorer processes' logs, by file name."""
        folder = self.record(name) / "logs"
        return {
            path.name: path.read_text(errors="replace") for path in folder.glob("instance-*.log")
        }

    @property
    def scratch(self) -> list[Path]:
        """What is left of our folders for temporary files."""
        return list(self.tmp.glob("dask-batch-endpoints-*"))

    def environment(self, **more: str) -> dict[str, str]:
        inherited = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        ours = {
            _MARKER: self._marker,
            "BENCH_LOG": str(self.log),
            "PYTHONPATH": str(HERE),
            "TMPDIR": str(self.tmp),
        }
        return {**inherited, **ours, **more}

    def run(
        self,
        *words: str,
        name: str = "job",
        env: Mapping[str, str] | None = None,
        program: Sequence[str] = ("-m", "framework"),
        **settings: Any,
    ) -> Running:
        """Starts any command of the command line."""
        self._commands += 1
        out = self._said / f"{self._commands}.out"
        err = self._said / f"{self._commands}.err"
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, *program, *words],
                cwd=self.root,
                env=self.environment(**(env or {})),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
                **settings,
            )
        return Running(process, out, err, self.record(name))

    def overrides(self, *overrides: str) -> list[str]:
        """What an ad-hoc deployment of the script needs, less what is overridden."""
        ours = {
            "code_configuration.code": str(self.code),
            "code_configuration.scoring_script": "score.py",
            "input": str(self.data),
            "workspace": str(self.workspace),
            "mini_batch_size": "1",
        }
        if not any(word.startswith("compute=") for word in overrides):
            ours["compute.params.dashboard"] = "false"
        given = {word.lstrip("+").partition("=")[0] for word in overrides}
        return [*(f"++{k}={v}" for k, v in ours.items() if k not in given), *overrides]

    def start(self, *overrides: str, name: str = "job", **settings: Any) -> Running:
        words = ["invoke", "--name", name, "-o", "json", *self.overrides(*overrides)]
        return self.run(*words, name=name, **settings)

    def invoke(self, *overrides: str, name: str = "job", **settings: Any) -> Ended:
        return self.start(*overrides, name=name, **settings).end()

    def call(self, *overrides: str, name: str = "job") -> Ended:
        """A job from Python, in this process: for tests of what comes out, not of how it is run."""
        with pytest.MonkeyPatch.context() as patch:
            for key, value in self.environment().items():
                patch.setenv(key, value)
            told = Notices()
            words = [*self.overrides(*overrides), f"name={name}"]
            job = framework.invoke(*words, observer=told).wait(HANGS_S)
        told.texts += [job.error.user_traceback or "", str(job.error)] if job.error else []
        return Ended(
            code={"Completed": 0, "Failed": 1}[job.status],
            out=json.dumps(job.summary()),
            err="\n".join(told.texts),
            record=self.record(name),
        )

    def start_resume(self, *overrides: str, name: str = "job", **settings: Any) -> Running:
        words = ["job", "resume", name, "--workspace", str(self.workspace), "-o", "json"]
        return self.run(*words, *overrides, name=name, **settings)

    def resume(self, *overrides: str, name: str = "job", **settings: Any) -> Ended:
        return self.start_resume(*overrides, name=name, **settings).end()

    def show(self, name: str = "job") -> dict[str, Any]:
        words = ["job", "show", name, "--workspace", str(self.workspace), "-o", "json"]
        return self.run(*words, name=name).end().check().summary

    def processes(self) -> list[psutil.Process]:
        """All processes that descend from this bench's commands, however they were started."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                is_zombie = process.status() == psutil.STATUS_ZOMBIE
                if not is_zombie and process.environ().get(_MARKER) == self._marker:
                    found.append(process)
        return found

    def survivors(self) -> list[str]:
        """The processes that are still there a few seconds later."""
        deadline = time.monotonic() + GONE_S
        while (alive := self.processes()) and time.monotonic() < deadline:
            time.sleep(_LOOK_S)
        told = []
        for process in alive:
            with contextlib.suppress(psutil.Error):
                told.append(f"{process.pid}: {process.cmdline()}")
        return told

    def close(self) -> None:
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()
        shutil.rmtree(self.tmp, ignore_errors=True)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A bench; no process of it may be left at the end."""
    ours = Bench(tmp_path / "bench")
    yield ours
    left = ours.survivors()
    ours.close()
    assert not left, f"processes are left: {left}"


@pytest.fixture
def benches(tmp_path: Path) -> Iterator[Callable[[str], Bench]]:
    """Makes several benches."""
    made: dict[str, Bench] = {}

    def make(name: str) -> Bench:
        return made.setdefault(name, Bench(tmp_path / name))

    yield make
    for each in made.values():
        left = each.survivors()
        each.close()
        assert not left, f"processes are left: {left}"


class Records:
    """Records of jobs that were never run, as drivers would have left them."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.store = open_store(str(workspace))

    def record(self, name: str) -> JobRecord:
        return JobRecord(self.store, name)

    def create(
        self,
        name: str,
        status: str = "Completed",
        *,
        created_at: str = "2026-01-02T03:04:05.678Z",
        tags: Mapping[str, str] | None = None,
        output_path: str | None = None,
        **summary: Any,
    ) -> JobRecord:
        """A job that this process drives, or has driven."""
        record = self.record(name)
        output = str(self.workspace / "outputs" / name / "predictions.csv")
        told = {
            "name": name,
            "status": "NotStarted",
            "endpoint": None,
            "deployment": None,
            "model": None,
            "input": "data/",
            "output": output,
            "counts": {"files": 3, "succeeded": 2, "failed": 1, "rows": 2, "tries": 4},
            "created_at": created_at,
        }
        record.create(
            {
                "name": name,
                "created_at": created_at,
                "creator": {**this_process(), "started_at": created_at},
                "document": {"tags": dict(tags or {}), "output": {"path": output_path}},
                "summary": told | summary,
            }
        )
        self.drive(name, status, **summary)
        return record

    def drive(self, name: str, status: str, *, pid: int | None = None, **summary: Any) -> None:
        """One more driver takes the job over, and says how it is."""
        record = self.record(name)
        epoch = record.epoch + 1
        claim = {**this_process(), "started_at": now()}
        if pid is not None:
            claim["pid"] = pid
        place = record.path("epochs", f"{epoch:06d}.json")
        self.store.create(place, json.dumps(claim).encode())
        self.say(name, status, **summary)

    def say(self, name: str, status: str, **summary: Any) -> None:
        """The newest driver says how it is."""
        record = self.record(name)
        record.write_summary(record.epoch, {"status": status, "updated_at": now(), **summary})


@pytest.fixture
def records(tmp_path: Path) -> Records:
    """A workspace of jobs that were never run."""
    return Records(tmp_path / "workspace")


@pytest.fixture(scope="session")
def dead_pid() -> int:
    """The number of a process that is gone."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.fixture(scope="session")
def s3() -> Iterator[ObjectServer]:
    """An S3 of the tests' own; `s3.new_bucket()` gives a URL and its storage options."""
    with s3_server() as server:
        yield server


@pytest.fixture(scope="session")
def azure() -> Iterator[ObjectServer]:
    """An Azure Blob Storage of the tests' own, where Azurite is installed."""
    with azurite() as server:
        yield server


@pytest.fixture(scope="session")
def gcs() -> Iterator[ObjectServer]:
    """A Google Cloud Storage of the tests' own, where fake-gcs-server is installed."""
    with google() as server:
        yield server
