"""What scripts write to `AZUREML_BI_OUTPUT_PATH` lies beside the output, each file once."""

from __future__ import annotations

PRELUDE = """
    import os, time
    from notes import note, note_files
    OUTPUT = os.environ["AZUREML_BI_OUTPUT_PATH"]
    def write(name, text):
        path = os.path.join(OUTPUT, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
"""


def _beside(ended):
    folder = ended.output.parent
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and path != ended.output
    }


def test_files_of_good_tries_are_published_once_and_those_of_failed_tries_not(bench):
    bench.files(8)
    bench.script(
        PRELUDE
        + """
    def init():
        write("model.txt", "the same from each process")
    def run(mini_batch):
        name = os.path.basename(mini_batch[0])
        flag = os.environ["BENCH_LOG"] + name
        is_first = not os.path.exists(flag)
        open(flag, "w").close()
        write(f"heat maps/é {name}", name)
        if is_first:
            write(f"torn-{name}", "from a try that failed")
            if name == "f00002.txt":
                os._exit(1)
            if name == "f00003.txt":
                raise ValueError("not yet")
            if name == "f00004.txt":
                time.sleep(1000)
            os.remove(os.path.join(OUTPUT, f"torn-{name}"))
        if name == "f00007.txt":
            raise ValueError("never")
        return [name]
    """
    )

    ended = bench.call(
        "max_concurrency_per_instance=2",
        "retry_settings.max_retries=2",
        "retry_settings.timeout=1",
    ).check()

    names = [f"f{place:05d}.txt" for place in range(7)]
    assert ended.lines[1:] == [f"{name},{name}" for name in names]
    assert _beside(ended) == {
        **{f"heat maps/é {name}": name for name in names},
        "model.txt": "the same from each process",
    }


def test_of_two_contents_for_one_name_the_later_in_input_order_is_kept(bench):
    bench.files("a", "b", "c")
    bench.script(
        PRELUDE
        + """
    def run(mini_batch):
        time.sleep(0.3 if mini_batch[0].endswith("c") else 0)
        write("last.txt", mini_batch[0][-1])
        return [1]
    """
    )

    ended = bench.call("max_concurrency_per_instance=2").check()

    assert _beside(ended) == {"last.txt": "c"}
    assert "last.txt was written by 3 mini-batches with different contents" in ended.err


def test_no_file_may_take_the_name_of_the_output(bench):
    bench.files("a", "b")
    bench.script(
        PRELUDE
        + """
    def run(mini_batch):
        if mini_batch[0].endswith("b"):
            write("predictions.csv", "mine")
        return [1]
    """
    )

    ended = bench.call("retry_settings.max_retries=1").check()

    assert ended.lines == ["file,prediction", "a,1"]
    assert "predictions.csv" in ended.errors[0]["message"]
    assert "the name of the job's output file" in ended.errors[0]["message"]
    assert _beside(ended) == {}


def test_files_stay_where_the_job_fails_and_are_published_when_it_is_resumed(bench):
    bench.files(*(f"{place:02d}" for place in range(20)))
    bench.script(
        PRELUDE
        + """
    def run(mini_batch):
        note_files(mini_batch)
        name = os.path.basename(mini_batch[0])
        if name == "10":
            raise ValueError("bad")
        write(f"{name}.txt", name)
        return [1]
    """
    )
    failed = bench.call("error_threshold=0", "retry_settings.max_retries=1").check(1)
    assert not failed.output.parent.exists() or _beside(failed) == {}

    resumed = bench.resume("error_threshold=-1").check()

    assert _beside(resumed) == {f"{p:02d}.txt": f"{p:02d}" for p in range(20) if p != 10}
    assert len(resumed.lines) == 20
