"""What instances that share no file system with the driver are given instead."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from framework.engine.reach import _look
from framework.errors import UsageError
from framework.jobs.finalizing import bring_logs
from framework.jobs.journal import Journal
from framework.jobs.listing import Listing
from framework.jobs.reaching import Reach
from framework.jobs.starting import prepare
from framework.plugin import load_plugins
from framework.settings import CodeConfiguration, Compute, Model, Output, ScorerChoice, Settings
from framework.storage import open_store
from framework.storage.paths import local_form


class FarAway:
    """Instances that see stores of objects only, and what is shared."""

    is_in_process = False

    def __init__(self, *shared: str) -> None:
        self.shared = shared
        self.required: list[str] = []

    def reach(self, looks, options):
        return {"tcp://one": {each.name: self._answer(each, options) for each in looks}}

    def _answer(self, look, options) -> str:
        is_shared = look.url.startswith(self.shared) if self.shared else False
        if local_form(look.url) is not None and not is_shared:
            return f"{look.url}/{look.path} is not there"
        return _look(look, options)

    def label(self, address: str) -> str:
        return "instance-0"

    def require(self, looks, options) -> None:
        self.required = [each.url for each in looks]


@pytest.fixture
def settings(request, tmp_path):
    (tmp_path / "in" / "sub").mkdir(parents=True)
    for name in ("a.txt", "sub/b.txt"):
        (tmp_path / "in" / name).write_text(name)
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "weights").write_text("W")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "score.py").write_text("def run(files): return files")
    return Settings(
        name="job",
        input=(str(tmp_path / "in"),),
        workspace=str(tmp_path / "workspace"),
        output=Output(path=f"memory://{request.node.name}/out"),
        uploads=f"memory://{request.node.name}/uploads-of-all",
        model=Model(path=str(tmp_path / "net")),
        code_configuration=CodeConfiguration(
            code=str(tmp_path / "code"), scoring_script="score.py"
        ),
        scorer=ScorerChoice(name="script"),
        compute=Compute(params={"dashboard": False}),
    )


@pytest.fixture
def reach():
    """Settles where instances find a job's things."""
    said: list[str] = []
    opened: list[tuple[Listing, Journal]] = []

    def reach(settings, session):
        prepared = prepare(settings, asdict(settings), load_plugins())
        record = prepared.plan.record
        if not record.exists():
            record.create({"document": {}})
        archive = "code/it.zip"
        record.workspace.write(archive, prepared.code)
        plan = prepared.plan.with_model(prepared.model).with_code(archive, {})
        journal = Journal.claim(record, started_at="now")
        listing = Listing(journal, plan.listing.files, lambda: None)
        opened.append((listing, journal))
        listing.start()
        return Reach(plan, listing, session, said.append).settled()

    reach.said = said
    yield reach
    for listing, journal in opened:
        listing.stop()
        journal.close()


def test_what_all_see_stays_where_it_is(settings, reach, tmp_path):
    session = FarAway(str(tmp_path))
    plan = reach(settings, session)
    assert plan.moved is None
    assert len(session.required) == 3
    hidden = [each for each in plan.record.staging.names() if each.startswith(".")]
    assert len(hidden) == 1  # what late ones are asked for


def test_what_only_the_driver_sees_is_brought_to_where_instances_see_it(settings, reach):
    plan = reach(settings, FarAway())
    options = plan.options
    inputs = open_store(plan.places.input_root, options)
    assert {file.path: inputs.read(file.path) for file in inputs.walk()} == {
        "a.txt": b"a.txt",
        "sub/b.txt": b"sub/b.txt",
    }
    assert plan.places.model is not None
    assert plan.launch.model is not None
    model = open_store(plan.places.model.url, options)
    assert model.read(f"{plan.places.model.path}/weights") == b"W"
    assert plan.places.model.sha256 == plan.launch.model.sha256

    assert settings.output.path is not None
    assert plan.places.staging.startswith(f"{settings.output.path}/.job-")
    assert plan.record.staging.url == plan.places.staging
    folder, _, name = plan.pool(1).launch.code.rpartition("/")
    assert open_store(folder).read(name) == plan.record.workspace.read("code/it.zip")
    assert not plan.places.is_reduced_there
    assert len(reach.said) == 2

    open_store(plan.places.logs).write("instance-0-0.log/00000001", b"hello\n")
    bring_logs(plan)
    assert plan.record.workspace.read("jobs/job/logs/instance-0-0.log") == b"hello\n"
    plan.record.unstage()
    assert not list(open_store(plan.places.staging).walk())


def test_what_was_uploaded_is_not_uploaded_again(settings, reach, tmp_path):
    first = reach(settings, FarAway())
    said = len(reach.said)
    again = reach(replace(settings, name="again"), FarAway())
    assert again.places.input_root == first.places.input_root
    assert len(reach.said) == said
    (tmp_path / "in" / "a.txt").write_text("another")
    other = reach(replace(settings, name="other"), FarAway())
    assert other.places.input_root != first.places.input_root


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"uploads": None}, "input: not every instance sees it .*set default_datastore"),
        ({"output": Output()}, "workspace: not every instance sees it .*a URL or a shared folder"),
    ],
    ids=["nowhere to upload to", "nowhere to stage"],
)
def test_what_can_not_be_brought_there_is_named_with_the_way_out(settings, reach, changes, words):
    with pytest.raises(UsageError, match=words) as raised:
        reach(replace(settings, **changes), FarAway())
    assert raised.value.exit_code == 2
    assert "instance-0: " in str(raised.value)
