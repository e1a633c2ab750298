"""Anything is killed at any time, again and again: the output is that of an undisturbed job.

Each seed is a job on a Dask cluster of separate processes. Kills fall on its driver, a worker, the
scheduler or a scorer process, at moments drawn from the seed; what died is started again, and the
job is resumed until it is Completed.

    CHAOS_SEEDS=0:100 CHAOS_FILES=2000 python -m pytest tests/faults/test_chaos.py --timeout=0 -s
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
from collections import Counter

import psutil
import pytest

from framework.domain.chunks import BUDGET_S
from framework.scoring.launch import RUNNER
from tests.servers.cluster import cluster

FIRST, _, LAST = os.environ.get("CHAOS_SEEDS", "0:10").partition(":")
SEEDS = range(int(FIRST), int(LAST))
FILES = int(os.environ.get("CHAOS_FILES", "600"))
WORKERS = 2
IN_FLIGHT = 2
BATCH = 10
SLEEP_S = 0.02
BAD = 7
MOST_KILLS = 4
MOST_RUNS = MOST_KILLS + 2
WHILE_SCORING = 0.75
SCORING_S = FILES / BATCH * SLEEP_S / WORKERS
STARTING_S = 4.0
TARGETS = ("driver", "worker", "scheduler", "scorer")
GONE_S = 10.0
LOOK_S = 0.02

SCRIPT = f"""
    import hashlib, os, time
    from notes import note
    def run(mini_batch):
        names = [os.path.basename(file) for file in mini_batch]
        note(os.environ["CHAOS_JOB"], *names)
        time.sleep({SLEEP_S})
        if "f{BAD:05d}.txt" in names:
            raise ValueError("bad")
        return [hashlib.sha256(name.encode()).hexdigest() for name in names]
"""


class Chaos:
    """One job, and what is done to it."""

    def __init__(self, bench, machines, seed: int) -> None:
        self.bench = bench
        self.machines = machines
        self.name = f"seed-{seed}" if seed >= 0 else "undisturbed"
        self.random = random.Random(seed)
        self.kills: list[str] = []
        self.again = 0
        self.quiet: tuple[int, set[int]] | None = None

    def run(self):
        """Runs the job until it is Completed; returns its last command."""
        planned = [self.random.choice(TARGETS) for _ in range(self.random.randint(1, MOST_KILLS))]
        for _ in range(MOST_RUNS):
            running = self._start()
            while planned and self._comes_to_a_moment(running):
                self._kill(planned.pop(), running)
            ended = running.end()
            if ended.code == 0:
                self._count_again()
                return ended
            assert ended.code in {1, -signal.SIGKILL}, f"{self.told}\n{ended.err}"
            assert "Traceback" not in ended.err, f"{self.told}\n{ended.err}"
            self._look_between()
        pytest.fail(f"{self.told}: not Completed after {MOST_RUNS} runs\n{ended.err}")

    @property
    def told(self) -> str:
        return f"{self.name}, killed: {', '.join(self.kills) or 'nothing'}"

    def _start(self):
        self._mend()
        if self.bench.record(self.name).joinpath("job.json").exists():
            return self.bench.start_resume(name=self.name)
        return self.bench.run(*self.words, name=self.name)

    @property
    def words(self) -> list[str]:
        settings = {
            "code_configuration.code": self.bench.code,
            "code_configuration.scoring_script": "score.py",
            "input": self.bench.data,
            "workspace": self.bench.workspace,
            "mini_batch_size": BATCH,
            "resources.instance_count": WORKERS,
            "retry_settings.max_retries": 1,
            "+environment_variables.CHAOS_JOB": self.name,
        }
        overrides = [f"{key}={value}" for key, value in settings.items()]
        words = ["invoke", "--name", self.name, "-o", "json"]
        return [*words, *overrides, *self.machines.overrides]

    def _mend(self) -> None:
        """Starts again what is dead; workers go with their scheduler, in their own time."""
        machines = self.machines
        if machines.scheduler.process.poll() is not None:
            machines.start_scheduler()
            missing = WORKERS
        else:
            missing = WORKERS - len(self._alive())
        for _ in range(missing):
            machines.add_worker()

    def _alive(self):
        return [each for each in self.machines.workers if each.process.poll() is None]

    def _comes_to_a_moment(self, running) -> bool:
        """Waits for a random time, mostly while files are scored; false if the driver has ended."""
        if self.random.random() < WHILE_SCORING:
            seen = len(self._scored())
            running.wait_until(lambda: len(self._scored()) > seen)
            seconds = self.random.uniform(0.0, SCORING_S)
        else:
            seconds = self.random.uniform(0.0, STARTING_S)
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.process.wait(seconds)
        return running.process.poll() is None

    def _kill(self, target: str, running) -> None:
        self.kills.append(target)
        if target == "driver":
            running.signal(signal.SIGKILL)
        elif target == "scorer":
            if scorers := self._scorers():
                with contextlib.suppress(psutil.NoSuchProcess):
                    self.random.choice(scorers).kill()
        elif target == "worker":
            if workers := self._alive():
                self.random.choice(workers).kill()
            self._mend()
        else:
            self.machines.scheduler.kill()

    def _scorers(self) -> list[psutil.Process]:
        found = []
        for process in self.machines.processes():
            with contextlib.suppress(psutil.Error):
                if str(RUNNER) in process.cmdline():
                    found.append(process)
        return found

    def _look_between(self) -> None:
        """After half of the ends all is quiet first: what the ledger holds by then is done."""
        if self.random.random() < 0.5:
            return
        deadline = time.monotonic() + GONE_S
        while left := self._scorers():
            assert time.monotonic() < deadline, f"{self.told}: {left} are left"
            time.sleep(LOOK_S)
        done = set(self.bench.ledgered(self.name))
        self.quiet = (len(self._scored()), done)

    def _scored(self) -> list[int]:
        """The mini-batches that were scored as a whole, one after the other."""
        return [int(names[0][1:6]) // BATCH for names in self._calls() if len(names) == BATCH]

    def _calls(self) -> list[list[str]]:
        """The files of each scoring call so far."""
        lines = (line.split("\t") for line in self.bench.noted)
        return [names for job, *names in lines if job == self.name]

    def _count_again(self) -> None:
        scored = self._scored()
        if self.quiet is not None:
            seen, done = self.quiet
            repeated = done.intersection(scored[seen:])
            assert not repeated, f"{self.told}: {repeated} were in the ledger, and scored again"
        assert len({name for names in self._calls() for name in names}) == FILES, self.told
        self.again = len(scored) - len(set(scored))


@pytest.mark.slow
@pytest.mark.timeout(120 * len(SEEDS))
def test_whatever_is_killed_the_output_is_that_of_an_undisturbed_job(bench):
    bench.files(FILES)
    bench.script(SCRIPT)
    with cluster(WORKERS, env=bench.environment()) as machines:
        undisturbed = bench.run(*Chaos(bench, machines, -1).words, name="undisturbed").end().check()
        kills: Counter[str] = Counter()
        for seed in SEEDS:
            chaos = Chaos(bench, machines, seed)
            ended = chaos.run()
            print(f"{chaos.told}; {chaos.again} mini-batches were scored again", flush=True)
            kills.update(chaos.kills)
            assert ended.data == undisturbed.data, chaos.told
            assert [error["file"] for error in ended.errors] == [f"f{BAD:05d}.txt"], chaos.told
            most = len(chaos.kills) * WORKERS * IN_FLIGHT * BUDGET_S / SLEEP_S
            assert chaos.again <= most, chaos.told
        print(f"{len(SEEDS)} jobs, {kills.total()} kills: {dict(kills)}", flush=True)
