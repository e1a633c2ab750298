from __future__ import annotations

import pytest

from framework.config.editing.names import check_new_name, is_plain
from framework.errors import UsageError

KINDS = ["endpoint", "deployment", "environment", "datastore", "compute", "data"]
FROM_OUTSIDE = [
    "",
    ".",
    "..",
    "../x",
    "a/b",
    "/etc/x",
    "a\\b",
    ".hidden",
    "-rf",
    "a..b",
    "a\0b",
    "a\nb",
    "a b",
    "a@1",
    "x" * 300,
    "ü",
    "~",
    "$HOME",
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FROM_OUTSIDE)
def test_a_name_that_is_no_bare_file_name_is_refused(kind: str, name: str) -> None:
    with pytest.raises(UsageError, match=r"is no name for an? "):
        check_new_name(kind, name)


@pytest.mark.parametrize("name", ["ab", "a" * 33, "1digits", "digits-", "a_b", "a.b"])
def test_an_endpoints_name_has_its_own_pattern(name: str) -> None:
    with pytest.raises(UsageError, match="3 to 32 letters"):
        check_new_name("endpoint", name)


@pytest.mark.parametrize("name", ["abc", "mnist-batch", "A1b", "a" * 32])
def test_an_endpoints_name_is_taken(name: str) -> None:
    check_new_name("endpoint", name)


@pytest.mark.parametrize("name", ["a", "torch_dpl", "gpu-1.5", "007", "_x", "x" * 128])
def test_other_names_are_taken(name: str) -> None:
    check_new_name("deployment", name, ["another"])


def test_a_name_that_some_disks_take_for_another_is_refused() -> None:
    with pytest.raises(UsageError, match="differs from 'Torch' only in case"):
        check_new_name("deployment", "torch", ["Torch"])


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "/x", ".x", "a\\b", "a\0"])
def test_what_could_lead_elsewhere_is_not_plain(name: str) -> None:
    assert not is_plain(name)


def test_what_people_have_named_by_hand_is_plain() -> None:
    assert is_plain("größe 1")
