"""What fsspec needs to open a URL, found by the URL: endpoints, regions, credentials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Options = Mapping[str, Mapping[str, Any]]
"""By a root URL, the keyword arguments of its file system; they hold for all that is below it.

`azureml://datastores/NAME` has one entry, `root`: where its paths lead in lists of inputs.
"""

NO_OPTIONS: Options = {}


def options_for(url: str, options: Options) -> Mapping[str, Any]:
    """The options of the longest root that a URL is at or below; none where there is no such."""
    roots = [root for root in options if _is_at_or_below(url, root)]
    return options[max(roots, key=len)] if roots else {}


def _is_at_or_below(url: str, root: str) -> bool:
    return url.rstrip("/") == root.rstrip("/") or url.startswith(f"{root.rstrip('/')}/")
