from __future__ import annotations

import json

import pytest

from framework.domain.states import JobStatus

AZURES = [
    "NotStarted",
    "Queued",
    "Preparing",
    "Running",
    "Finalizing",
    "Completed",
    "Failed",
    "CancelRequested",
    "Canceled",
]


def test_the_words_are_azure_mls():
    assert [str(status) for status in JobStatus] == AZURES
    assert json.loads(json.dumps(list(JobStatus))) == AZURES


@pytest.mark.parametrize("word", AZURES)
def test_three_states_are_final(word):
    assert JobStatus(word).is_final == (word in {"Completed", "Failed", "Canceled"})


@pytest.mark.parametrize("word", AZURES)
def test_what_ended_without_its_output_can_be_resumed(word):
    assert JobStatus(word).is_resumable == (word in {"Failed", "Canceled"})
