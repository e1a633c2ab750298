"""Tensors are known by what they can do; the libraries need not be here, and one of them is asked
where it is."""

from __future__ import annotations

import numpy as np
import pytest

from framework.scoring.child.results import UnsupportedResultError, tabulate
from framework.scoring.child.values import text


class TorchLike:
    """Refuses to become an array while it has a gradient or lies on a device."""

    def __init__(self, array, *, is_free=False):
        self.array = np.asarray(array, dtype=np.float32)
        self.ndim = self.array.ndim
        self.is_free = is_free

    def detach(self):
        return TorchLike(self.array, is_free=True)

    def cpu(self):
        return self

    def numpy(self):
        if not self.is_free:
            raise RuntimeError("call detach first")
        return self.array


class WithoutNumpy(TorchLike):
    """torch where numpy is missing, or a type such as bfloat16."""

    def detach(self):
        return self

    def tolist(self):
        return self.array.tolist()


class TensorFlowLike:
    """An EagerTensor of no dimensions gives a numpy scalar, or bytes for a string."""

    def __init__(self, value):
        self.value = value
        self.ndim = np.ndim(value)

    def numpy(self):
        return self.value


class JaxLike:
    def __init__(self, array):
        self.array = np.asarray(array, dtype=np.float32)
        self.ndim = self.array.ndim

    def __array__(self, dtype=None, copy=None):
        return self.array


LIBRARIES = [TorchLike, WithoutNumpy, JaxLike]


@pytest.mark.parametrize("library", LIBRARIES)
def test_tensors_without_dimensions_are_scalars(library):
    table = tabulate([library(0.5), library(1.5)], ["a", "b"])
    assert table.columns == ["file", "prediction"]
    assert [float(cell) for _, cell in table.rows] == [0.5, 1.5]


@pytest.mark.parametrize("library", LIBRARIES)
def test_tensors_of_one_dimension_are_rows(library):
    table = tabulate([library([1, 2]), library([3, 4])], ["a", "b"])
    assert table.columns == ["prediction_0", "prediction_1"]
    assert [list(row) for row in table.rows] == [[1, 2], [3, 4]]


@pytest.mark.parametrize("library", [TorchLike, JaxLike])
def test_single_precision_keeps_its_short_text(library):
    assert text(library(0.1)) == "0.1"
    assert text(library([0.1])) == "[0.1]"


def test_scalars_of_tensorflow_are_numbers_and_texts():
    assert text(TensorFlowLike(np.float32(0.1))) == "0.1"
    assert text(TensorFlowLike("ü".encode())) == "ü"


def test_torchs_own_tensors_are_read():
    torch = pytest.importorskip("torch", reason="torch comes with an extra")
    weight = torch.tensor([0.5], requires_grad=True)
    table = tabulate([weight[0], weight[0] * 2, torch.tensor(0.25).bfloat16()], ["a", "b", "c"])
    assert [cell for _, cell in table.rows] == [0.5, 1.0, 0.25]
    with pytest.raises(UnsupportedResultError, match=r"returned torch\.Tensor; it must"):
        tabulate(weight, ["a"])
