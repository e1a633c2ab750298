from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from framework.errors import ModelError, NotFoundError, StorageError
from framework.models import Description, ModelRegistry
from framework.storage import open_store

ROOT = Path(__file__).parents[3]


def titles(registry: ModelRegistry, name: str = "m") -> list[str]:
    return [model.title for model in registry.versions(name)]


def content_of(registry: ModelRegistry, title: str) -> dict[str, bytes]:
    model = registry.get(title)
    return {
        file.path: registry.store.read(f"{model.folder}/{file.path}")
        for file in model.content.files
    }


def test_the_same_content_keeps_its_version_and_other_content_gets_the_next(registry, net):
    first, again = registry.register("m", net), registry.register("m", net)
    (net / "weights.bin").write_text("w2")
    second = registry.register("m", net)
    (net / "weights.bin").write_text("w")
    back = registry.register("m", net)

    assert [(each.model.version, each.is_new) for each in (first, again, second, back)] == [
        ("1", True),
        ("1", False),
        ("2", True),
        ("1", False),
    ]
    assert titles(registry) == ["m:2", "m:1"]
    assert registry.get("azureml:m@latest").title == "m:2"
    assert registry.get("m").sha256 != registry.get("azureml:m:1").sha256
    assert content_of(registry, "m:1")["net/weights.bin"] == b"w"
    assert content_of(registry, "m:2")["net/weights.bin"] == b"w2"


def test_every_file_is_kept_hidden_and_oddly_named_ones_too(registry, net):
    model = registry.register("m", net).model

    assert content_of(registry, "m") == {
        "net/weights.bin": b"w",
        "net/a b/ü #.txt": b"x",
        "net/.hidden/h": b"h",
        "net/empty.txt": b"",
        "net/%41": b"p",
    }
    assert model.content.empty_folders == ("net/assets/none",)
    assert model.size == 4
    assert ModelRegistry(registry.store).get("m") == model


def test_a_single_file_is_a_model(registry, tmp_path):
    (tmp_path / "model.pt").write_text("w")
    model = registry.register("m", tmp_path / "model.pt").model

    assert (model.file_name, model.path) == ("model.pt", "models/m/1/model.pt")
    assert registry.store.read(model.path) == b"w"


def test_the_name_of_the_file_belongs_to_the_content(registry, tmp_path):
    for name in ("a.pt", "b.pt"):
        (tmp_path / name).write_text("same")
        registry.register("m", tmp_path / name)

    assert titles(registry) == ["m:2", "m:1"]


def test_another_type_is_another_version(registry, net):
    registry.register("m", net)
    assert registry.register("m", net, type="mlflow_model").model.version == "2"
    with pytest.raises(ModelError, match=r"m:1 is there with the type custom_model"):
        registry.register("m", net, type="mlflow_model", version="1")
    with pytest.raises(ModelError, match="did you mean 'mlflow_model'"):
        registry.register("m", net, type="mlflow")


def test_a_version_of_ones_own_choice_is_never_given_other_content(registry, net):
    registry.register("m", net, version="2024-a")
    assert not registry.register("m", net, version="2024-a").is_new
    (net / "weights.bin").write_text("other")
    with pytest.raises(ModelError, match=r"m:2024-a is there with other content; leave the"):
        registry.register("m", net, version="2024-a")
    assert registry.register("m", net).model.version == "1"
    assert registry.register("m", net, version="7").model.version == "7"
    assert registry.get("m").version == "7"
    (net / "weights.bin").write_text("third")
    assert registry.register("m", net).model.version == "8"


def test_what_is_said_of_a_version_can_change_and_its_content_can_not(registry, net):
    registry.register("m", net, description=Description(description="one", tags={"a": "1"}))
    registry.register("m", net)
    assert registry.get("m").tags == {"a": "1"}
    registry.register("m", net, description=Description(tags={"b": "2"}))
    changed = registry.update("m:1", Description(properties={"c": "3"}))

    assert registry.get("m") == changed
    assert (changed.description, changed.tags, changed.properties) == (
        "one",
        {"b": "2"},
        {"c": "3"},
    )


def test_an_archived_version_is_found_by_its_version_only(registry, net):
    registry.register("m", net)
    (net / "weights.bin").write_text("2")
    registry.register("m", net)
    registry.archive("m", "2")

    assert registry.get("m").version == "1"
    assert registry.get("m:2").is_archived
    assert not registry.register("m", net).is_new
    registry.archive("m")
    with pytest.raises(NotFoundError, match="all its versions are archived; say which, as m:2"):
        registry.get("m@latest")
    registry.restore("m")
    assert registry.get("m").version == "2"


def test_a_deleted_version_is_gone_and_its_number_is_not_given_again(registry, net):
    registry.register("m", net)
    registry.delete("m", "1")

    assert titles(registry) == registry.names() == []
    assert not registry.store.exists("models/m/1")
    with pytest.raises(NotFoundError, match="m:1 was deleted at"):
        registry.get("m:1")
    with pytest.raises(ModelError, match="no version comes again"):
        registry.register("m", net, version="1")
    with pytest.raises(NotFoundError):
        registry.delete("m")
    assert registry.register("m", net).model.version == "2"


def test_what_is_not_there_is_told_with_what_is_near(registry, net):
    with pytest.raises(NotFoundError, match="no model named 'mnist': the workspace has no models"):
        registry.get("mnist")
    registry.register("mnist", net)
    with pytest.raises(NotFoundError, match="did you mean 'mnist'"):
        registry.get("mnits:1")
    with pytest.raises(NotFoundError, match="mnist has no version '3'"):
        registry.get("mnist:3")


def test_links_are_followed_and_copied(local, net, tmp_path):
    (tmp_path / "blob").write_text("shared")
    (net / "link").symlink_to("../blob")
    (net / "round").symlink_to(net)
    local.register("m", net)

    copy = local.store.local_path("models/m/1/net/link")
    assert copy.read_text() == "shared"
    assert not copy.is_symlink()
    assert not any(path.is_symlink() for path in copy.parent.rglob("*"))


@pytest.mark.parametrize("kind", ["broken link", "pipe", "nothing", "no files", "workspace in it"])
def test_what_can_not_be_kept_is_refused_and_leaves_nothing(local, net, kind):
    source = net
    if kind == "broken link":
        (net / "x").symlink_to("nowhere")
    elif kind == "pipe":
        os.mkfifo(net / "x")
    elif kind == "nothing":
        source = net / "none"
    elif kind == "no files":
        source = net / "assets"
    else:
        source = net.parent
    with pytest.raises(ModelError):
        local.register("m", source)
    assert local.names() == []


def test_a_name_that_is_no_utf8_is_kept_on_disk_and_refused_elsewhere(local, net):
    (net / os.fsdecode(b"\xff")).write_text("odd")
    model = local.register("m", net).model
    local.check(local.get("m"))
    assert local.get("m") == model
    with pytest.raises(ModelError, match="is no UTF-8"):
        ModelRegistry(open_store("memory://models-utf8")).register("m", net)


def test_a_file_that_changes_while_it_is_read_is_not_registered(registry, net):
    def write_to_it(phase, _done, _total):
        if phase == "upload":
            (net / "weights.bin").write_text("longer than before")

    with pytest.raises(ModelError, match=r"weights\.bin was written to while"):
        registry.register("m", net, on_progress=write_to_it)
    assert registry.names() == []
    assert registry.register("m", net).model.version == "1"


def test_progress_ends_with_all_bytes(registry, net):
    seen = {}
    registry.register(
        "m", net, on_progress=lambda phase, done, total: seen.update({phase: (done, total)})
    )

    assert seen == {"checksum": (4, 4), "upload": (4, 4)}


@pytest.mark.parametrize("change", ["content", "missing", "added"])
def test_what_was_tampered_with_is_found_and_named(local, net, change):
    model = local.register("m", net).model
    path = local.store.local_path(model.path)
    local.check(model)
    if change == "content":
        (path / "weights.bin").write_text("W")
    elif change == "missing":
        (path / "weights.bin").unlink()
    else:
        (path / "new").write_text("")
    name = {"content": "weights.bin has changed", "missing": "weights.bin is missing"}
    with pytest.raises(ModelError, match=rf"m:1: net/{name.get(change, 'new was added')}"):
        local.check(model)


@pytest.mark.parametrize(
    "change",
    [
        {"file_name": ".."},
        {"files": [{"path": "net/../../../x", "size": 0, "sha256": "00"}]},
        {"files": []},
        {"name": "other"},
        {"order": None, "files": None},
    ],
)
def test_a_version_whose_record_was_changed_by_hand_is_refused(registry, net, change, caplog):
    registry.register("m", net)
    document = json.loads(registry.store.read("models/m/1.json"))
    registry.store.write("models/m/1.json", json.dumps({**document, **change}).encode())

    with pytest.raises(ModelError, match=r"m:1: models/m/1\.json in the workspace is broken"):
        registry.get("m:1")
    assert titles(registry) == []
    assert "is broken" in caplog.text
    assert [error.partition(" in ")[0] for error in registry.broken()] == [
        "model m:1: models/m/1.json"
    ]
    assert registry.register("m", net).model.version == "2"


def test_what_people_put_into_the_registry_is_left_alone(local, net):
    folder = local.store.local_path("models/m")
    (folder / "7").mkdir(parents=True)
    (folder / "7" / "notes.txt").write_text("mine")
    (folder / "README.md").write_text("mine")
    (folder.parent / "some folder").mkdir()

    assert local.register("m", net).model.version == "8"
    with pytest.raises(ModelError, match="is in the way"):
        local.register("m", net, version="7")
    assert local.sweep() == []
    assert (folder / "7" / "notes.txt").read_text() == "mine"
    assert local.names() == ["m"]


def test_a_claim_of_a_live_rival_is_respected_and_a_dead_one_is_swept(net):
    registry = ModelRegistry(open_store("memory://models-claims"))
    said = {"claimed_at": "2999-01-01T00:00:00+00:00"}
    registry.store.write("models/m/.claims/1/rival.json", json.dumps(said).encode())
    registry.store.write("models/m/1/net/half", b"half")
    assert registry.register("m", net).model.version == "2"
    assert registry.store.exists("models/m/1/net/half")

    said = {"claimed_at": "2020-01-01T00:00:00+00:00"}
    registry.store.write("models/m/.claims/1/rival.json", json.dumps(said).encode())
    assert registry.sweep() == ["m:1"]
    assert not registry.store.exists("models/m/1")
    registry.store.delete("models")


def test_racing_registrations_never_give_one_version_to_two_contents(registry, tmp_path):
    sources = []
    for number in range(6):
        source = tmp_path / str(number) / "net"
        source.mkdir(parents=True)
        (source / "w").write_text(str(number % 3))
        sources.append(source)
    done, failed = [], []

    def register(source):
        try:
            done.append((ModelRegistry(registry.store).register("m", source).model, source))
        except StorageError as error:  # a rival had each version that was tried
            failed.append(error)

    threads = [threading.Thread(target=register, args=(source,)) for source in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not failed
    for model, source in done:
        there = registry.store.read(f"{model.folder}/net/w")
        assert there.decode() == (source / "w").read_text()
    written = {model.version: model.sha256 for model in registry.versions("m")}
    assert len(set(written.values())) == 3
    assert all(written[model.version] == model.sha256 for model, _ in done)


REGISTER = """
import sys
from framework.models import ModelRegistry
from framework.storage import open_store
sys.stdin.readline()
print(ModelRegistry(open_store(sys.argv[1])).register("m", sys.argv[2]).model.title, flush=True)
"""


def registering(workspace: Path, source: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", REGISTER, str(workspace), str(source)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_processes_that_register_the_same_at_once_make_one_version(local, net, tmp_path):
    rivals = [registering(tmp_path / "workspace", net) for _ in range(3)]
    for rival in rivals:
        rival.stdin.write("\n")
        rival.stdin.flush()
    said = [rival.communicate()[0].strip() for rival in rivals]

    assert said == ["m:1"] * 3
    local.check(local.get("m"))


KILLED = """
import os, signal, sys
from framework.models import ModelRegistry
from framework.storage import durable, local, open_store

left = int(sys.argv[3])

def counted(function):
    def wrapper(*arguments, **options):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **options)
    return wrapper

for name in ("write_new", "replace", "publish", "make_folders"):
    setattr(durable, name, counted(getattr(durable, name)))
for name in ("delete", "copy_in"):
    setattr(local.LocalStore, name, counted(getattr(local.LocalStore, name)))
ModelRegistry(open_store(sys.argv[1])).register("m", sys.argv[2])
"""


def test_a_registration_that_is_killed_anywhere_leaves_nothing_to_be_seen(local, net, tmp_path):
    (net / "old").write_text("")
    first = local.register("m", net).model
    (net / "old").unlink()
    steps, is_killed = 0, True
    while is_killed:
        command = [sys.executable, "-c", KILLED, str(tmp_path / "workspace"), str(net), str(steps)]
        ended = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
        is_killed = ended.returncode == -signal.SIGKILL
        assert is_killed or ended.returncode == 0
        for model in local.versions("m"):
            local.check(model)
        assert titles(local) in (["m:1"], ["m:2", "m:1"])
        if titles(local) == ["m:2", "m:1"]:
            assert not local.register("m", net).is_new
            local.delete("m", "2")
            break
        steps += 3
    assert steps > 6
    assert local.get("m:1") == first
    local.sweep()
    assert sorted(each for each in local.store.names("models/m") if each[0] != ".") == [
        "1",
        "1.json",
        "2.json",
    ]
    assert local.store.names("models/m/.claims") == []
