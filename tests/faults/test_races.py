"""Two at once: one wins, the other says so, and every file is scored into one output once."""

from __future__ import annotations

FILES = 30
SCRIPT = """
    import os, time
    from notes import note_files
    def run(mini_batch):
        time.sleep(0.02)
        note_files(mini_batch)
        return [os.path.basename(mini_batch[0])]
"""
OUTPUT = [f"f{n:05d}.txt,f{n:05d}.txt" for n in range(FILES)]
LOSES = (
    "another process runs it",
    "another driver has just taken it over",
    "another driver has taken it over",
)


def test_of_two_resumes_at_once_one_goes_on_and_the_other_says_so(bench):
    bench.files(FILES)
    bench.script(SCRIPT)
    running = bench.start()
    assert running.wait_until(lambda: len(bench.noted) >= 5)
    running.kill()

    racing = [bench.start_resume() for _ in range(2)]
    ended = [each.end() for each in racing]

    won = [each for each in ended if each.code == 0]
    lost = [each for each in ended if each.code != 0]
    assert won, [each.err for each in ended]
    assert all(each.status == "Completed" and each.lines[1:] == OUTPUT for each in won)
    for each in lost:
        assert each.code in {1, 2}
        assert any(words in each.err for words in LOSES), each.err
        assert "Traceback" not in each.err
    assert bench.show()["status"] == "Completed"
    assert list(won[0].output.parent.iterdir()) == [won[0].output]
    claims = len(list((bench.record() / "epochs").iterdir()))
    assert claims in {2, 3}
