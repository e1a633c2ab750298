"""For authors of plugins: tests that a scorer must pass, to be subclassed in the plugin's own."""

from __future__ import annotations

from framework.testing.scorers import ScorerContract

__all__ = ["ScorerContract"]
