from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from framework.engine import probe, survey
from framework.engine.survey import Surveyed, best_first, refusals

OURS = {"python": "3.12", "version": "1.2.3", "problem": ""}


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({}, ""),
        ({"python": "3.13"}, "Python 3.13, and this is 3.12"),
        ({"version": None}, "no dask-batch-endpoints: pip install 'dask-batch-endpoints==1.2.3'"),
        ({"version": "1.2.2"}, "dask-batch-endpoints 1.2.2, and this is 1.2.3: pip install "),
        ({"problem": "another package, framework"}, "another package, framework, in place of "),
    ],
)
def test_who_is_not_like_the_driver_can_not_serve(told, reason):
    found = survey._unfit({**OURS, **told}, OURS)
    assert found.startswith(reason)
    assert bool(found) == bool(reason)


def worker(name: str, *, pools: int = 0, unfit: str = "") -> Surveyed:
    return Surveyed(address=name, process=name, host=name[0], pools=pools, unfit=unfit)


def test_workers_take_turns_between_machines_and_free_ones_come_first():
    known = [
        worker("a1"),
        worker("a2"),
        worker("a3", unfit="no"),
        worker("b1"),
        worker("c1", pools=1),
    ]
    assert [each.address for each in best_first(known)] == ["a1", "b1", "a2", "c1"]


def test_one_reason_is_said_once():
    many = [worker(f"a{number}", unfit="no package") for number in range(5)]
    assert refusals([*many, worker("b1", unfit="another"), worker("c1")]) == [
        "5 workers, such as a0: no package",
        "b1: another",
    ]


def test_the_probe_runs_where_nothing_of_ours_is_installed():
    text = Path(probe.__file__).read_text()
    program = f"import sys\nsys.modules['framework'] = None\n{text}\nprint(probe()['version'])"
    ended = subprocess.run([sys.executable, "-Ic", program], capture_output=True, text=True)
    assert ended.stdout == "None\n", ended.stderr


def test_the_probe_tells_what_is_installed():
    told = probe.probe()
    assert told["python"] == "{}.{}".format(*sys.version_info)
    assert (told["problem"], bool(told["version"])) == ("", True)
