"""Plugins: the hooks, and how plugins are found. The only user of pluggy."""

from __future__ import annotations

from framework.plugin.contributions import BrokenPlugin, Contribution, Kind
from framework.plugin.manager import HOOKS, load_plugins
from framework.plugin.plugins import Plugins
from framework.plugin.resolving import check_params, resolve, resolve_all
from framework.plugin.spec import ENTRY_POINT_GROUP, hookimpl

__all__ = [
    "ENTRY_POINT_GROUP",
    "HOOKS",
    "BrokenPlugin",
    "Contribution",
    "Kind",
    "Plugins",
    "check_params",
    "hookimpl",
    "load_plugins",
    "resolve",
    "resolve_all",
]
