"""Scorers that misbehave in their process, or return what nobody expects, harm nothing else."""

from __future__ import annotations

import csv
import json

import pandas as pd
import pytest

from framework.scoring.supervisor import LOG_BYTES

MISBEHAVES = """
    import os, stat, subprocess, sys, threading, time
    from notes import note

    LOG = os.environ["BENCH_LOG"]

    def prints(_):
        for _ in range(512):
            os.write(1, b"x" * (1 << 20))
            os.write(2, b"y" * (1 << 20))
        print("z" * (1 << 20))

    def moves(_):
        os.chdir("/")
        os.environ.clear()
        os.environ["BENCH_LOG"] = LOG

    def mutes(_):
        sys.stdout = sys.stderr = None
        os.close(1)
        os.close(2)

    def threads(_):
        threading.Thread(target=time.sleep, args=(1000,)).start()

    def leaves(_):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                note("left", os.getpid())
                time.sleep(1000)
            os._exit(0)
        subprocess.Popen(["sleep", "1000"], start_new_session=True)

    def forks(_):
        os.fork()  # both return

    def closes(_):
        os.closerange(3, 4096)

    def writes(_):
        for fd in range(3, 256):
            try:
                if stat.S_ISSOCK(os.fstat(fd).st_mode):
                    os.write(fd, b"hello, is anybody there?")
            except OSError:
                pass
        time.sleep(1000)

    def says(_):
        raise ValueError("a" * 50_000_000)

    def nothing(_):
        pass

    def run(mini_batch):
        name = os.path.basename(mini_batch[0])
        globals()[name.partition(".")[0].partition("_")[2]](name)
        return [name]
"""
GOOD = ["prints", "moves", "mutes", "threads", "leaves", "forks", "nothing"]
BAD = {
    "closes": ("crash", "closes file descriptors that it has not opened"),
    "writes": ("crash", "writes to file descriptors that it has not opened"),
    "says": ("exception", "ValueError: aaaa"),
}


def test_what_a_scorer_does_to_its_process_is_its_own_affair(bench):
    names = [f"{place:02d}_{how}.txt" for place, how in enumerate([*GOOD, *BAD, "nothing"])]
    bench.files(*names)
    bench.script(MISBEHAVES)

    ended = bench.invoke("retry_settings.max_retries=1", "retry_settings.timeout=90").check()

    good = [name for name in names if name.partition("_")[2].partition(".")[0] not in BAD]
    assert ended.lines[1:] == [f"{name},{name}" for name in good]
    found = {each["file"].partition("_")[2].partition(".")[0]: each for each in ended.errors}
    assert {how: each["kind"] for how, each in found.items()} == {
        how: kind for how, (kind, _) in BAD.items()
    }
    for how, (_, words) in BAD.items():
        assert words in found[how]["message"]
        assert len(found[how]["message"]) < 10_000
        assert len(found[how]["traceback"]) < 100_000
    logs = list((ended.record / "logs").glob("instance-*.log"))
    assert all(log.stat().st_size <= LOG_BYTES + 100 for log in logs)
    assert any("bytes of this log were left out" in text for text in bench.logs().values())
    assert any(line.startswith("left") for line in bench.noted)
    assert not bench.survivors()
    assert not bench.scratch


RETURNS = """
    import datetime as dt, decimal, os
    import numpy as np
    import pandas as pd

    ODD = ["\\0", "a\\nb", "a\\rb", "a\\r\\nb", 'say "hi"', "a,b\\tc;d", "\\udcff", "\\u2028"]
    ODD += ["", " "]

    MADE = {
        "missing": lambda: pd.DataFrame({"v": [np.nan, None, pd.NaT, np.inf, -np.inf]}),
        "mixed": lambda: pd.DataFrame({"v": [1, "a", 2.5, None, True, b"\\xff", [1], {"k": 1}]}),
        "odd": lambda: pd.DataFrame({"v": pd.Series(ODD, dtype=object)}),
        "long": lambda: [{"v": "x" * 3_000_000}],
        "twice": lambda: pd.DataFrame([[1, 2]], columns=["v", "v"]),
        "levels": lambda: pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples(
            [("a", "b"), ("a", "c")])),
        "category": lambda: pd.DataFrame({"v": pd.Categorical(["a", "b", "a"])}),
        "zoned": lambda: pd.DataFrame({"t": pd.to_datetime(["2026-01-02"]).tz_localize("UTC")}),
        "exact": lambda: [{"d": decimal.Decimal("1.10"), "t": dt.timedelta(days=1)}],
        "nested": lambda: [{"n": {"a": [1, {"b": None}]}, "s": {3, 1, 2}}],
        "scalars": lambda: [{"f": np.float32(0.1), "i": np.int64(2**62), "z": np.array(3)}],
        "records": lambda: np.array([(1, "a")], dtype=[("i", "i8"), ("s", "U1")]),
        "empty": lambda: pd.DataFrame({"v": []}),
        "odd-names": lambda: [{"a,b": 1, 'q"': 2, "l\\n": 3, "": 4, "\\udcff": 5}],
        "times": lambda: [{"v": np.datetime64("2020-01-01")}, {"v": np.int64(1)}],
        "generator": lambda: (1 for _ in range(1)),
        "set": lambda: {1, 2},
        "text": lambda: "abc",
        "zero": lambda: np.array(1),
        "frames": lambda: [pd.DataFrame({"a": [1]})],
        "circle": lambda: [CIRCLE],
    }
    CIRCLE = []
    CIRCLE.append(CIRCLE)

    def run(mini_batch):
        return MADE[os.path.basename(mini_batch[0]).partition(".")[0]]()
"""
ROWS = {
    "missing": 5,
    "mixed": 8,
    "odd": 10,
    "long": 1,
    "twice": 1,
    "levels": 1,
    "category": 3,
    "zoned": 1,
    "exact": 1,
    "nested": 1,
    "scalars": 1,
    "records": 1,
    "odd-names": 1,
    "times": 2,
}
REFUSED = {
    "generator": "run() returned generator; it must return a pandas DataFrame, a list",
    "set": "run() returned set; it must return",
    "text": "run() returned str; it must return",
    "zero": "a numpy array without dimensions",
    "frames": "item 0 is a DataFrame; join them with pandas.concat",
    "circle": "values that hold themselves",
    "empty": "run() returned 0 results for a mini-batch of 1",
}


def read_back(path) -> int:
    """How many rows a stranger finds in an output."""
    if path.suffix == ".parquet":
        return len(pd.read_parquet(path))
    with path.open(encoding="utf-8", newline="") as file:
        if path.suffix == ".jsonl":
            return len([json.loads(line) for line in file.read().split("\n")[:-1]])
        separator = "\t" if path.suffix == ".tsv" else ","
        csv.field_size_limit(10_000_000)
        rows = list(csv.reader(file, delimiter=separator, strict=True))
    assert len({len(row) for row in rows}) == 1
    return len(rows) - 1


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet"])
def test_what_a_scorer_returns_is_in_the_output_or_its_file_in_the_errors(bench, suffix):
    bench.files(*(f"{how}.txt" for how in [*ROWS, *REFUSED]))
    bench.script(RETURNS)

    ended = bench.call("retry_settings.max_retries=1", f"output_file_name=out.{suffix}").check()

    assert ended.counts["rows"] == sum(ROWS.values()) == read_back(ended.output)
    told = {each["file"].partition(".")[0]: each for each in ended.errors}
    assert set(told) == set(REFUSED)
    for how, words in REFUSED.items():
        assert words in told[how]["message"]
        assert not told[how]["traceback"]
