"""Opening services: one for each set of options in a process, and so one pool of connections."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping
from typing import Any

from framework.storage.objects.service import ObjectService

_LOCK = threading.Lock()
_OPENED: dict[tuple[int, str, str], ObjectService] = {}


def service_of(
    kind: str, options: Mapping[str, Any], make: Callable[[], ObjectService]
) -> ObjectService:
    """The service that was opened with these options before, or a new one.

    Args:
        kind: Which service.
        options: What it is opened with.
        make: Opens it.
    """
    # By process: what was opened before a fork has its threads on the other side.
    place = os.getpid(), kind, json.dumps(options, sort_keys=True, default=id)
    with _LOCK:
        if place not in _OPENED:
            _OPENED[place] = make()
        return _OPENED[place]
