"""Starts a scorer process: `python …/child/__main__.py CHANNEL_FD`.

Run as a file, so that the interpreter needs nothing of ours. The folder is loaded under a private
package name: it can't collide with a user's `results.py`.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys

PACKAGE = "_scorer_process"


def load_package() -> None:
    """Makes this folder importable as `_scorer_process`, and takes it off `sys.path`."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != here]
    spec = importlib.util.spec_from_file_location(
        PACKAGE, os.path.join(here, "__init__.py"), submodule_search_locations=[here]
    )
    if spec is None or spec.loader is None:
        raise ImportError(here)
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    load_package()
    importlib.import_module(PACKAGE + ".loop").main(int(sys.argv[1]))
