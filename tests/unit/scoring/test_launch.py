from __future__ import annotations

from pathlib import Path

from framework.scoring.launch import Launch, Room, environment

ROOM = Room(folder=Path("/r"), cwd=Path("/r"), log=Path("/r/log"), model_dir=None)
OURS = {
    "PYTHONPATH": "/ours",
    "PYTHONHOME": "/ours",
    "VIRTUAL_ENV": "/ours",
    "CONDA_PREFIX": "/ours",
    "PATH": "/usr/bin",
    "LANG": "C.UTF-8",
}


def test_nothing_of_our_python_reaches_another_environment() -> None:
    given = environment(Launch(factory="m:C", python="/env/bin/python"), ROOM, OURS)
    assert "/ours" not in given.values()
    assert given["PATH"] == "/env/bin:/usr/bin"
    assert given["VIRTUAL_ENV"] == "/env"
    assert given["LANG"] == "C.UTF-8"


def test_our_own_interpreter_keeps_what_it_has() -> None:
    given = environment(Launch(factory="m:C"), ROOM, OURS)
    assert given.items() >= OURS.items()


def test_a_deployments_own_variables_win() -> None:
    launch = Launch(
        factory="m:C",
        python="/env/bin/python",
        environment_variables={"PYTHONPATH": "/mine", "PATH": "/mine"},
    )
    given = environment(launch, ROOM, OURS)
    assert (given["PYTHONPATH"], given["PATH"]) == ("/mine", "/mine")
