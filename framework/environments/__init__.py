"""The Python environments that scorer processes run in: read, planned, built once, and kept.

`read_environment` makes an `EnvironmentSpec` of a conda file or of requirements; `plan_environment`
finds the Python and the tool for it; `environment_in_use` builds it where it is not in the cache.
"""

from __future__ import annotations

from framework.environments.building import environment_in_use
from framework.environments.cache import (
    Built,
    Cached,
    cache_folder,
    cached_environments,
    clear_environments,
)
from framework.environments.interpreters import installed as installed_interpreters
from framework.environments.packages import Package, packages_of_scorer
from framework.environments.planning import PlannedEnvironment, plan_environment
from framework.environments.reading import conda_mapping, read_environment
from framework.environments.requirements import located_line
from framework.environments.running import CanceledError, ToolRunner
from framework.environments.spec import EnvironmentSpec
from framework.environments.tools import building_tools

__all__ = [
    "Built",
    "Cached",
    "CanceledError",
    "EnvironmentSpec",
    "Package",
    "PlannedEnvironment",
    "ToolRunner",
    "building_tools",
    "cache_folder",
    "cached_environments",
    "clear_environments",
    "conda_mapping",
    "environment_in_use",
    "installed_interpreters",
    "located_line",
    "packages_of_scorer",
    "plan_environment",
    "read_environment",
]
