from __future__ import annotations

import csv
import io
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import framework.scoring.child
from framework.scoring.child import encoding
from framework.scoring.child.encoding import make_encoder
from framework.scoring.child.results import tabulate

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
SEPARATORS = st.sampled_from([",", "\t", " ", ";", "|", "\x01", "¦", "a"])
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=8,
)


def encode(spec, result, files=()):
    return make_encoder(spec).encode(tabulate(result, list(files)), result)


def delimited(result, separator=",", files=()):
    return encode({"kind": "delimited", "separator": separator}, result, files).data


def parsed(data, separator=","):
    csv.field_size_limit(sys.maxsize)
    return list(csv.reader(io.StringIO(data.decode(), newline=""), delimiter=separator))


@given(
    st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(TEXTS, min_size=n, max_size=n))),
    SEPARATORS,
)
def test_delimited_texts_parse_back(rows, separator):
    assert parsed(delimited(rows, separator), separator) == rows


@pytest.mark.parametrize(
    "cell", ["", "\r", "\n", "\r\n", '"', '""', " x ", "\0", "x" * 200_000, "\u2028", "\ufeff"]
)
@pytest.mark.parametrize("separator", [",", "\t", " "])
def test_an_odd_cell_parses_back_alone_and_among_others(cell, separator):
    assert parsed(delimited([cell], separator), separator) == [[cell]]
    assert parsed(delimited([["a", cell, "b"]], separator), separator) == [["a", cell, "b"]]


def test_a_missing_value_alone_in_its_row_is_a_row():
    assert delimited([None, float("nan"), ""]) == b'""\n""\n""\n'


def test_delimited_rows_end_in_line_feeds_and_short_ones_are_filled():
    assert delimited([[1, "a"], [2.5], [True, None]]) == b"1,a\n2.5,\nTrue,\n"


def test_half_a_surrogate_pair_is_written_as_an_escape():
    assert delimited(["x"], files=["x\udce9"]) == b"x\\udce9,x\n"


def test_a_frames_floats_show_their_own_precision():
    frame = pd.DataFrame({"a": np.array([0.1], dtype=np.float32), "b": [0.1], "c": [1e-7]})
    assert delimited(frame) == b"0.1,0.1,1e-07\n"


def test_a_frames_missing_values_are_empty_whatever_they_are():
    frame = pd.DataFrame(
        {
            "a": pd.array([1, None], dtype="Int64"),
            "b": pd.to_datetime(["2026-01-02", None]),
            "c": pd.array([True, None], dtype="boolean"),
            "d": pd.Categorical(["x", None]),
            "e": pd.array([0.1, None], dtype="Float32"),
        }
    )
    assert delimited(frame) == b"1,2026-01-02 00:00:00,True,x,0.1\n,,,,\n"


@given(st.lists(st.dictionaries(TEXTS, JSON_VALUES, min_size=1)))
def test_json_lines_parse_back_to_the_same_dicts(records):
    data = encode({"kind": "jsonl"}, records).data
    lines = data.decode().split("\n")
    assert lines.pop() == ""
    finite = json.loads(json.dumps(records), parse_constant=lambda _: None)
    assert [json.loads(line) for line in lines] == finite


def test_json_lines_keep_what_is_no_finite_number_as_null():
    result = [{"a": math.nan, "b": [np.float32(0.1), math.inf], "c": {"d": np.nan}, "e": 1}]
    assert encode({"kind": "jsonl"}, result).data == (
        b'{"a": null, "b": [0.1, null], "c": {"d": null}, "e": 1}\n'
    )


def test_json_lines_do_not_depend_on_the_other_rows_of_the_mini_batch():
    records = [{"b": 1, "a": 2}, {"a": 3, "c": 4}, {"z": None}]
    rows = [[1, 2], [3], [4, 5, 6]]
    for result in (records, rows):
        alone = [encode({"kind": "jsonl"}, [item]).data for item in result]
        assert encode({"kind": "jsonl"}, result).data == b"".join(alone)


def test_json_lines_of_a_frame_have_its_columns_as_keys():
    frame = pd.DataFrame({"a": [1, 2], "b": ["ü", None]})
    assert (
        encode({"kind": "jsonl"}, frame).data
        == '{"a": 1, "b": "ü"}\n{"a": 2, "b": null}\n'.encode()
    )


def test_json_lines_escape_half_a_surrogate_pair_as_json_does():
    line = encode({"kind": "jsonl"}, ["x"], ["x\udce9"]).data
    assert json.loads(line) == {"file": "x\udce9", "prediction": "x"}


AZURE_RESULTS = {
    "frame": pd.DataFrame({"a": ["x y", 'q"', "l\nf"], "b": [0.1, None, 3], "c": [1, 2, 3]}),
    "texts": ["a.png: 7", "", "b"],
    "dicts": [{"a": 1, "b": "x"}, {"b": None, "c": 2.5}],
    "lists": [["a.png", 7], ["b c.png", 8]],
    "tuples": (("a.png", 7), ("b", 8)),
    "array": np.array([[0.1, 0.25], [1e-9, np.nan]], dtype=np.float32),
    "numbers": np.arange(3),
    "nothing": [],
    "dates": pd.DataFrame({"d": pd.to_datetime(["2026-01-02 00:00", "2026-01-03 04:05"])}),
    "bools": [True, False],
    "unicode": ["naïve café", "日本"],
    "duplicated names": pd.DataFrame([[1, 2]], columns=["a", "a"]),
    "indexed": pd.DataFrame({"a": [1]}, index=["row"]),
}


@pytest.mark.parametrize("name", AZURE_RESULTS)
@pytest.mark.parametrize("separator", [" ", ","])
def test_azure_mls_style_is_what_pandas_writes(name, separator):
    result = AZURE_RESULTS[name]
    expected = pd.DataFrame(result).to_csv(
        sep=separator, header=False, index=False, lineterminator="\n"
    )
    assert encode({"kind": "azureml", "separator": separator}, result).data == expected.encode()


def test_azure_mls_style_does_without_pandas(monkeypatch):
    monkeypatch.setattr(encoding, "_import_pandas", lambda: None)
    assert encode({"kind": "azureml"}, [["a b", 1], ["c", None]]).data == b'"a b" 1\nc \n'


def test_columns_are_named_without_types_in_formats_of_text():
    for kind in ("delimited", "jsonl", "azureml", "columns"):
        encoded = encode({"kind": kind, "separator": ","}, [{"a": 1, "b": 2}])
        assert encoded.columns == [["a", ""], ["b", ""]]


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="'avro'"):
        make_encoder({"kind": "avro"})


def test_arrow_falls_back_to_columns_and_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert make_encoder({"kind": "arrow"}).kind == "columns"


def test_the_scorer_process_needs_nothing_newer_than_python_3_8():
    folder = Path(framework.scoring.child.__file__).parent
    vermin = "import sys, vermin; sys.exit(vermin.main())"
    options = ["--no-tips", "--violations", "--target=3.8-"]
    checked = subprocess.run(
        [sys.executable, "-c", vermin, *options, str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_reading_and_encoding_results_imports_no_library():
    code = (
        "import sys\n"
        "from framework.scoring.child.encoding import make_encoder\n"
        "from framework.scoring.child.results import tabulate\n"
        "for kind in ('delimited', 'jsonl', 'columns'):\n"
        "    encoder = make_encoder({'kind': kind, 'separator': ','})\n"
        "    encoder.encode(tabulate([[1], [2.5]], []), None)\n"
        "found = {'numpy', 'pandas', 'pyarrow'} & set(sys.modules)\n"
        "sys.exit(repr(found) if found else 0)\n"
    )
    root = Path(framework.__path__[0]).parent
    checked = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
