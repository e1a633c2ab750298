"""What a scorer is: the whole contract between this project and a plugin that scores files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from framework.scoring.child.context import ScoringContext
from framework.scoring.child.script import ScriptScorer

__all__ = ["Results", "Scorer", "ScoringContext"]

Results = Any
"""What a scorer returns for one mini-batch: a DataFrame, a list, a tuple or a numpy array.

Rows of a list may be scalars, mappings or sequences. The number of items is the number of files
that succeeded: fewer than the files means that the others failed.
"""


class Scorer(ABC):
    """Turns a mini-batch of files into results.

    One is made in each scorer process, with the deployment's `scorer.params` as keyword
    arguments. Import machine-learning libraries inside `load`, never at the top of the module:
    the job's parameters are checked against the constructor before any process is started.

    Example:
        class LineCount(Scorer):
            def load(self, context):
                pass

            def score(self, files):
                return [{"lines": len(file.read_text().splitlines())} for file in files]
    """

    @abstractmethod
    def load(self, context: ScoringContext) -> None:
        """Loads the model: once in each scorer process, before its first `score`."""

    @abstractmethod
    def score(self, files: Sequence[Path]) -> Results:
        """Scores one mini-batch: `len(files)` items, in the order of `files`."""

    def close(self) -> None:
        """Called once before the process ends, where it ends in peace."""
        return None


# It runs where this module may not be installed, so it can't subclass what it is.
Scorer.register(ScriptScorer)
