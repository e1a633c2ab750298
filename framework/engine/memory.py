"""Memory of scorer processes: who holds too much, and whether a kill was for memory.

A child's memory is invisible to Dask. Sizes are sampled, descendants included; a limit of the
kernel's on addresses (RLIMIT_AS) would count what is only reserved, as CUDA does by the terabyte.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

logger = logging.getLogger(__name__)

_SAMPLE_S = 0.1
_FAMILY_EACH = 5
_CGROUPS = Path("/sys/fs/cgroup")
_OWN_CGROUP = Path("/proc/self/cgroup")
_CLOSE_TO_LIMIT = 0.9


def oom_kills(own: Path = _OWN_CGROUP, root: Path = _CGROUPS) -> int | None:
    """How many processes of our control group the kernel has killed for memory; `None` if unknown.

    Both versions of control groups are read (cgroups(7)), in a container too, where a group's own
    folder may be mounted as the root.
    """
    for path in _counters(own, root):
        with contextlib.suppress(OSError, ValueError):
            lines = (line.split() for line in path.read_text().splitlines())
            counts = {words[0]: int(words[1]) for words in lines if len(words) == 2}
            if "oom_kill" in counts:
                return counts["oom_kill"]
    return None


def _counters(own: Path, root: Path) -> Iterable[Path]:
    try:
        groups = [line.split(":", 2) for line in own.read_text().splitlines()]
    except OSError:  # not Linux
        return
    for _, controllers, path in groups:
        if not controllers:
            yield root / path.lstrip("/") / "memory.events"
            yield root / "memory.events"
        elif "memory" in controllers.split(","):
            yield root / "memory" / path.lstrip("/") / "memory.oom_control"
            yield root / "memory" / "memory.oom_control"


@dataclass(slots=True)
class Watched:
    """One scorer process under the watch.

    Attributes:
        pid: Its process id.
        kill: Kills it.
        oom_kills: What the kernel's counter was when it was started.
        held_bytes: What it held when it was last looked at, with its descendants.
        is_over: Whether it was killed for holding more than the limit.
    """

    pid: int
    kill: Callable[[], None]
    oom_kills: int | None = None
    held_bytes: int = 0
    is_over: bool = False
    _family: list[psutil.Process] = field(default_factory=list)

    def look(self, *, at_family: bool) -> int:
        """What it holds now."""
        if at_family or not self._family:
            with contextlib.suppress(psutil.Error):
                process = psutil.Process(self.pid)
                self._family = [process, *process.children(recursive=True)]
        total = 0
        for each in self._family:
            with contextlib.suppress(psutil.Error):
                total += each.memory_info().rss
        self.held_bytes = total or self.held_bytes
        return total


class MemoryWatch:
    """Watches a pool's scorer processes, and kills those over the limit.

    Args:
        limit: Bytes that one may hold; `None` to kill none.
        count_kills: The kernel's count of kills for memory.
    """

    def __init__(
        self, limit: int | None, count_kills: Callable[[], int | None] = oom_kills
    ) -> None:
        self._limit = limit
        self._count_kills = count_kills
        self._watched: dict[int, Watched] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, pid: int, kill: Callable[[], None]) -> None:
        """Watches a process from now on."""
        with self._lock:
            self._watched[pid] = Watched(pid, kill, self._count_kills())
            if self._limit is not None and self._thread is None:
                self._thread = threading.Thread(target=self._run, name="memory", daemon=True)
                self._thread.start()

    def forget(self, pid: int | None) -> None:
        """The process is gone."""
        with self._lock:
            if pid is not None:
                self._watched.pop(pid, None)

    def close(self) -> None:
        """Ends the watch."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def verdict(self, pid: int | None, returncode: int | None) -> str:
        """Why a process that has ended was killed for memory; empty where nothing says so.

        Args:
            pid: The process; it must still be under the watch.
            returncode: How it ended; negative for a signal.
        """
        with self._lock:
            watched = self._watched.get(pid) if pid is not None else None
        if watched is None:
            return ""
        held = f"it held {_size(watched.held_bytes)}"
        if watched.is_over and self._limit is not None:
            return f"{held}, more than resources.memory_limit ({_size(self._limit)})"
        if returncode != -signal.SIGKILL:
            return ""
        if self._limit is not None and watched.held_bytes > _CLOSE_TO_LIMIT * self._limit:
            return f"it was killed when {held} of {_size(self._limit)} (resources.memory_limit)"
        kills = self._count_kills()
        if kills is not None and watched.oom_kills is not None and kills > watched.oom_kills:
            return "the kernel killed it, since memory was short (its count of such kills rose)"
        return ""

    def _run(self) -> None:
        turn = 0
        while not self._stop.wait(_SAMPLE_S):
            with self._lock:
                watched: Mapping[int, Watched] = dict(self._watched)
            for each in watched.values():
                self._look(each, at_family=turn % _FAMILY_EACH == 0)
            turn += 1

    def _look(self, watched: Watched, *, at_family: bool) -> None:
        held = watched.look(at_family=at_family)
        if self._limit is None or held <= self._limit or watched.is_over:
            return
        logger.info("process %d holds %s: killed", watched.pid, _size(held))
        watched.is_over = True
        watched.kill()


def _size(number: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if number < 1024:
            return f"{number:.3g} {unit}"
        number /= 1024
    return f"{number:.3g} TiB"
