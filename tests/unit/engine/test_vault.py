from __future__ import annotations

import threading

import pytest

from framework.engine import vault
from framework.errors import JobError

OPTIONS = {"s3://b": {"secret": "planted"}}


def test_a_task_takes_what_was_put_there_for_it_until_it_has_ended():
    vault.put("a", OPTIONS)
    assert vault.take("a") == OPTIONS
    assert vault.take("a") == OPTIONS
    vault.drop("a")
    vault.drop("a")
    with pytest.raises(JobError, match="a: its driver has not been heard of"):
        vault.take("a")


def test_what_nobody_keeps_is_gone(monkeypatch):
    monkeypatch.setattr(vault, "KEPT_S", 0.05)
    vault.put("b", OPTIONS)
    vault.keep("b")
    vault.keep("never put")
    ours = [each for each in threading.enumerate() if each.name == "vault"]
    for thread in ours:
        thread.join(30)
    with pytest.raises(JobError):
        vault.take("b")
    assert not [each for each in ours if each.is_alive()]
