from __future__ import annotations

import json

import pytest

from framework.errors import UsageError
from framework.jobs.results import read_results
from framework.storage import open_store

ROW = {"id": "007", "date": "2026-01-31", "text": "NA", "third": 10 / 3}


@pytest.fixture(params=["local", "memory"])
def output(request, tmp_path):
    """Where outputs lie."""
    return open_store(str(tmp_path) if request.param == "local" else "memory://results")


@pytest.fixture
def job(record):
    record.create({"document": {"output": {}}})
    return record


def test_json_lines_come_back_as_they_were_written(job, output):
    output.write("rows.jsonl", json.dumps(ROW).encode() + b"\n")

    frame = read_results(job, f"{output.url}/rows.jsonl")

    assert frame.to_dict("records") == [ROW]


def test_numbers_of_a_csv_keep_every_digit(job, output):
    output.write("rows.csv", f"third\n{10 / 3}\n".encode())

    assert read_results(job, f"{output.url}/rows.csv")["third"].tolist() == [10 / 3]


def test_without_an_output_there_are_no_results(job, output):
    with pytest.raises(UsageError, match="no output at"):
        read_results(job, f"{output.url}/none.csv")
    with pytest.raises(UsageError, match="keeps no rows"):
        read_results(job, None)
