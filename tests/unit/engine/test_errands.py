from __future__ import annotations

import asyncio
import threading

import pytest

from framework.engine.errands import run_on_one
from framework.engine.local import LocalCompute
from framework.engine.session import open_session

PATIENCE_S = 60.0


class Errand:
    """What runs in this process; one for all tests, since it travels by name."""

    arguments: list[str]
    has_asked: threading.Event


def run(argument, options):
    Errand.arguments.append(argument)
    Errand.has_asked.wait(PATIENCE_S)
    return argument


@pytest.fixture
def errand() -> type[Errand]:
    Errand.arguments, Errand.has_asked = [], threading.Event()
    return Errand


def test_a_result_that_comes_while_the_worker_is_asked_is_not_lost(errand, monkeypatch):
    with open_session(LocalCompute(dashboard=False), 1, PATIENCE_S) as session:
        present = session.present

        async def slow(*arguments):
            if errand.arguments:
                errand.has_asked.set()
                await asyncio.sleep(0.5)  # the result is there long before
            return await present(*arguments)

        monkeypatch.setattr(session, "present", slow)
        assert run_on_one(session, "errand", run, ["first", "second"], {}) == "first"
    assert errand.arguments == ["first"]
