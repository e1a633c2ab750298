from __future__ import annotations

import pytest

from framework.errors import ModelError, NotFoundError
from framework.jobs.chosen_model import choose_model, moved_on, registered, same_again
from framework.models import ModelRegistry
from framework.settings import Model, Settings
from framework.storage import open_store


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "net.pt"
    path.write_text("one")
    return path


@pytest.fixture
def registry(tmp_path):
    return ModelRegistry(open_store(str(tmp_path / "workspace")))


@pytest.fixture
def made(tmp_path):
    def made(**model) -> Settings:
        return Settings(workspace=str(tmp_path / "workspace"), model=Model(**model))

    return made


def test_without_a_model_there_is_none(made, registry, record):
    assert choose_model(made(), registry.store) is None
    assert same_again(None, made(), record) == (None, "")
    assert moved_on(None, made(), registry.store) is None


def test_a_reference_is_looked_up(made, registry, file):
    model = registry.register("net", file).model
    for settings in (
        made(name="azureml:net:1"),
        made(name="net", version="1"),
        made(name="azureml:net@latest"),
        made(name="net"),
    ):
        chosen = choose_model(settings, registry.store)
        assert chosen.title == "net:1"
        assert chosen.identity["sha256"] == model.sha256
        assert chosen.source == registry.source(model)
    with pytest.raises(NotFoundError, match="no version '2'"):
        choose_model(made(name="net", version="2"), registry.store)


def test_an_inline_model_is_registered_when_asked_to_be(made, registry, file):
    settings = made(name="net", path=str(file), type="mlflow_model")
    chosen = choose_model(settings, registry.store)
    assert registry.names() == []
    first, again = (
        registered(chosen, settings, registry.store),
        registered(chosen, settings, registry.store),
    )

    assert first == again
    assert (first.title, registry.get("net:1").type) == ("net:1", "mlflow_model")
    assert registered(first, settings, registry.store) is first


def test_a_job_goes_on_with_its_version_wherever_latest_is(made, registry, record, file):
    registry.register("net", file)
    settings = made(name="azureml:net@latest")
    began = choose_model(settings, registry.store)
    assert moved_on(began.identity, settings, registry.store) is None
    file.write_text("two")
    registry.register("net", file)
    registry.archive("net", "1")

    assert same_again(began.identity, settings, record) == (began, "")
    assert moved_on(began.identity, settings, registry.store) == "net:1 -> net:2"


@pytest.mark.parametrize("change", ["deleted", "tampered", "another workspace's"])
def test_a_version_that_is_gone_or_other_than_it_was_is_told(made, registry, record, file, change):
    registry.register("net", file)
    settings = made(name="net")
    identity = dict(choose_model(settings, registry.store).identity)
    if change == "deleted":
        registry.delete("net")
    elif change == "tampered":
        registry.store.local_path("models/net/1/net.pt").write_text("ONE")
    else:
        identity["sha256"] = "0" * 64
    with pytest.raises(ModelError, match="net:1"):
        same_again(identity, settings, record)
    if change == "deleted":
        assert moved_on(identity, settings, registry.store) is None


def test_a_path_is_compared_by_its_content(made, registry, record, file):
    settings = made(path=str(file))
    began = choose_model(settings, registry.store)
    assert began.identity["path"] == str(file)
    assert same_again(began.identity, settings, record) == (began, "")
    file.write_text("two")
    assert "the model has changed" in same_again(began.identity, settings, record)[1]


def test_a_path_in_a_store_is_used_in_place_and_compared_by_its_content(made, registry, record):
    store = open_store("memory://chosen-models")
    store.write("net/a/weights", b"one")
    store.write("net/b", b"two")
    settings = made(path="memory://chosen-models/net")
    began = choose_model(settings, registry.store)
    assert (began.source.url, began.source.path, began.source.size) == (store.url, "net", 6)
    assert same_again(began.identity, settings, record) == (began, "")
    store.write("net/b", b"TWO")
    assert "the model has changed" in same_again(began.identity, settings, record)[1]
    with pytest.raises(ModelError, match="memory://chosen-models/other does not exist"):
        choose_model(made(path="memory://chosen-models/other"), registry.store)


def test_an_inline_model_in_a_store_is_registered_as_any_other(made, registry):
    open_store("memory://chosen-models").write("inline.pt", b"one")
    settings = made(name="net", path="memory://chosen-models/inline.pt")
    done = registered(choose_model(settings, registry.store), settings, registry.store)
    assert done.title == "net:1"
    assert registry.store.read("models/net/1/inline.pt") == b"one"
