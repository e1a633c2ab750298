from __future__ import annotations

import pytest

from framework.scoring.endings import in_words


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (-11, "it crashed with a segmentation fault (SIGSEGV, signal 11)"),
        (-9, "it was killed (SIGKILL, signal 9)"),
        (-10, "it was killed by a signal (SIGUSR1, signal 10)"),
        (-63, "it was killed by signal 63"),
        (0, "it exited with code 0, as if its work were done"),
        (42, "it exited with code 42"),
        (139, "it exited with code 139, as shells say of signal SIGSEGV"),
        (255, "it exited with code 255"),
    ],
)
def test_an_end_is_told_in_words(code, words):
    assert in_words(code) == words
