from __future__ import annotations

import collections
import dataclasses
import types

import numpy as np
import pandas as pd
import pytest

from framework.scoring.child.results import UnsupportedResultError, tabulate

FILES = ["a/1.png", "a/2.png", "b/3.png"]


def shown(result, files=FILES):
    table = tabulate(result, files)
    return table.columns, [list(row) for row in table.rows]


def test_scalars_one_a_file_stand_beside_their_files():
    assert shown(["x", 2, None]) == (
        ["file", "prediction"],
        [["a/1.png", "x"], ["a/2.png", 2], ["b/3.png", None]],
    )


@pytest.mark.parametrize("result", [["x", "y"], ["x", "y", "z", "w"]], ids=["fewer", "more"])
def test_scalars_of_another_number_stand_alone(result):
    assert shown(result) == (["prediction"], [[item] for item in result])


@pytest.mark.parametrize(
    "result",
    [
        (1, 2, 3),
        [1, 2, 3],
        np.array([1, 2, 3]),
        pd.Series([1, 2, 3], index=[7, 8, 9]),
        [np.int64(1), np.int8(2), 3],
        [np.array(1), np.array(2), np.array(3)],
        np.array([1, 2, 3], dtype=object),
    ],
)
def test_all_sequences_of_scalars_read_alike(result):
    assert shown(result) == (["file", "prediction"], [[f, n + 1] for n, f in enumerate(FILES)])


def test_dicts_give_their_keys_in_first_seen_order():
    assert shown([{"b": 1, "a": 2}, {"c": 3, "b": 4}]) == (
        ["b", "a", "c"],
        [[1, 2, None], [4, None, 3]],
    )


def test_dicts_keep_their_own_keys_as_records():
    records = [{"b": 1, "a": 2}, {"c": 3}]
    assert tabulate(records, FILES).records == records


@dataclasses.dataclass
class Digit:
    label: int
    probability: float


Named = collections.namedtuple("Named", ["label", "probability"])


@pytest.mark.parametrize(
    "result",
    [
        [{"label": 1, "probability": 0.5}],
        [collections.OrderedDict(label=1, probability=0.5)],
        [types.MappingProxyType({"label": 1, "probability": 0.5})],
        [Digit(1, 0.5)],
        [Named(1, 0.5)],
        [pd.Series({"label": 1, "probability": 0.5})],
        np.array([(1, 0.5)], dtype=[("label", int), ("probability", float)]),
        list(np.array([(1, 0.5)], dtype=[("label", int), ("probability", float)])),
        np.array([{"label": 1, "probability": 0.5}]),
        pd.DataFrame({"label": [1], "probability": [0.5]}, index=[42]),
    ],
)
def test_everything_with_named_values_gives_columns_of_those_names(result):
    assert shown(result) == (["label", "probability"], [[1, 0.5]])


def test_keys_that_are_no_text_become_text():
    assert shown([{1: "a", ("x", 2): "b"}]) == (["1", "x_2"], [["a", "b"]])


@pytest.mark.parametrize(
    "result",
    [
        [[1, 2], [3, 4]],
        [(1, 2), [3, 4]],
        ((1, 2), (3, 4)),
        np.array([[1, 2], [3, 4]]),
        [np.array([1, 2]), np.array([3, 4])],
        [np.array([1, 2]), [3, 4]],
    ],
)
def test_two_dimensions_give_numbered_columns(result):
    assert shown(result) == (["prediction_0", "prediction_1"], [[1, 2], [3, 4]])


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_a_matrix_reads_as_an_array_does():
    assert shown(np.matrix([[1, 2], [3, 4]])) == (
        ["prediction_0", "prediction_1"],
        [[1, 2], [3, 4]],
    )


def test_rows_of_different_lengths_share_the_columns_of_the_longest():
    assert shown([[1], [2, 3, 4], []]) == (
        ["prediction_0", "prediction_1", "prediction_2"],
        [[1], [2, 3, 4], []],
    )


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (["a", "a", "a"], ["a", "a.1", "a.2"]),
        (["a", "a.1", "a"], ["a", "a.1", "a.2"]),
        (["a", "a", "a.1"], ["a", "a.2", "a.1"]),
        ([1, "1", None], ["1", "1.1", "None"]),
        (
            pd.MultiIndex.from_tuples([("x", "mean"), ("x", "sum"), ("y", 1)]),
            ["x_mean", "x_sum", "y_1"],
        ),
    ],
)
def test_column_names_are_texts_each_there_once(columns, expected):
    frame = pd.DataFrame([[1, 2, 3]])
    frame.columns = columns
    assert shown(frame) == (expected, [[1, 2, 3]])


def test_a_frame_without_rows_keeps_its_columns():
    table = tabulate(pd.DataFrame({"a": [], "b": []}), FILES)
    assert (table.columns, table.rows, table.items) == (["a", "b"], [], 0)


@pytest.mark.parametrize(
    "result", [[{}, {}], [[], []], pd.DataFrame(index=range(2)), np.empty((2, 0))]
)
def test_rows_without_any_cell_still_count(result):
    assert shown(result) == (["prediction"], [[None], [None]])


@pytest.mark.parametrize("result", [[], (), np.array([]), pd.DataFrame()])
def test_an_empty_result_has_no_rows_and_misses_every_file(result):
    table = tabulate(result, FILES)
    assert (table.rows, table.items, table.missing) == ([], 0, FILES)


@pytest.mark.parametrize(
    ("result", "name"),
    [
        (None, "None"),
        ("text", "str"),
        ({"a": 1}, "dict"),
        (3, "int"),
        ((n for n in range(3)), "generator"),
        ({1, 2}, "set"),
        (np.float32(1), "numpy.float32"),
    ],
)
def test_anything_else_is_refused_by_name(result, name):
    with pytest.raises(UnsupportedResultError, match=rf"run\(\) returned {name}; it must return"):
        tabulate(result, FILES)


def test_an_array_without_dimensions_is_refused():
    with pytest.raises(UnsupportedResultError, match="without dimensions"):
        tabulate(np.array(3), FILES)


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ([{"a": 1}, 2.5], "item 1 is a float, where item 0 is a dict"),
        ([1, [2]], "item 1 is a list, where item 0 is a int"),
        ([[1], None], "item 1 is None, where item 0 is a list"),
        ([1, {"a": 2}], "item 1 is a dict, where item 0 is a int"),
        ([pd.DataFrame()], "item 0 is a DataFrame"),
    ],
)
def test_a_mixture_is_refused_by_the_item_that_differs(result, message):
    with pytest.raises(UnsupportedResultError, match=message):
        tabulate(result, FILES)


def test_a_third_dimension_stays_inside_the_cells():
    table = tabulate(np.arange(8).reshape(2, 2, 2), FILES)
    assert table.columns == ["prediction_0", "prediction_1"]
    assert [[cell.tolist() for cell in row] for row in table.rows] == [
        [[0, 1], [2, 3]],
        [[4, 5], [6, 7]],
    ]


def test_more_rows_than_files_miss_nothing():
    assert tabulate([1, 2, 3, 4], FILES).missing == []
