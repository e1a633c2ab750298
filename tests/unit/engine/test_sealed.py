from __future__ import annotations

import pickle

import pytest

from framework.engine.sealed import seal
from framework.errors import JobError

VALUES = {
    "KEY": "of the driver",
    "PLAIN": "a $ and ${oc.env:HOME} that is none",
    "nested": {"deep": ["of the driver", 7, None]},
}
WRITTEN = {
    "KEY": "${oc.env:PLANTED}",
    "PLAIN": "a $ and \\${oc.env:HOME} that is none",
    "nested": {"deep": ["${oc.env:PLANTED}", 7, None]},
}


@pytest.fixture
def sealed(monkeypatch):
    monkeypatch.delenv("PLANTED", raising=False)
    return seal(VALUES, WRITTEN, {"PLANTED": "of the driver", "OTHER": "not needed"})


def test_values_are_what_they_were(sealed):
    arrived = pickle.loads(pickle.dumps(sealed))
    assert dict(arrived) == VALUES
    assert arrived.names == {"PLANTED"}


def test_an_instance_that_has_the_variable_uses_its_own(sealed, monkeypatch):
    monkeypatch.setenv("PLANTED", "of the instance")
    arrived = pickle.loads(pickle.dumps(sealed))
    assert arrived["KEY"] == "of the instance"
    assert arrived["nested"] == {"deep": ["of the instance", 7, None]}


def test_where_no_values_are_sent_each_instance_needs_its_own(sealed, monkeypatch):
    bare = sealed.without_values()
    assert b"of the driver" not in pickle.dumps(bare)
    with pytest.raises(JobError, match="KEY: the environment variable 'PLANTED' is not set"):
        dict(bare)
    monkeypatch.setenv("PLANTED", "of the instance")
    assert bare["KEY"] == "of the instance"


def test_nothing_of_it_is_shown(sealed):
    assert "driver" not in repr(sealed)
    assert b"not needed" not in pickle.dumps(sealed)
