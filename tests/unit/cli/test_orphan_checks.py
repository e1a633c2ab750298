from __future__ import annotations

from pathlib import Path

from framework.cli.checkup import Status, check_all
from framework.cli.orphan_checks import check_orphans


def test_orphans_are_listed_first_and_removed_when_that_is_confirmed(tmp_path: Path) -> None:
    conf = tmp_path / "conf"
    conf.mkdir()
    (conf / "config.yaml").write_text("workspace: ../workspace\n")
    left = tmp_path / "workspace" / "trash" / "job-1234" / "job.json"
    left.parent.mkdir(parents=True)
    left.write_text("{}\n")

    (listed,) = check_orphans(str(conf), removes=False)
    assert listed.status is Status.NOTE
    assert listed.found.endswith("trash/job-1234: a deleted job, 3 bytes; --clean --yes removes it")
    assert left.exists()

    (removed,) = check_orphans(str(conf), removes=True)
    assert removed.status is Status.OK
    assert removed.found.startswith("removed ")
    assert not left.exists()
    (none,) = check_orphans(str(conf), removes=False)
    assert none.found == "there is none"


def test_the_workspace_may_be_named(tmp_path: Path) -> None:
    conf = tmp_path / "conf"
    conf.mkdir()
    (conf / "config.yaml").write_text("workspace: ../workspace\n")
    left = tmp_path / "other" / "trash" / "job-1234" / "job.json"
    left.parent.mkdir(parents=True)
    left.write_text("{}\n")

    (found,) = check_orphans(str(conf), str(tmp_path / "other"), removes=False)
    assert "other/trash/job-1234" in found.found
    checks = {check.name: check.found for check in check_all(str(conf), str(tmp_path / "other"))}
    assert checks["workspace"] == str(tmp_path / "other")
