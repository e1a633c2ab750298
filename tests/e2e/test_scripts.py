"""What scripts may count on, and what they may do without harm."""

from __future__ import annotations

import json

import pytest


def test_prints_and_logging_of_each_process_land_in_its_log(bench):
    bench.files(20)
    bench.script(
        """
        import logging, os, sys, time, warnings
        print("printed at import é")
        def init():
            print("printed in init", os.getpid())
            logging.info("logged in init")
            logging.debug("too detailed")
        def run(mini_batch):
            time.sleep(0.02)
            name = os.path.basename(mini_batch[0])
            print("printed", name)
            sys.stderr.write(f"stderr {name}\\n")
            logging.getLogger("mine").warning("logged %s", name)
            os.system(f"echo echoed {name}")
            return [os.getpid()]
        """
    )

    ended = bench.invoke("max_concurrency_per_instance=2", "resources.instance_count=2").check()

    logs = bench.logs()
    assert sorted(logs) == [f"instance-{i}-{n}.log" for i in (0, 1) for n in (0, 1)]
    for text in logs.values():
        assert text.count("printed at import é\n") == 1
        assert text.count("printed in init") == 1
        assert "INFO root: logged in init" in text
        assert "too detailed" not in text
    everything = "".join(logs.values())
    for line in ended.lines[1:]:
        name, _, pid = line.partition(",")
        assert f"printed {name}\n" in next(t for t in logs.values() if f"in init {pid}\n" in t)
        for word in ("stderr", "echoed", "WARNING mine: logged"):
            assert everything.count(f"{word} {name}\n") == 1
    assert "printed" not in ended.out + ended.err


def test_the_log_says_less_or_more_as_asked(bench):
    bench.files(1)
    bench.script(
        """
        import logging
        def run(mini_batch):
            for level in ("debug", "info", "warning"):
                getattr(logging, level)("level %s", level)
            return [1]
        """
    )
    for level, said in (("WARNING", 1), ("debug", 3)):
        bench.call(f"logging_level={level}", name=level).check()
        assert bench.logs(level)["instance-0-0.log"].count("root: level") == said


def test_variables_paths_and_neighbours_are_there_when_the_script_is_imported(bench):
    bench.files("sub/x y.txt")
    bench.script("WHERE = 'beside'", "pkg/neighbour.py")
    bench.script("WHERE = 'above'", "settings.py")
    bench.script("", "pkg/inner/__init__.py")
    bench.script("from settings import WHERE", "pkg/inner/deep.py")
    (bench.code / "labels.txt").write_text("cat\ndog\n")
    bench.script(
        """
        import json, os, sys
        SEEN = os.environ["MINE"], os.environ["EMPTY"]
        import neighbour, settings
        from inner.deep import WHERE
        import pkg.neighbour
        def run(mini_batch):
            return [json.dumps({
                "seen": SEEN,
                "imported": [neighbour.WHERE, settings.WHERE, WHERE],
                "labels": open("labels.txt").read(),
                "beside": os.path.exists(os.path.join(os.path.dirname(__file__), "neighbour.py")),
                "files": [type(file).__name__ for file in mini_batch],
                "absolute": os.path.isabs(mini_batch[0]) and os.path.exists(mini_batch[0]),
                "argv": sys.argv[1:],
                "main": __name__ == "__main__",
            })]
        """,
        "pkg/my score.py",
    )

    ended = bench.call(
        "code_configuration.scoring_script=pkg/my score.py",
        "+environment_variables.MINE=a=b, c",
        "+environment_variables.EMPTY=",
        "output_file_name=seen.jsonl",
    ).check()

    (row,) = map(json.loads, ended.lines)
    assert row["file"] == "sub/x y.txt"
    seen = json.loads(row["prediction"])
    assert seen.pop("argv") is not None
    assert seen == {
        "seen": ["a=b, c", ""],
        "imported": ["beside", "above", "above"],
        "labels": "cat\ndog\n",
        "beside": True,
        "files": ["str"],
        "absolute": True,
        "main": False,
    }


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_the_model_lies_under_its_own_name_in_the_model_dir(bench, kind):
    model = bench.root / "models" / "my model"
    inner = "weights/é.bin" if kind == "folder" else ""
    path = model / inner if inner else model
    path.parent.mkdir(parents=True)
    path.write_text("weights")
    bench.files(1)
    bench.script(
        f"""
        import os
        FOLDER = os.environ["AZUREML_MODEL_DIR"]
        assert os.environ["MODEL_DIR"] == FOLDER
        def init():
            global model
            model = open(os.path.join(FOLDER, "my model", {inner!r}).rstrip("/")).read()
        def run(mini_batch):
            found = [os.path.join(f, n) for f, _, names in os.walk(FOLDER) for n in names]
            return [(model, os.listdir(FOLDER)[0], len(found))]
        """
    )

    ended = bench.call(f"model.path={model}").check()

    assert ended.lines[1] == "weights,my model,1"


@pytest.mark.parametrize("name", ["torch", "json", "results", "logging", "loop", "script"])
def test_a_script_may_be_called_like_any_library(bench, name):
    bench.files(2)
    bench.script(
        """
        import json, logging, numpy
        def run(mini_batch):
            return numpy.array([len(json.dumps([1, 2]))] * len(mini_batch))
        """,
        f"{name}.py",
    )

    ended = bench.call(f"code_configuration.scoring_script={name}.py").check()

    assert ended.lines[1:] == ["f00000.txt,6", "f00001.txt,6"]


DISTURBING = {
    "changes its folder": "os.chdir('/')",
    "closes stdout": "os.close(1); os.close(2)",
    "closes the streams": "sys.stdout.close(); sys.stderr.close()",
    "replaces stdout": "sys.stdout = sys.stderr = None",
    "writes much": "os.write(1, b'x' * 5_000_000); print('y' * 5_000_000)",
    "reads stdin": "assert sys.stdin.read() == ''",
    "empties the environment": "os.environ.clear()",
    "loses its modules": "[sys.modules.pop(n) for n in list(sys.modules) if 'scor' not in n]",
    "sets a timer": "signal.signal(signal.SIGALRM, print); signal.setitimer(0, 0.01, 0.01)",
    "ignores children": "signal.signal(signal.SIGCHLD, signal.SIG_IGN); subprocess.run(['true'])",
    "has a socket timeout": "socket.setdefaulttimeout(0.01)",
    "turns warnings into errors": "warnings.simplefilter('error')",
    "limits recursion": "sys.setrecursionlimit(120)",
    "has a pool": "assert pool_of('fork').map(abs, [-1, 2]) == [1, 2]",
    "spawns a pool": "assert pool_of('spawn').map(abs, [-1, 2]) == [1, 2]",
    "forks and execs": "os.waitpid(os.spawnlp(os.P_NOWAIT, 'true', 'true'), 0)",
    "starts threads": "[threading.Timer(1000, print).start() for _ in range(9)]",
    "leaves a file open and a child": "subprocess.Popen(['sleep', '1000'], close_fds=False)",
    "writes into its model and code": "open('scratch.txt', 'w').write('x')",
    "deletes its output folder": "shutil.rmtree(os.environ['AZUREML_BI_OUTPUT_PATH'])",
    "changes the umask": "os.umask(0o777)",
}


@pytest.mark.parametrize("what", DISTURBING.values(), ids=DISTURBING.keys())
def test_a_script_may_disturb_its_own_process(bench, what):
    bench.files(6)
    bench.script(
        f"""
        import multiprocessing, os, shutil, signal, socket, subprocess, sys, threading, warnings
        def pool_of(how):
            return multiprocessing.get_context(how).Pool(2)
        done = []
        def run(mini_batch):
            if not done:
                done.append(1)
                {what}
            return [os.path.basename(file) for file in mini_batch]
        """
    )

    ended = bench.call().check()

    assert ended.lines[1:] == [f"f{n:05d}.txt,f{n:05d}.txt" for n in range(6)]
    assert ended.counts["tries"] == 6


def test_a_script_may_load_its_data_with_worker_processes(bench):
    torch = pytest.importorskip("torch", reason="torch is an extra")
    assert torch.__version__
    bench.files(8)
    bench.script(
        """
        from torch.utils.data import DataLoader
        class Files:
            def __init__(self, paths): self.paths = paths
            def __len__(self): return len(self.paths)
            def __getitem__(self, place): return len(open(self.paths[place]).read())
        def run(mini_batch):
            loader = DataLoader(Files(mini_batch), batch_size=2, num_workers=2)
            return [int(size) for batch in loader for size in batch]
        """
    )

    ended = bench.call("mini_batch_size=4").check()

    assert ended.lines[1:] == [f"f{n:05d}.txt,2" for n in range(8)]
