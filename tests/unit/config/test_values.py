from __future__ import annotations

import pytest

from framework.config.schema import Field, Kind
from framework.config.values import WrongValueError, read

BYTES = Field(kind=Kind.WHOLE, metadata={"unit": "bytes"})


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("4GiB", 4 * 1024**3),
        ("500 MB", 500_000_000),
        ("1k", 1000),
        ("1.5 KiB", 1536),
        ("2Gi", 2 * 1024**3),
        ("10", 10),
        ("10 bytes", 10),
        ("1_000", 1000),
        (7, 7),
        ("0.1GB", 100_000_000),
    ],
)
def test_a_size_has_a_unit_or_is_in_bytes(written: object, size: int) -> None:
    assert read(BYTES, written) == size


@pytest.mark.parametrize(
    "written", ["", "GiB", "4 XB", "-1GB", "1,5GB", "1e3", True, 1.5, "9" * 99]
)
def test_what_is_no_size_is_refused(written: object) -> None:
    with pytest.raises(WrongValueError, match="4GiB"):
        read(BYTES, written)


@pytest.mark.parametrize(
    ("written", "is_now"), [("5%", "5%"), (" 7.50% ", "7.5%"), ("3", 3), (4, 4), (-1, -1)]
)
def test_a_tolerance_is_a_number_or_a_share(written, is_now):
    assert read(Field(kind=Kind.TOLERANCE), written) == is_now


@pytest.mark.parametrize("written", ["5x", "x%", "101%", "-1%", True, -2, 1.5, ""])
def test_nothing_else_is_a_tolerance(written):
    with pytest.raises(WrongValueError):
        read(Field(kind=Kind.TOLERANCE), written)
