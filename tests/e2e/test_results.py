"""What scripts return, as it ends in each format."""

from __future__ import annotations

import csv
import io
import json
import math
import textwrap

import pandas as pd
import pyarrow.parquet as pq
import pytest

NASTY = [
    'say "hi"',
    "two\nlines",
    "comma, and\ttab",
    "üñï — 數字 🙂",
    " padded ",
    "c\rr",
    "'",
    "NaN",
]
FILES = len(NASTY)

# Each script's mini-batches have two files; FRAME is what pandas makes of the whole result.
SHAPES = {
    "frames": """
        import numpy as np
        import pandas as pd
        NASTY = {nasty!r}
        def result(places):
            return pd.DataFrame({{
                "text": [NASTY[place] for place in places],
                "number": [np.nan if place == 3 else place / 3 for place in places],
                "count": list(places),
                "flag": [place % 2 == 0 for place in places],
            }}, index=[f"row {{place}}" for place in places])
    """,
    "texts": """
        NASTY = {nasty!r}
        def result(places):
            return [NASTY[place] for place in places]
    """,
    "vectors": """
        import numpy as np
        def result(places):
            return np.array([place + 0.5 for place in places], dtype="float32")
    """,
    "matrices": """
        import numpy as np
        def result(places):
            return np.array([[place, place * 2.25, np.nan] for place in places])
    """,
    "tuples": """
        NASTY = {nasty!r}
        def result(places):
            return tuple((place, NASTY[place], None) for place in places)
    """,
}
RUN = """
def run(mini_batch):
    return result([int(file[-6:-4]) for file in mini_batch])
"""
FORMATS = ("csv", "tsv", "jsonl", "parquet", "azureml")


def _source(shape):
    return textwrap.dedent(SHAPES[shape].format(nasty=NASTY)) + RUN


def _expected(shape):
    """What one call over all files returns, and the file names."""
    namespace = {}
    exec(_source(shape), namespace)
    return namespace["result"](range(FILES)), [f"f{place:02d}.txt" for place in range(FILES)]


def _frame(shape):
    """The rows as a frame with the columns that the specification gives them."""
    result, files = _expected(shape)
    if shape in {"texts", "vectors"}:
        return pd.DataFrame({"file": files, "prediction": list(result)})
    frame = pd.DataFrame(result).reset_index(drop=True)
    return frame if shape == "frames" else frame.add_prefix("prediction_")


def _invoke(bench, how, *overrides, name=None):
    chosen = ["output.style=azureml"] if how == "azureml" else [f"output_file_name=all.{how}"]
    settings = ["mini_batch_size=2", *chosen, *overrides]
    return bench.call(*settings, name=name or f"job-{how}").check()


def _cells(frame):
    missing = frame.isna()
    return [
        [None if missing.iat[r, c] else frame.iat[r, c] for c in range(frame.shape[1])]
        for r in range(len(frame))
    ]


def _same(cell, text):
    """Whether a cell of text says a value."""
    if cell is None:
        return text == ""
    if isinstance(cell, str) or type(cell).__name__ in {"bool", "bool_"}:
        return text == str(cell)
    return math.isclose(float(text), float(cell), rel_tol=1e-6)


def _equal(cell, value):
    """Whether a value read back is that value, and of that kind; NaN may be kept or be nothing."""
    if cell is None:
        return value is None or math.isnan(value)
    if isinstance(cell, str):
        return value == cell
    if type(cell).__name__ in {"bool", "bool_"}:
        return value is bool(cell)
    return math.isclose(value, float(cell), rel_tol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_row_of_every_shape_is_right_in_every_format(bench, shape):
    bench.files(*(f"f{place:02d}.txt" for place in range(FILES)))
    bench.script(_source(shape))
    frame, (result, _) = _frame(shape), _expected(shape)
    cells = _cells(frame)
    ended = {how: _invoke(bench, how) for how in FORMATS}

    for how, separator in (("csv", ","), ("tsv", "\t")):
        text = io.StringIO(ended[how].data.decode("utf-8"), newline="")
        header, *rows = csv.reader(text, delimiter=separator, strict=True)
        assert header == list(frame.columns)
        assert len(rows) == FILES
        for row, expected in zip(rows, cells, strict=True):
            assert all(map(_same, expected, row)), (how, row, expected)

    records = [json.loads(line) for line in ended["jsonl"].data.decode("utf-8").splitlines()]
    assert len(ended["jsonl"].lines) == FILES
    for record, expected in zip(records, cells, strict=True):
        assert list(record) == list(frame.columns)
        assert all(map(_equal, expected, record.values())), (record, expected)

    table = pq.read_table(ended["parquet"].output)
    assert table.column_names == list(frame.columns)
    for row, expected in zip(table.to_pylist(), cells, strict=True):
        assert all(map(_equal, expected, row.values())), (row, expected)

    whole = pd.DataFrame(result)
    assert ended["azureml"].data.decode() == whole.to_csv(sep=" ", header=False, index=False)


def test_columns_that_differ_are_united_in_input_order(bench):
    bench.files(4)
    bench.script(
        """
        import os, time
        ROWS = {
            "f00000.txt": [{"b": 1, "a": "x"}],
            "f00001.txt": [{"c": None, "a": "y"}],
            "f00002.txt": [{"b": 2.5, "d": True}],
            "f00003.txt": [{"a": None}],
        }
        def run(mini_batch):
            name = os.path.basename(mini_batch[0])
            time.sleep(0.2 if name == "f00000.txt" else 0)  # the first is done last
            return ROWS[name]
        """
    )
    two = "max_concurrency_per_instance=2"

    as_csv = bench.call(two, name="csv").check()
    as_jsonl = bench.call(two, "output_file_name=all.jsonl", name="jsonl").check()
    as_parquet = bench.call(two, "output_file_name=all.parquet", name="parquet").check()

    assert as_csv.lines[0] == "b,a,c,d"
    assert as_csv.lines[1:4] == ["1,x,,", ",y,,", "2.5,,,True"]
    assert [json.loads(line) for line in as_jsonl.lines[:3]] == [
        {"b": 1, "a": "x"},
        {"c": None, "a": "y"},
        {"b": 2.5, "d": True},
    ]
    assert pq.read_table(as_parquet.output).to_pylist()[:3] == [
        {"b": 1.0, "a": "x", "c": None, "d": None},
        {"b": None, "a": "y", "c": None, "d": None},
        {"b": 2.5, "a": None, "c": None, "d": True},
    ]
    assert as_csv.counts["rows"] == as_jsonl.counts["rows"] == as_parquet.counts["rows"] == 4


def test_summary_only_counts_and_keeps_nothing(bench):
    bench.files(5)
    bench.script(_source("texts").replace("NASTY[place]", "place"))

    ended = bench.call("output_action=summary_only", "mini_batch_size=2").check()

    assert ended.counts == {"files": 5, "succeeded": 5, "failed": 0, "rows": 5, "tries": 3}
    assert ended.summary["output"] is None
    assert not list(bench.workspace.rglob("predictions.csv"))


def test_summary_only_keeps_what_scripts_write_by_themselves(bench, tmp_path):
    bench.files(5)
    bench.script(
        """
        import os
        def run(mini_batch):
            for file in mini_batch:
                name = os.path.basename(file) + ".out"
                with open(os.path.join(os.environ["AZUREML_BI_OUTPUT_PATH"], name), "w") as out:
                    out.write(file)
            return mini_batch
        """
    )

    bench.call("output_action=summary_only", f"output.path={tmp_path / 'out'}").check()

    kept = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert kept == sorted(f"{path.name}.out" for path in bench.data.iterdir())


def test_a_short_result_keeps_its_rows_and_names_the_files_that_are_missing(bench):
    bench.files("a.txt", "b.txt", "c.txt", "d.txt", "e.txt", "f.txt")
    bench.script(
        """
        from notes import note_files
        def run(mini_batch):
            note_files(mini_batch)
            good = [file for file in mini_batch if file[-5] not in "bf"]
            return good if "e" in mini_batch[1][-5] else [{"path": file} for file in good]
        """
    )

    ended = bench.call("mini_batch_size=3").check()

    assert ended.counts == {"files": 6, "succeeded": 4, "failed": 2, "rows": 4, "tries": 2}
    assert len(bench.noted) == 6  # not tried again
    assert [error["file"] for error in ended.errors] == ["b.txt", "f.txt"]
    assert {error["kind"] for error in ended.errors} == {"short_result"}
    failed = (ended.record / "failed_inputs.txt").read_text().splitlines()
    assert failed == [f"{bench.data}/b.txt", f"{bench.data}/f.txt"]


def test_a_short_result_that_does_not_say_which_files_is_counted(bench):
    bench.files(3)
    bench.script("def run(mini_batch):\n    return [0.5, 0.25]")

    ended = bench.call("mini_batch_size=3").check()

    assert ended.lines == ["prediction", "0.5", "0.25"]
    assert (ended.counts["succeeded"], ended.counts["failed"]) == (2, 1)
    assert (ended.errors[0]["file"], ended.errors[0]["count"]) == (None, 1)


def test_more_rows_than_files_are_a_success(bench):
    bench.files(2)
    bench.script("def run(mini_batch):\n    return ['x', 'y', 'z']")

    ended = bench.call().check()

    assert ended.lines == ["prediction", *"xyzxyz"]
    assert (ended.counts["succeeded"], ended.counts["rows"]) == (2, 6)


@pytest.mark.parametrize(
    "empty", ["[]", "()", "pandas.DataFrame({'a': []})", "numpy.zeros((0, 3))"]
)
def test_nothing_for_every_file_ends_as_failed(bench, empty):
    bench.files(3)
    bench.script(f"import numpy, pandas\ndef run(mini_batch):\n    return {empty}")

    ended = bench.call().check(1)

    assert "no item succeeded" in ended.summary["error"]
    assert ended.counts["failed"] == 3
    assert not ended.output.exists()


def test_unsupported_results_say_what_was_returned(bench):
    kinds = {"a": "None", "b": "'text'", "c": "{'x': 1}", "d": "7", "e": "(i for i in [1])"}
    bench.files(*kinds, "good")
    bench.script(
        f"KINDS = {kinds!r}\n"
        "def run(mini_batch):\n"
        "    return eval(KINDS.get(mini_batch[0][-2:].strip('/'), '[1]'))\n"
    )

    ended = bench.call("retry_settings.max_retries=1").check()

    assert ended.lines == ["file,prediction", "good,1"]
    messages = {error["file"]: error["message"] for error in ended.errors}
    names = {"a": "None", "b": "str", "c": "dict", "d": "int", "e": "generator"}
    wanted = "it must return a pandas DataFrame, a list, a tuple or a numpy array"
    assert messages == {file: f"run() returned {name}; {wanted}" for file, name in names.items()}
    assert not any(error["traceback"] for error in ended.errors)
