"""An endpoint's default deployment, as its file says."""

from __future__ import annotations

from framework.config.registry import Registry
from framework.config.yaml_files import read_yaml

DEFAULT = ("defaults", "deployment_name")


def default_of(registry: Registry, endpoint: str) -> str | None:
    """The name of an endpoint's default deployment, if there is one.

    Raises:
        ConfigurationError: The endpoint's file is broken.
    """
    path = registry.find(endpoint, "endpoint")
    defaults = None if path is None else read_yaml(path).get("defaults")
    name = defaults.get("deployment_name") if isinstance(defaults, dict) else None
    return None if name is None else str(name)
