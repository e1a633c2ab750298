"""The scorer process's main loop: load once, then score mini-batch after mini-batch.

The first frame is the setup (see `framework/scoring/launch.py`), each later one a mini-batch
`{"key", "names", "files" or "root"}`. Replies are `{"ok": true, ...}` with the encoded rows as
payload, or what `FailureTeller` makes of an exception. They are counted: `turn` is 0 for loading.
"""

from __future__ import annotations

import importlib
import io
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

from .channel import Channel, FrameTooLargeError
from .context import ScoringContext
from .encoding import Encoder, make_encoder
from .failures import FailureTeller
from .published import OutputFolder
from .results import tabulate, too_deep

_INSTALLED = "framework.scoring.child."
_PACKAGE = __name__.rpartition(".")[0]


def main(fd: int) -> None:
    """Serves the instance at the other end of the channel until it hangs up."""
    channel = Channel(fd)
    os.register_at_fork(after_in_child=channel.close)
    frames = iter(channel)
    setup = next(frames)
    _prepare(setup)
    failures = FailureTeller(setup["cwd"], setup["code_origin"])
    try:
        scorer = _load(setup)
        encoder = make_encoder(setup["encoding"]) if setup["encoding"] else None
    except BaseException as error:
        channel.send(dict(failures.describe(error, "load"), turn=0))
        raise SystemExit(1) from error
    kind = encoder.kind if encoder else ""
    channel.send({"ok": True, "stage": "load", "encoding": kind, "turn": 0})
    score = _MiniBatchScorer(scorer, encoder, failures, setup)
    for turn, request in enumerate(frames, start=1):
        reply, payload = score(request)
        try:
            channel.send(dict(reply, turn=turn), payload)
        except FrameTooLargeError as error:
            channel.send(dict(score.refused(reply, error), turn=turn))
    scorer.close()


def _prepare(setup: Dict[str, Any]) -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Printing a file's name must not fail where it is no UTF-8; stderr is so by itself.
        sys.stdout.reconfigure(errors="backslashreplace")
    level = getattr(logging, setup["logging_level"].upper())
    form = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(level=level, format=form, stream=sys.stdout)
    try:
        # The kernel, short of memory, shall take this process and not the instance.
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("500")
    except OSError:
        pass  # not Linux, or not allowed: only the kernel's choice is less good


def _load(setup: Dict[str, Any]) -> Any:
    scorer = _resolve(setup["factory"])(**setup["params"])
    scorer.load(
        ScoringContext(
            model_path=Path(setup["model_path"]) if setup["model_path"] else None,
            output_path=Path(setup["output_path"]),
            logging_level=setup["logging_level"],
            device=setup["device"],
        )
    )
    return scorer


def _resolve(factory: str) -> Callable[..., Any]:
    """Imports `module:Class`; this package's own modules under the name they have here."""
    module, _, name = factory.partition(":")
    if module.startswith(_INSTALLED):
        module = _PACKAGE + "." + module[len(_INSTALLED) :]
    found = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found  # type: ignore[return-value]


class _MiniBatchScorer:
    def __init__(
        self,
        scorer: Any,
        encoder: Optional[Encoder],
        failures: FailureTeller,
        setup: Dict[str, Any],
    ) -> None:
        self._failures = failures
        self._score = scorer.score
        self._takes_text = getattr(scorer, "takes_text", False)
        self._encode = encoder.encode if encoder else None
        self._columns = []  # type: List[Any]
        self._folder = OutputFolder(setup["output_path"], setup["aside"], setup["reserved"])

    def __call__(self, request: Dict[str, Any]) -> Tuple[Dict[str, Any], bytes]:
        began = time.perf_counter()
        try:
            reply, payload = self._attempt(request)
        except _Failed as failed:
            self._folder.discard()
            reply, payload = failed.reply, b""
        reply["seconds"] = time.perf_counter() - began
        return reply, payload

    def refused(self, reply: Dict[str, Any], error: FrameTooLargeError) -> Dict[str, Any]:
        """What is said in place of a reply that is too large to be sent."""
        self._columns = []
        return dict(self._failures.describe(error, "encode"), seconds=reply["seconds"])

    def _attempt(self, request: Dict[str, Any]) -> Tuple[Dict[str, Any], bytes]:
        files = _files(request)
        try:
            result = self._score(files if self._takes_text else [Path(file) for file in files])
        except BaseException as error:  # sys.exit() in a script is its failure, not our end
            raise _Failed(self._failures.describe(error, "score")) from error
        try:
            return self._tell(result, request)
        except RecursionError as error:
            raise _Failed(self._failures.describe(too_deep(), "encode")) from error
        except BaseException as error:  # a value's own __str__ may raise anything, too
            raise _Failed(self._failures.describe(error, "encode")) from error

    def _tell(self, result: Any, request: Dict[str, Any]) -> Tuple[Dict[str, Any], bytes]:
        table = tabulate(result, request["names"])
        reply = {"ok": True, "items": table.items, "rows": len(table.rows)}  # type: Dict[str, Any]
        payload, columns = b"", []  # type: Tuple[bytes, List[Any]]
        if self._encode is not None:
            payload, columns = self._encode(table, result)
        if table.items < len(request["names"]):
            reply["missing"] = table.missing
        extras = self._folder.keep(request["key"])
        if extras:
            reply["extras"] = extras
        # They hardly ever change: said only when they do, in a reply that is sure to be sent.
        if columns != self._columns:
            reply["columns"] = self._columns = columns
        return reply, payload


def _files(request: Dict[str, Any]) -> List[str]:
    """The absolute paths: said one by one, or to be found below a root under their names."""
    if "root" in request:
        return [request["root"] + name for name in request["names"]]
    return list(request["files"])


class _Failed(Exception):
    def __init__(self, reply: Dict[str, Any]) -> None:
        super().__init__(reply["message"])
        self.reply = reply
