from __future__ import annotations

from dataclasses import asdict, replace
from types import SimpleNamespace

import pytest

from framework.engine.sealed import Sealed
from framework.errors import UsageError
from framework.jobs import secrecy
from framework.jobs.secrecy import kept_secret
from framework.jobs.starting import prepare
from framework.plugin import load_plugins
from framework.settings import CodeConfiguration, Compute, ScorerChoice, Settings

SCHEDULER = "tcp://10.0.0.5:8786"


@pytest.fixture
def plan(tmp_path, monkeypatch):
    monkeypatch.setenv("PLANTED", "a secret")
    for folder in ("in", "code"):
        (tmp_path / folder).mkdir()
    (tmp_path / "in" / "a.txt").write_text("a")
    (tmp_path / "code" / "score.py").write_text("def run(files): return files")

    def plan(written="${oc.env:PLANTED}", *, options=None, **compute):
        settings = Settings(
            name="job",
            input=(str(tmp_path / "in"),),
            workspace=str(tmp_path / "workspace"),
            code_configuration=CodeConfiguration(
                code=str(tmp_path / "code"), scoring_script="score.py"
            ),
            scorer=ScorerChoice(name="script"),
            environment_variables={"TOKEN": "a secret"},
            compute=replace(Compute(params={"dashboard": False}), **compute),
            storage_options=options or {},
        )
        document = {**asdict(settings), "environment_variables": {"TOKEN": written}}
        return prepare(settings, document, load_plugins()).plan

    return plan


@pytest.fixture
def seen_by(monkeypatch):
    """What the instances of a session know by themselves, and whether others listen."""

    def seen_by(*, private=False, unset=("PLANTED",)):
        monkeypatch.setattr(secrecy, "is_private", lambda session: private)
        monkeypatch.setattr(secrecy, "unset_on", lambda session, names: set(unset) & set(names))
        monkeypatch.setattr(secrecy, "address_of", lambda session: SCHEDULER)
        return SimpleNamespace()

    return seen_by


def values(plan) -> Sealed:
    found = plan.launch.environment_variables
    assert isinstance(found, Sealed)
    return found


def test_a_private_connection_may_carry_them(plan, seen_by):
    made = plan()
    assert kept_secret(made, seen_by(private=True)) is made
    assert values(made)["TOKEN"] == "a secret"


def test_instances_that_know_them_are_sent_none(plan, seen_by, monkeypatch):
    bare = kept_secret(plan(), seen_by(unset=()))
    monkeypatch.delenv("PLANTED")
    assert "a secret" not in str(vars(values(bare)))
    assert not bare.sends_values


def test_what_would_be_sent_for_all_to_read_is_refused_with_the_way_out(plan, seen_by):
    with pytest.raises(UsageError) as raised:
        kept_secret(plan(), seen_by())
    words = str(raised.value)
    assert raised.value.exit_code == 2
    for part in ("environment_variables.TOKEN", SCHEDULER, "set PLANTED", "tls://", "allow_plain"):
        assert part in words
    assert "a secret" not in words


def test_a_datastores_plain_secret_is_refused_too(plan, seen_by):
    options = {"memory://b": {"secret": "a plain secret", "endpoint_url": "http://x"}}
    with pytest.raises(UsageError, match=r"storage_options\.memory://b\.secret: ") as raised:
        kept_secret(plan("plain", options=options), seen_by(unset=()))
    assert "endpoint_url" not in str(raised.value)
    assert "a plain secret" not in str(raised.value)


def test_who_allows_it_gets_it(plan, seen_by):
    made = plan(allow_plaintext_secrets=True)
    assert kept_secret(made, seen_by()) is made
