from __future__ import annotations

import json

from framework.cli.model_check import check_models
from framework.models import ModelRegistry
from framework.storage import open_store


def test_doctor_removes_what_a_killed_registration_left(tmp_path):
    workspace = open_store(str(tmp_path / "workspace"))
    assert check_models(workspace) == ("", "0 registered")
    assert not (tmp_path / "workspace").exists()
    (tmp_path / "m.pt").write_text("w")
    registry = ModelRegistry(workspace)
    registry.register("m", tmp_path / "m.pt")
    claim = {"claimed_at": "2026-01-01T00:00:00+00:00"}
    registry.store.write("models/m/.claims/2/dead.json", json.dumps(claim).encode())
    registry.store.write("models/m/2/half", b"")

    assert check_models(workspace) == ("", "1 registered; removed what was left of m:2")
    assert check_models(workspace) == ("", "1 registered")
    registry.store.write("models/m/1.json", b"{")
    assert "m:1: models/m/1.json in the workspace is broken" in check_models(workspace)[0]
