"""Writing `conf/`: entries are created, updated and deleted whole, under one lock.

Files stay their authors': a verb changes the keys that it was asked to change, and not a character
of the rest.
"""

from __future__ import annotations

from framework.config.editing.addresses import Address, Kind
from framework.config.editing.assignments import Setting, parse_keys, parse_settings
from framework.config.editing.editor import Draft, Editor
from framework.config.editing.incoming import Incoming, read_incoming
from framework.config.editing.names import is_plain
from framework.config.editing.reading import entries, show
from framework.config.editing.remover import Remover
from framework.config.editing.requests import Request
from framework.config.editing.sources import Model, model_of, script_of
from framework.config.editing.usage import users_of

__all__ = [
    "Address",
    "Draft",
    "Editor",
    "Incoming",
    "Kind",
    "Model",
    "Remover",
    "Request",
    "Setting",
    "entries",
    "is_plain",
    "model_of",
    "parse_keys",
    "parse_settings",
    "read_incoming",
    "script_of",
    "show",
    "users_of",
]
