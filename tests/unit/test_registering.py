from __future__ import annotations

import fsspec
import pytest

from framework.errors import ModelError, UsageError
from framework.models import ModelRegistry
from framework.registering import delete_model, register_model
from framework.storage import open_store


@pytest.fixture
def workspace(tmp_path):
    return str(tmp_path / "workspace")


@pytest.fixture
def bucket():
    memory = fsspec.filesystem("memory")
    memory.pipe("/registering/net/a/w.txt", b"weights")
    yield "memory://registering"
    memory.rm("/registering", recursive=True)


def test_a_model_is_registered_once_and_its_reference_returned(workspace, tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "MLmodel").write_text("w")

    def register(**more):
        return register_model(workspace=workspace, name="m", path=tmp_path / "m", **more)

    assert register() == register(tags={"a": "b"}) == "azureml:m:1"
    assert register(type="mlflow_model") == "azureml:m:2"
    assert ModelRegistry(open_store(workspace)).get("m:1").tags == {"a": "b"}


@pytest.mark.parametrize("path", ["net", "net.pt"])
def test_what_mlflow_has_not_made_is_no_model_of_it(workspace, tmp_path, path):
    (tmp_path / "net").mkdir()
    (tmp_path / "net.pt").write_text("w")
    with pytest.raises(ModelError, match=f"{path} is no mlflow_model: that is a folder with a"):
        register_model(workspace=workspace, name="m", path=tmp_path / path, type="mlflow_model")
    assert not (tmp_path / "workspace").exists()


@pytest.mark.parametrize("path", ["net", "net/", "net/a/w.txt"])
def test_what_a_url_leads_to_is_registered(workspace, bucket, path):
    assert register_model(workspace=workspace, name="m", path=f"{bucket}/{path}") == "azureml:m:1"
    model = ModelRegistry(open_store(workspace)).get("m")
    assert model.content.files[0].path == ("w.txt" if path.endswith("txt") else "net/a/w.txt")
    assert model.size == 7


def test_a_url_that_leads_nowhere_is_told(workspace, bucket):
    with pytest.raises(ModelError, match="memory://registering/nothing is not there"):
        register_model(workspace=workspace, name="m", path=f"{bucket}/nothing")
    with pytest.raises(ModelError, match="it is a whole store"):
        register_model(workspace=workspace, name="m", path="memory://registering")


def test_what_latest_means_is_not_deleted_from_under_a_deployment(workspace, tmp_path):
    conf = tmp_path / "conf"
    (conf / "deployment" / "e-e").mkdir(parents=True)
    (conf / "endpoint").mkdir()
    (conf / "config.yaml").write_text("")
    (conf / "endpoint" / "e-e.yaml").write_text("")
    (conf / "deployment" / "e-e" / "d.yaml").write_text("model: azureml:m@latest\n")
    for text in ("1", "2"):
        (tmp_path / "m.pt").write_text(text)
        register_model(workspace=workspace, name="m", path=tmp_path / "m.pt")
    registry = ModelRegistry(open_store(workspace))

    for version in ("2", None):
        with pytest.raises(UsageError, match="is what deployment 'd' of endpoint 'e-e' scores"):
            delete_model(registry, str(conf), "m", version)
    assert [model.title for model in delete_model(registry, str(conf), "m", "1")] == ["m:1"]
