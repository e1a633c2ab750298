from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from pathlib import Path

import psutil
import pytest

from framework.domain.models import ModelSource
from framework.scoring.launch import Launch, Room
from framework.scoring.process import DeadlineError, ProcessEndedError, ScorerProcess

PATIENCE_S = 60.0
CSV = {"kind": "delimited", "separator": ","}
ECHO = """
def run(mini_batch):
    return [file for file in mini_batch]
"""


def ask(process: ScorerProcess, *names: str, key: str = "0"):
    process.send(key, list(names), root="/data/")
    return process.receive(PATIENCE_S)


def source(folder: str, name: str) -> ModelSource:
    return ModelSource(title=name, url=folder, path=name, sha256="", size=0)


def end_of(process: ScorerProcess) -> str:
    """The words for how a process ended."""
    try:
        while process.receive(PATIENCE_S):
            continue
    except ProcessEndedError as ended:
        return str(ended)


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(condition) -> None:
    """Waits for what happens in another process."""
    waiting = threading.Event()
    for _ in range(int(PATIENCE_S * 100)):
        if condition():
            return
        waiting.wait(0.01)
    raise AssertionError("it has not happened")


def noted_pids(file: Path, count: int) -> list[int]:
    """The pids that a script notes in a file, as soon as they are all there."""

    def words() -> list[str]:
        return file.read_text().split() if file.exists() else []

    wait_until(lambda: len(words()) >= count)
    return [int(word) for word in words()]


# --- replies


def test_a_process_says_that_it_has_loaded_its_script(starter):
    reply = starter.start("def run(mini_batch): return mini_batch").receive(PATIENCE_S)

    assert reply.header["ok"] is True
    assert reply.payload == b""


def test_a_mini_batch_gets_rows(starter):
    process = starter.loaded(ECHO, encoding=CSV)
    reply = ask(process, "a.txt", "b/c d.txt")

    assert reply.header["ok"] is True
    assert (reply.header["items"], reply.header["rows"]) == (2, 2)
    assert [name for name, _ in reply.header["columns"]] == ["file", "prediction"]
    assert reply.payload == b"a.txt,/data/a.txt\nb/c d.txt,/data/b/c d.txt\n"
    assert reply.header["seconds"] >= 0


def test_without_an_encoding_rows_are_only_counted(starter):
    reply = ask(starter.loaded(ECHO), "a", "b", "c")

    assert (reply.header["items"], reply.header["rows"], reply.payload) == (3, 3, b"")


def test_fetched_files_are_given_by_their_own_paths(starter):
    process = starter.loaded(ECHO, encoding=CSV)
    process.send("0", ["x"], root=None, files=["/scratch/7/x"])

    assert process.receive(PATIENCE_S).payload == b"x,/scratch/7/x\n"


def test_replies_come_in_the_order_of_many_mini_batches_sent_at_once(starter):
    process = starter.loaded(ECHO, encoding=CSV)
    for number in range(500):
        process.send(str(number), [f"{number}.txt"], root="/")
    payloads = [process.receive(PATIENCE_S).payload for _ in range(500)]

    assert payloads == [f"{number}.txt,/{number}.txt\n".encode() for number in range(500)]


@pytest.mark.parametrize("name", ["ü ñ 日本.txt", "new\nline", "#?%20&", os.fsdecode(b"\xff\xfe")])
def test_odd_names_reach_the_script_as_they_are(starter, name):
    process = starter.loaded(
        """
        import os
        def run(mini_batch):
            return [os.fsencode(file).hex() for file in mini_batch]
        """,
        encoding=CSV,
    )
    payload = ask(process, name).payload

    assert payload.rstrip().endswith(os.fsencode(f"/data/{name}").hex().encode())


def test_columns_are_said_again_where_the_reply_that_had_them_was_given_up(starter):
    process = starter.loaded(
        """
        import os
        def run(mini_batch):
            if mini_batch == ["/data/bad"]:
                open(os.path.join(os.environ["AZUREML_BI_OUTPUT_PATH"], "taken.csv"), "w").close()
            return [{"label": 1} for _ in mini_batch]
        """,
        encoding=CSV,
        reserved="taken.csv",
    )

    assert ask(process, "bad").header["ok"] is False
    assert ask(process, "good").header["columns"] == [["label", ""]]


def test_a_name_that_is_no_utf8_can_be_printed(starter):
    process = starter.loaded(
        "def run(mini_batch): print(*mini_batch); return mini_batch",
        environment_variables={"PYTHONIOENCODING": "utf-8:strict"},
    )

    assert ask(process, os.fsdecode(b"\xff")).header["ok"]
    process.close(PATIENCE_S)
    assert "\\udcff" in starter.log.read_text()


def test_a_mini_batch_of_a_hundred_thousand_names_goes_through(starter):
    process = starter.loaded("def run(mini_batch): return [len(mini_batch)]")
    names = [f"folder/{number:06d}-with-a-rather-long-name.png" for number in range(100_000)]
    reply = ask(process, *names)

    assert reply.header["items"] == 1
    assert ask(process, "a").header["items"] == 1


def test_a_reply_of_fifty_megabytes_goes_through(starter):
    process = starter.loaded(
        """
        def run(mini_batch):
            return ["x" * 1_000_000 for _ in range(50 if mini_batch == ["/data/a"] else 1)]
        """,
        encoding=CSV,
    )
    payload = ask(process, "a").payload

    assert len(payload) == 50 * 1_000_001
    assert ask(process, "b").header["ok"] is True


def test_large_requests_and_large_replies_at_once_do_not_block_each_other(starter):
    process = starter.loaded("def run(mini_batch): return mini_batch", encoding=CSV)
    names = [f"{number:06d}" + "n" * 100 for number in range(10_000)]
    for number in range(5):
        process.send(str(number), names, root="/")

    assert {len(process.receive(PATIENCE_S).payload) for _ in range(5)} == {10_000 * (2 * 106 + 3)}


# --- exceptions


def test_an_exception_is_told_and_the_process_goes_on(starter):
    process = starter.loaded(
        """
        def run(mini_batch):
            if "bad" in mini_batch[0]:
                raise ValueError("no such thing as " + mini_batch[0])
            return mini_batch
        """
    )
    failed, good = ask(process, "bad"), ask(process, "good")

    assert failed.header["ok"] is False
    assert (failed.header["stage"], failed.header["kind"]) == ("score", "exception")
    assert failed.header["message"] == "ValueError: no such thing as /data/bad"
    assert 'raise ValueError("no such thing as " + mini_batch[0])' in failed.header["traceback"]
    assert "framework/scoring" not in failed.header["traceback"]
    assert good.header["ok"] is True


@pytest.mark.parametrize(
    ("statement", "kind", "message"),
    [
        ("raise SystemExit(42)", "exception", "SystemExit: 42"),
        ("raise KeyboardInterrupt", "exception", "KeyboardInterrupt"),
        ("raise MemoryError('too much')", "memory", "MemoryError: too much"),
        ("raise ValueError('two\\nlines')", "exception", "ValueError: two lines"),
        ("raise Mute", "exception", "Mute"),
    ],
)
def test_whatever_is_raised_is_told_in_one_line(starter, statement, kind, message):
    process = starter.loaded(
        f"""
        class Mute(Exception):
            def __str__(self):
                raise RuntimeError("not even this")
        def run(mini_batch):
            {statement}
        """
    )
    header = ask(process, "a").header

    assert (header["ok"], header["kind"]) == (False, kind)
    assert message in header["message"]
    assert "\n" not in header["message"]
    assert ask(process, "b").header["ok"] is False  # and it is still there


def test_what_can_not_be_read_as_rows_is_told(starter):
    header = ask(starter.loaded("def run(mini_batch): return {'a': 1}"), "a").header

    assert (header["ok"], header["stage"]) == (False, "encode")
    assert "dict" in header["message"]


def test_a_failing_init_is_told_with_its_traceback(starter):
    process = starter.start(
        """
        def init():
            open("/no/such/model")
        def run(mini_batch):
            return mini_batch
        """
    )
    header = process.receive(PATIENCE_S).header

    assert (header["ok"], header["stage"]) == (False, "load")
    assert header["message"].startswith("FileNotFoundError")
    assert 'open("/no/such/model")' in header["traceback"]
    assert end_of(process) == "it exited with code 1"


# --- ends


@pytest.mark.parametrize("code", [1, 3, 255])
def test_an_exit_is_noticed_with_its_code(starter, code):
    process = starter.loaded(f"import os\ndef run(mini_batch): os._exit({code})")
    process.send("0", ["a"], root="/")

    assert end_of(process) == f"it exited with code {code}"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGKILL, "it was killed (SIGKILL, signal 9)"),
        (signal.SIGSEGV, "it crashed with a segmentation fault (SIGSEGV, signal 11)"),
        (
            signal.SIGABRT,
            "it aborted itself, as native code in distress does (SIGABRT, signal 6)",
        ),
        (signal.SIGTERM, "it was asked to end (SIGTERM, signal 15)"),
        (signal.SIGRTMIN + 3, f"it was killed by signal {int(signal.SIGRTMIN) + 3}"),
    ],
)
def test_a_death_by_signal_is_noticed_with_its_name(starter, number, words):
    process = starter.loaded(
        f"""
        import os, resource
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        def run(mini_batch):
            os.kill(os.getpid(), {int(number)})
        """
    )
    process.send("0", ["a"], root="/")

    assert end_of(process) == words


def test_a_death_between_mini_batches_is_noticed(starter):
    process = starter.loaded(ECHO)
    assert ask(process, "a").header["ok"]
    os.kill(process.pid, signal.SIGKILL)

    assert end_of(process) == "it was killed (SIGKILL, signal 9)"


def test_replies_that_were_sent_before_a_crash_are_not_lost(starter):
    process = starter.loaded(
        """
        import os
        def run(mini_batch):
            if mini_batch[0].endswith("last"):
                os._exit(9)
            return ["x" * 100_000]
        """,
        encoding=CSV,
    )
    for name in ("a", "b", "c", "d", "last", "never"):
        process.send(name, [name], root="/")
    replies = [process.receive(PATIENCE_S) for _ in range(4)]

    assert all(reply.header["ok"] and len(reply.payload) > 100_000 for reply in replies)
    assert end_of(process) == "it exited with code 9"


def test_a_process_that_ended_stays_ended(starter):
    process = starter.loaded("import os\ndef run(mini_batch): os._exit(2)")
    process.send("0", ["a"], root="/")

    assert end_of(process) == end_of(process) == "it exited with code 2"


def test_a_killed_supervisor_takes_its_process_with_it(starter):
    process = starter.loaded(ECHO)
    ask(process, "a")  # its pid is known by now
    psutil.Process(process.pid).parent().kill()

    assert end_of(process) == "its supervisor was killed"
    wait_until(lambda: not is_alive(process.pid))


def test_an_interpreter_that_is_not_there_is_told(starter):
    process = starter.start(ECHO, python="/no/such/python")

    words = end_of(process)
    assert words.startswith("it could not be started: ")
    assert "/no/such/python" in words


def test_a_log_that_can_not_be_written_is_told(starter, tmp_path):
    room = Room(
        folder=tmp_path / "r", cwd=starter.code, log=tmp_path / "no" / "x.log", model_dir=None
    )
    process = starter.start_launch(starter.launch(ECHO), room)

    words = end_of(process)
    assert words.startswith("it could not be started: ")
    assert str(tmp_path / "no" / "x.log") in words


@pytest.mark.parametrize("timeout_s", [1e7, 1e300])
def test_a_deadline_may_be_farther_away_than_the_system_counts(starter, timeout_s):
    assert starter.start(ECHO).receive(timeout_s).header["ok"]


def test_a_process_that_stops_its_supervisor_and_ends_is_noticed(starter):
    process = starter.loaded(
        """
        import os, signal
        def run(mini_batch):
            os.kill(os.getppid(), signal.SIGSTOP)
            os._exit(7)
        """
    )
    process.send("0", ["a"], root="/")

    assert "code 7" in end_of(process)


def test_no_reply_in_time_is_a_deadline_and_the_reply_may_still_come(starter, tmp_path):
    gate = tmp_path / "gate"
    process = starter.loaded(
        f"""
        import os, time
        def run(mini_batch):
            while not os.path.exists({str(gate)!r}):
                time.sleep(0.01)
            return mini_batch
        """
    )
    process.send("0", ["a"], root="/")
    with pytest.raises(DeadlineError):
        process.receive(0.05)
    gate.touch()

    assert process.receive(PATIENCE_S).header["ok"] is True


def test_a_process_that_closes_all_its_descriptors_is_ended(starter):
    process = starter.loaded(
        """
        import os, time
        def run(mini_batch):
            os.closerange(0, 4096)
            time.sleep(1000)
        """
    )
    process.send("0", ["a"], root="/")

    assert end_of(process).startswith("it ")
    assert not is_alive(process.pid)


def test_a_grandchild_that_keeps_the_channel_open_hides_no_crash(starter, tmp_path):
    process = starter.loaded(
        f"""
        import os, time
        def run(mini_batch):
            pid = os.fork()
            if not pid:
                time.sleep(1000)
            with open({str(tmp_path / "pids")!r}, "w") as file:
                file.write(str(pid))
            os._exit(5)
        """
    )
    process.send("0", ["a"], root="/")

    assert end_of(process) == "it exited with code 5"
    assert not any(map(is_alive, noted_pids(tmp_path / "pids", 1)))


# --- killing and closing

FAMILY = """
import os, signal, subprocess, sys, time

def note(pid):
    with open({file!r}, "a") as file:
        file.write(str(pid) + " ")

def run(mini_batch):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    note(os.getpid())
    note(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"]).pid)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            note(os.getpid())
            time.sleep(1000)
        os._exit(0)
    time.sleep(1000)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a subreaper is Linux's")
def test_killing_takes_all_descendants_also_those_that_hide(starter, tmp_path):
    file = tmp_path / "pids"
    process = starter.loaded(FAMILY.format(file=str(file)))
    process.send("0", ["a"], root="/")
    process.flush()
    pids = noted_pids(file, 3)
    assert all(map(is_alive, pids))
    process.kill()

    assert not any(map(is_alive, pids))


def test_killing_from_another_thread_ends_the_waiting(starter):
    process = starter.loaded("import time\ndef run(mini_batch): time.sleep(1000)")
    process.send("0", ["a"], root="/")
    killer = threading.Timer(0.1, process.kill)
    killer.start()

    assert end_of(process)
    killer.join()
    assert not is_alive(process.pid)


def test_killing_twice_does_no_harm(starter):
    process = starter.loaded(ECHO)
    process.kill()
    process.kill()

    assert end_of(process) == "it was killed"


def test_a_process_that_is_killed_while_it_loads_is_gone(starter, tmp_path):
    file = tmp_path / "pids"
    process = starter.start(
        f"""
        import os, time
        with open({str(file)!r}, "w") as pids:
            pids.write(str(os.getpid()))
        time.sleep(1000)
        """
    )
    process.flush()
    pids = noted_pids(file, 1)
    process.kill()

    assert not any(map(is_alive, pids))


def test_closing_calls_shutdown_and_waits_for_it(starter, tmp_path):
    file = tmp_path / "said"
    process = starter.loaded(
        f"""
        import time
        def run(mini_batch):
            return mini_batch
        def shutdown():
            time.sleep(0.3)
            open({str(file)!r}, "w").write("goodbye")
        """
    )
    ask(process, "a")
    process.close(PATIENCE_S)

    assert file.read_text() == "goodbye"
    assert not is_alive(process.pid)


def test_closing_waits_for_what_python_does_at_exit(starter, tmp_path):
    file = tmp_path / "said"
    process = starter.loaded(
        f"""
        import atexit, time
        def goodbye():
            time.sleep(0.3)
            open({str(file)!r}, "w").write("goodbye")
        def init():
            atexit.register(goodbye)
        def run(mini_batch):
            return mini_batch
        """
    )
    process.close(PATIENCE_S)

    assert file.read_text() == "goodbye"


def test_closing_kills_what_does_not_end_in_time(starter, tmp_path):
    file = tmp_path / "pids"
    process = starter.loaded(
        f"""
        import os, time
        def run(mini_batch):
            return mini_batch
        def shutdown():
            open({str(file)!r}, "w").write(str(os.getpid()))
            time.sleep(1000)
        """
    )
    ask(process, "a")
    process.close(1.0)

    assert not is_alive(process.pid)


def test_closing_what_has_ended_does_no_harm(starter):
    process = starter.loaded("import os\ndef run(mini_batch): os._exit(1)")
    process.send("0", ["a"], root="/")
    end_of(process)
    process.close(PATIENCE_S)
    process.kill()


def test_no_descriptor_is_left_after_release(starter):
    def descriptors() -> int:
        return len(os.listdir(f"/proc/{os.getpid()}/fd"))

    before = descriptors()
    process = starter.loaded(ECHO)
    process.kill()
    process.release()

    assert descriptors() == before


# --- log and environment


def test_prints_and_logging_go_to_the_log_and_not_into_the_rows(starter):
    process = starter.loaded(
        """
        import logging, os, sys
        def init():
            print("init speaks")
        def run(mini_batch):
            print("run speaks")
            print("an error", file=sys.stderr)
            logging.getLogger("mine").warning("a warning")
            logging.getLogger("mine").debug("too much detail")
            os.system("echo a child speaks")
            return mini_batch
        """,
        encoding=CSV,
    )
    payload = ask(process, "a").payload
    process.close(PATIENCE_S)

    log = starter.log.read_text()
    for words in ("init speaks", "run speaks", "an error", "mine: a warning", "a child speaks"):
        assert words in log
    assert "too much detail" not in log
    assert payload == b"a,/data/a\n"


def test_a_second_process_of_the_same_number_adds_to_the_log(starter):
    for words in ("first", "second"):
        starter.loaded(f"print({words!r})\ndef run(mini_batch): return mini_batch").kill()

    assert starter.log.read_text().splitlines() == ["first", "second"]


def variables(process: ScorerProcess) -> dict[str, str]:
    rows = ask(process, "a").payload.decode().splitlines()
    return dict(row.split("=", 1) for row in rows)


NAMES = """
import os
def run(mini_batch):
    return [f"{name}={value}" for name, value in os.environ.items() if "," not in value
            and '"' not in value and "\\n" not in value] + ["none=here"] * 2
"""


def test_threads_are_bounded_and_the_nannys_settings_do_not_leak(starter, monkeypatch):
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "65536")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("INHERITED", "yes")
    told = variables(starter.loaded(NAMES, encoding=CSV, threads=3))

    assert "MALLOC_TRIM_THRESHOLD_" not in told
    assert told["OMP_NUM_THREADS"] == told["MKL_NUM_THREADS"] == "3"
    assert told["OPENBLAS_NUM_THREADS"] == "3"
    assert told["INHERITED"] == "yes"


def test_the_deployments_own_variables_win_and_are_there_before_the_import(starter):
    own = {"OMP_NUM_THREADS": "7", "MALLOC_TRIM_THRESHOLD_": "1", "ODD": "a=b c"}
    script = f"import os\nassert os.environ['ODD'] == 'a=b c'\n{NAMES}"
    told = variables(starter.loaded(script, encoding=CSV, threads=3, environment_variables=own))

    assert {name: told[name] for name in own} == own


def test_scripts_find_the_folders_that_azure_ml_names(starter, tmp_path):
    models = tmp_path / "models"
    models.mkdir()
    (models / "net.pt").touch()
    room = Room(folder=tmp_path / "r", cwd=starter.code, log=starter.log, model_dir=models)
    process = starter.start_launch(
        starter.launch(NAMES, model=source("/x", "net.pt"), encoding=CSV), room
    )
    process.receive(PATIENCE_S)
    told = variables(process)

    assert told["AZUREML_MODEL_DIR"] == told["MODEL_DIR"] == str(models)
    assert told["AZUREML_BI_OUTPUT_PATH"] == str(tmp_path / "r" / "output")


def test_the_code_folder_is_first_on_the_path_and_the_working_directory(starter):
    (starter.code / "json5000.py").write_text("answer = 42")
    process = starter.loaded(
        """
        import os, sys, json5000
        def run(mini_batch):
            return [sys.path[0], os.getcwd(), json5000.answer, __name__]
        """,
        encoding=CSV,
    )
    code = str(starter.code)

    assert ask(process, "a").payload.decode().splitlines() == [code, code, "42", "score"]


# --- scorers of plugins

PLUGIN = """
from pathlib import Path
from framework import Scorer

class Measure(Scorer):
    def __init__(self, *, unit="cm"):
        self.unit = unit

    def load(self, context):
        self.context = context

    def score(self, files):
        assert all(isinstance(file, Path) for file in files)
        assert isinstance(self.context.output_path, Path)
        return [
            {"file": file.name, "unit": self.unit, "model": self.context.model_path}
            for file in files
        ]

    def close(self):
        (self.context.output_path / "closed").touch()
"""


def test_a_plugins_scorer_gets_paths_its_parameters_and_a_context(starter, monkeypatch, tmp_path):
    (tmp_path / "measuring_plugin.py").write_text(PLUGIN)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    launch = Launch(
        factory="measuring_plugin:Measure",
        params={"unit": "mm"},
        model=source("/m", "net"),
        encoding=CSV,
    )
    room = Room(folder=tmp_path / "r", cwd=tmp_path, log=starter.log, model_dir=tmp_path / "models")
    process = starter.start_launch(launch, room)
    assert process.receive(PATIENCE_S).header["ok"] is True

    reply = ask(process, "a.txt", "b.txt")
    model = str(tmp_path / "models" / "net")
    assert reply.payload.decode() == f"a.txt,mm,{model}\nb.txt,mm,{model}\n"
    process.close(PATIENCE_S)
    assert (room.output / "closed").exists()


@pytest.mark.parametrize("factory", ["no_such_module:X", "json:NoSuchClass", "framework:Nothing"])
def test_a_scorer_that_is_not_there_is_told(starter, factory):
    process = starter.start_launch(Launch(factory=factory), starter.room())
    header = process.receive(PATIENCE_S).header

    assert (header["ok"], header["stage"]) == (False, "load")


def test_a_scorer_process_offers_itself_to_the_kernel_first(starter):
    process = starter.loaded(ECHO)
    ask(process, "a")
    with contextlib.suppress(PermissionError):
        score = int(Path(f"/proc/{process.pid}/oom_score_adj").read_text())
        assert score >= 500


# --- what a user's code does to the channel

CHANNEL = """
import os, socket, stat, struct, sys, time

def channel():
    return next(fd for fd in range(3, 256) if is_socket(fd))

def is_socket(fd):
    try:
        return stat.S_ISSOCK(os.fstat(fd).st_mode)
    except OSError:
        return False

def run(mini_batch):
    if mini_batch[0] == "/bad":
        misbehave()
    return mini_batch

def misbehave():
    {statement}
"""


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("os.write(channel(), b'hello, are you there?'); time.sleep(1000)", "it announces"),
        ("os.write(channel(), bytes(8)); time.sleep(1000)", "its header is no JSON"),
        ("os.write(channel(), struct.pack('>II', 2, 0) + b'[]'); time.sleep(1000)", "no reply"),
        ("os.write(channel(), struct.pack('>II', 5, 1 << 30) + b'[1]'); time.sleep(1000)", None),
        ("os.write(channel(), struct.pack('>II', 9, 0) + b'[1]'); os._exit(3)", "code 3"),
        ("os.closerange(3, 4096)", "closes file descriptors"),
        ("os.closerange(0, 4096); time.sleep(1000)", "closes file descriptors"),
    ],
)
def test_what_is_no_reply_ends_the_process_and_says_why(starter, statement, words):
    process = starter.loaded(CHANNEL.format(statement=statement), encoding=CSV)
    for name in ("good", "bad", "never"):
        process.send("0", [name], root="/")

    assert process.receive(PATIENCE_S).payload == b"good,/good\n"
    if words is None:  # it could still be a reply, of the size that one may have
        with pytest.raises(DeadlineError):
            process.receive(0.3)
        return
    assert words in end_of(process)
    assert not is_alive(process.pid)


def test_what_a_script_has_forked_does_not_answer_in_its_place(starter):
    process = starter.loaded(
        """
        import os
        def run(mini_batch):
            os.fork()
            return mini_batch
        """,
        encoding=CSV,
    )
    for name in ("a", "b", "c"):
        process.send("0", [name], root="/")

    payloads = [process.receive(PATIENCE_S).payload for _ in range(3)]
    assert payloads == [b"a,/a\n", b"b,/b\n", b"c,/c\n"]


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_of_a_killed_supervisor_nothing_is_left_that_hides(starter, tmp_path):
    file = tmp_path / "pids"
    process = starter.loaded(FAMILY.format(file=str(file)))
    process.send("0", ["a"], root="/")
    process.flush()
    pids = noted_pids(file, 3)
    os.kill(process._supervisor.pid, signal.SIGKILL)
    assert end_of(process) == "its supervisor was killed"

    process.kill()

    wait_until(lambda: not any(map(is_alive, pids)))


def test_rows_beyond_what_can_be_kept_are_told_as_out_of_memory(starter):
    process = starter.loaded(
        """
        import sys
        def init():
            sys.modules["_scorer_process.channel"].MAX_PAYLOAD = 1 << 20
        def run(mini_batch):
            return ["x" * (1 << 20 if mini_batch[0] == "/data/long" else 1)]
        """,
        encoding=CSV,
    )
    refused = ask(process, "long")
    reply = ask(process, "short")

    assert (refused.header["kind"], refused.header["stage"]) == ("memory", "encode")
    assert "at most 1 MiB can be kept: a smaller mini_batch_size" in refused.header["message"]
    assert reply.header["columns"] == [["file", ""], ["prediction", ""]]


def test_long_messages_are_cut(starter):
    process = starter.loaded("def run(mini_batch): raise ValueError('a' + 'x' * 10_000_000 + 'z')")
    header = ask(process, "a").header

    assert header["message"].startswith("ValueError: axxx")
    assert header["message"].endswith("xxxz")
    assert len(header["message"]) < 5_000
    assert len(header["traceback"]) < 50_000
