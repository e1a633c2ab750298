"""Writing the conda file that a conda tool is given: without what pip installs afterwards."""

from __future__ import annotations

import re

import yaml

from framework.environments.spec import EnvironmentSpec

_DEFAULT_CHANNELS = ("conda-forge",)
_ANY_PATCH = re.compile(r"==([^,|]+)\.\*")


def conda_document(spec: EnvironmentSpec) -> str:
    """The text of a conda file with Python, pip and the packages for conda."""
    seeds = [each for each in spec.seeds if each.startswith("pip")] or ["pip"]
    others = [each for each in spec.seeds if not each.startswith("pip")]
    packages = [f"python{spec.python}", *seeds, *others]
    dependencies = [*(_ANY_PATCH.sub(r"=\1", each) for each in packages), *spec.conda]
    channels = list(spec.channels or _DEFAULT_CHANNELS)
    return yaml.safe_dump({"channels": channels, "dependencies": dependencies}, sort_keys=False)
