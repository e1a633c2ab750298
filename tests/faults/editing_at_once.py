"""One of many processes that edit one `conf/`: `editing_at_once.py ROLE NUMBER SECONDS LOG`.

It writes a line for each request: when it began and ended, what it was, and what came of it.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from framework import configuring
from framework.config.editing import Address, Request, parse_settings
from framework.config.yaml_files import parse_mapping
from framework.errors import FrameworkError, NotFoundError

ENDPOINT = "shared-endpoint"
STAYING = "staying"
COMING_AND_GOING = ("blue", "green", "red")
LONG = "x" * 1500


class Log:
    """What one process did."""

    def __init__(self, stream: TextIO, number: int) -> None:
        self._stream = stream
        self._number = number

    def note(self, began: int, verb: str, name: str, value: int, result: str) -> None:
        line = [self._number, began, time.monotonic_ns(), verb, name, value, result]
        self._stream.write(f"{json.dumps(line)}\n")
        self._stream.flush()


def request(kind: str, name: str, *settings: str) -> Request:
    owner = ENDPOINT if kind == "deployment" else None
    address = Address(kind=kind, name=name, endpoint=owner)
    return Request(address=address, settings=parse_settings(kind, settings))


def edit(verb: str, name: str, setting: str) -> str:
    """Does one thing through the library; what came of it."""
    try:
        if verb == "create":
            configuring.create(None, request("deployment", name, setting, f"description={LONG}"))
        elif verb == "delete":
            configuring.delete(None, request("deployment", name).address)
        else:
            configuring.update(None, request(verb, name, setting))
    except NotFoundError:
        return "not found"
    except FrameworkError as error:
        return f"{type(error).__name__}: {error}"
    return "done"


def command(verb: str, name: str, setting: str) -> str:
    """Does the same through the command line, as a process."""
    kind = "endpoint" if verb == "endpoint" else "deployment"
    words = [kind, "update" if verb in {"endpoint", "deployment"} else verb, name]
    words += ["-e", ENDPOINT] if kind == "deployment" else []
    words += ["--yes"] if verb == "delete" else ["--set", setting]
    words += ["--set", f"description={LONG}"] if verb == "create" else []
    done = subprocess.run(
        [sys.executable, "-m", "framework", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    return {0: "done", 4: "not found"}.get(done.returncode, done.stderr)


def write(number: int, until: float, log: Log, do: Callable[[str, str, str], str]) -> None:
    chance = random.Random(number)
    value, verb, name = 1, "deployment", STAYING  # at least once, however slow the machine
    while True:
        began = time.monotonic_ns()
        result = do(verb, name, f"tags.w{number}={value}")
        log.note(began, verb, name, value, result)
        if time.monotonic() > until:
            return
        value += 1
        verb = chance.choice(["endpoint", "deployment", "deployment", "create", "delete"])
        name = ENDPOINT if verb == "endpoint" else chance.choice(COMING_AND_GOING)
        if verb == "deployment" and chance.random() < 0.5:
            name = STAYING


def read(until: float, log: Log) -> None:
    """Reads every file again and again, and takes none that isn't whole."""
    while time.monotonic() < until:
        for path in Path("conf").rglob("*.yaml"):
            began = time.monotonic_ns()
            try:
                data = parse_mapping(path.read_bytes().decode())
                is_whole = path.parent.name != ENDPOINT or data["description"] == LONG
                result = "done" if is_whole else "torn"
            except FileNotFoundError:
                result = "not found"
            except Exception as error:
                result = f"torn: {error}"
            log.note(began, "read", path.stem, 0, result)


def main() -> None:
    role, number, seconds, place = sys.argv[1:]
    print("ready", flush=True)
    sys.stdin.readline()
    until = time.monotonic() + float(seconds)
    with Path(place).open("a", encoding="utf-8") as stream:
        log = Log(stream, int(number))
        if role == "read":
            read(until, log)
        else:
            write(int(number), until, log, edit if role == "write" else command)


if __name__ == "__main__":
    main()
