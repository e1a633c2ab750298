"""The `script` scorer: runs Azure ML's scoring scripts unmodified.

The contract is Azure ML's, "Author scoring scripts for batch deployments": `init()` once in each
process, `run(mini_batch)` with a list of absolute paths, and optionally `shutdown()`.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from types import ModuleType
from typing import Any, List

MODULE = "__scoring_script__"


class ScriptScorer:
    """Scores with a user's script.

    Args:
        code: The folder that comes first on `sys.path`.
        scoring_script: The script's path below it.
    """

    takes_text = True
    """Whether `score` gets paths as text, not as `Path`: what Azure's scripts expect."""

    def __init__(self, *, code: str, scoring_script: str) -> None:
        self._code = code
        self._path = os.path.join(code, scoring_script)
        self._module = ModuleType(MODULE)

    def load(self, context: Any) -> None:
        """Imports the script and calls its `init()`."""
        folders = [self._code, os.path.dirname(self._path)]
        sys.path[:0] = list(dict.fromkeys(os.path.abspath(folder) for folder in folders))
        sys.argv[:] = [self._path]  # ours would be taken for the script's own arguments
        self._module = _import(self._path)
        init = getattr(self._module, "init", None)
        if init is not None:
            init()

    def score(self, files: List[str]) -> Any:
        """Calls the script's `run()`."""
        return self._module.run(files)

    def close(self) -> None:
        """Calls the script's `shutdown()`, if it has one."""
        shutdown = getattr(self._module, "shutdown", None)
        if shutdown is not None:
            shutdown()


def _import(path: str) -> ModuleType:
    name = os.path.splitext(os.path.basename(path))[0]
    # A script called like a library that it imports (`torch.py`) must not shadow that library.
    name = name if name.isidentifier() and name not in sys.modules else MODULE
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError("not a Python file: " + path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    if not callable(getattr(module, "run", None)):
        raise AttributeError("the scoring script has no function run(mini_batch)")
    return module
