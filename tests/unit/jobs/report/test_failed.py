from __future__ import annotations

import random
from dataclasses import asdict
from itertools import islice, product

from hypothesis import given
from hypothesis import strategies as st

from framework.domain.outcomes import Failure, FailureKind, Stage
from framework.jobs.report.failed import MOST_REASONS, MOST_SHOWN, Failures

texts = st.text(st.characters(), max_size=30)
some = st.builds(
    Failure,
    files=st.lists(texts, max_size=3).map(tuple),
    count=st.integers(0, 100),
    stage=st.sampled_from(Stage),
    kind=st.sampled_from(FailureKind),
    message=texts,
    traceback=texts,
    process_log=texts,
)


def failure(message: str, *files: str, **more) -> Failure:
    plain = {"stage": Stage.SCORE, "kind": FailureKind.EXCEPTION, "count": len(files), **more}
    return Failure(files=files, message=message, **plain)


def gathered(*failures: Failure) -> Failures:
    found = Failures()
    for index, each in enumerate(failures):
        found.add(index, 1, [asdict(each)])
    return found


def told(failures: Failures) -> list[tuple[int, str]]:
    return [(reason.files, reason.message) for reason in failures.reasons]


@given(st.lists(some, max_size=20))
def test_every_failed_file_has_one_reason(failures):
    found = gathered(*failures)

    assert found.count == sum(each.count for each in failures)
    assert sum(reason.files for reason in found.reasons) == found.count
    assert sum(reason.mini_batches for reason in found.reasons) == len(failures)
    assert {reason.kind for reason in found.reasons} == {each.kind for each in failures}


def test_messages_that_differ_only_by_their_file_are_one_reason():
    found = gathered(
        *(failure(f"OSError: can't open '/in/d/{n}.png'", f"d/{n}.png") for n in range(100, 400)),
        failure("ValueError: no face", "e.png"),
    )

    assert told(found) == [(300, "OSError: can't open …"), (1, "ValueError: no face")]


def test_messages_that_differ_by_a_short_number_are_not_the_same():
    found = gathered(failure("HTTP 404", "a.txt"), failure("HTTP 500", "b.txt"))

    assert told(found) == [(1, "HTTP 404"), (1, "HTTP 500")]


def test_a_message_that_is_always_the_same_is_told_whole():
    same = "bad object at 0x7f001234 of 1234567 bytes"

    assert told(gathered(failure(same, "a.txt"), failure(same, "b.txt"))) == [(2, same)]


def test_one_message_of_two_kinds_is_two_reasons():
    found = gathered(failure("ended", "a"), failure("ended", "b", kind=FailureKind.CRASH))

    assert {(reason.kind, reason.files) for reason in found.reasons} == {
        ("exception", 1),
        ("crash", 1),
    }


def test_reasons_beyond_all_measure_are_counted_together():
    names = ["".join(letters) for letters in islice(product("abcdefghij", repeat=3), 900)]
    found = gathered(*(failure(name, "file.txt") for name in names))

    assert len(found.reasons) == MOST_REASONS + 1
    assert sum(reason.files for reason in found.reasons) == 900
    assert found.reasons[0].files == 900 - MOST_REASONS


def test_the_first_failures_are_those_of_the_input_whatever_came_first():
    order = list(range(3 * MOST_SHOWN))
    random.Random(1).shuffle(order)
    found = Failures()
    for index in order:
        found.add(index, 2, [asdict(failure(f"m{index}", f"{index}.txt"))])

    assert [shown.mini_batch for shown in found.first] == list(range(MOST_SHOWN))
    assert found.left_out == 2 * MOST_SHOWN


def test_a_long_traceback_keeps_its_beginning_and_its_end_and_says_what_is_missing():
    lines = "".join(f"line {number}\n" for number in range(1_000_000))
    (shown,) = gathered(failure("m", "f", traceback=lines + "ValueError: x")).first
    text = shown.failure.traceback

    assert len(text) < 9_000
    assert text.startswith("line 0\n")
    assert text.endswith("line 999999\nValueError: x")
    assert "characters are left out here]" in text


def test_no_half_of_a_signature_survives_the_cut():
    line = "GET https://h/x?sv=1&sig=SECRETSECRET failed\n"
    (shown,) = gathered(failure("m", "f", traceback=line * 1000)).first

    assert "SECRET" not in shown.failure.traceback


def test_signatures_are_in_no_message():
    found = gathered(failure("GET https://h/x?sv=1&sig=SECRET failed", "f"))

    assert "SECRET" not in found.reasons[0].message + found.first[0].failure.message


def test_of_a_big_mini_batch_some_files_are_named_and_all_are_counted():
    (shown,) = gathered(failure("m", *(f"{n}.txt" for n in range(1000)))).first

    assert len(shown.failure.files) + shown.unnamed == 1000
    assert len(shown.failure.files) < 50
