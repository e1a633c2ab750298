"""The computes that docs/clusters.md shows would be taken, and all of them are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from framework.config.checking import check_file
from framework.engine.contract import Compute
from framework.plugin import check_params, load_plugins, resolve
from framework.settings import Compute as Settings

PAGE = (Path(__file__).parents[2] / "docs" / "clusters.md").read_text(encoding="utf-8")
BLOCKS = re.findall(
    r"^```yaml\n# conf/compute/(\S+)\.yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE
)
OURS = Settings.__dataclass_fields__


@pytest.mark.parametrize(("name", "text"), BLOCKS, ids=[name for name, _ in BLOCKS])
def test_an_example_is_a_compute_that_is_taken(name, text):
    mapping = yaml.safe_load(text)
    assert check_file("compute", mapping, name=name).problems == ()
    contribution = load_plugins().find_compute(mapping["type"])
    params = {key: value for key, value in mapping.items() if key not in OURS}
    assert check_params(contribution, resolve(contribution, Compute), params) == ()


def test_each_compute_is_in_the_table_and_those_that_start_something_have_an_example():
    named = {
        name
        for row in re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    assert named == set(load_plugins().computes)
    shown = {yaml.safe_load(text)["type"] for _, text in BLOCKS}
    assert shown >= named - {"local", "dask"}
