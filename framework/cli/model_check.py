"""What `doctor` looks at in the model registry, and tidies up."""

from __future__ import annotations

from framework.errors import FrameworkError
from framework.storage import Store


def check_models(workspace: Store) -> tuple[str, str]:
    """Removes what killed registrations have left, and looks at what is written down.

    Returns:
        What is wrong, or an empty text; and what was found and done.
    """
    from framework.models import ModelRegistry

    try:
        registry = ModelRegistry(workspace)
        swept = registry.sweep()
        broken = registry.broken()
        found = f"{len(registry.names())} registered"
    except FrameworkError as error:
        return error.message, ""
    tidied = f"; removed what was left of {', '.join(swept)}" if swept else ""
    return "; ".join(broken), found + tidied
