from __future__ import annotations

import json

import pytest

from framework.errors import UsageError
from framework.jobs.results import read_results

ROW = {"id": "007", "date": "2026-01-31", "text": "NA", "third": 10 / 3}


def test_json_lines_come_back_as_they_were_written(tmp_path):
    output = tmp_path / "rows.jsonl"
    output.write_text(json.dumps(ROW) + "\n")

    frame = read_results({"output": {}}, str(output))

    assert frame.to_dict("records") == [ROW]


def test_numbers_of_a_csv_keep_every_digit(tmp_path):
    output = tmp_path / "rows.csv"
    output.write_text(f"third\n{10 / 3}\n")

    assert read_results({"output": {}}, str(output))["third"].tolist() == [10 / 3]


def test_without_an_output_there_are_no_results(tmp_path):
    with pytest.raises(UsageError, match="no output at"):
        read_results({"output": {}}, str(tmp_path / "none.csv"))
