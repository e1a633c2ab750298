from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from framework.cli.summary import commonest_reasons, summary_lines

AGAIN = "to score the failed files again: retry-it"


def lines(tmp_path: Path, status: str = "Completed", **counts: int) -> list[str]:
    summary: dict[str, Any] = {
        "status": status,
        "output": "/out/predictions.csv",
        "counts": {"files": 500, "succeeded": 500, "failed": 0, "rows": 500, "tries": 50} | counts,
    }
    errors = tmp_path / "errors.jsonl"
    words = {"way_on": "to resume: resume-it", "again": "retry-it"}
    told = errors.read_text().splitlines() if errors.exists() else []
    return list(summary_lines(summary, errors=str(errors), failures=told, seconds=4.2, **words))


def test_a_completed_job_says_its_counts_and_where_its_output_is(tmp_path: Path) -> None:
    assert lines(tmp_path) == [
        "Completed: 500 of 500 files ok, 500 rows in 4.2 s",
        "output: /out/predictions.csv",
    ]


def test_failed_files_come_with_the_commonest_reasons_and_where_the_rest_is(tmp_path: Path) -> None:
    errors = tmp_path / "errors.jsonl"
    reasons = ["bad header"] * 2 + ["timed out after 30 s"]
    errors.write_text(
        "".join(json.dumps({"file": "a", "count": 1, "message": m}) + "\n" for m in reasons)
    )
    assert lines(tmp_path, succeeded=497, failed=3, rows=497) == [
        "Completed: 497 of 500 files ok, 3 failed, 497 rows in 4.2 s",
        "output: /out/predictions.csv",
        "  2 files: bad header",
        "  1 file: timed out after 30 s",
        f"errors: {errors}",
        AGAIN,
    ]


def test_a_job_without_its_output_says_how_to_resume_and_no_output(tmp_path: Path) -> None:
    for status in ("Failed", "Canceled"):
        assert lines(tmp_path, status, succeeded=1, rows=1) == [
            f"{status}: 1 of 500 files ok, 499 not attempted, 1 row in 4.2 s",
            "to resume: resume-it",
        ]


def test_reasons_survive_torn_lines_long_messages_and_unnamed_files(tmp_path: Path) -> None:
    errors = tmp_path / "errors.jsonl"
    content = [
        json.dumps({"file": None, "count": 7, "message": "x" * 1000}),
        json.dumps({"file": "a", "kind": "crash", "message": ""}),
        "[1]",
        '{"file": "b", "mess',
    ]
    errors.write_text("\n".join(content))
    found = commonest_reasons(errors.read_text().splitlines())
    assert found[0][1] == 7
    assert len(found[0][0]) == 160
    assert ("crash", 1) in found


def test_messages_that_differ_in_the_file_and_in_numbers_are_one_reason(tmp_path: Path) -> None:
    errors = tmp_path / "errors.jsonl"
    told = [
        ("a/x1.png", "OSError: cannot read '/data/a/x1.png' at byte 17"),
        ("a/y.png", "OSError: cannot read '/data/a/y.png' at byte 4711"),
        ("z.png", "KeyError: 'label'"),
    ]
    errors.write_text(
        "".join(json.dumps({"file": file, "message": message}) + "\n" for file, message in told)
    )
    assert commonest_reasons(errors.read_text().splitlines()) == [
        ("OSError: cannot read …' at byte …", 2),
        ("KeyError: 'label'", 1),
    ]
