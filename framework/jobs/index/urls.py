"""Where the index is: `index_url`, or a file in the workspace."""

from __future__ import annotations

import re
from importlib.util import find_spec

from framework.domain.redaction import MASK, without_signatures
from framework.errors import MissingExtraError, UsageError

FILE = "index.db"
_URL = re.compile(r"(?P<kind>[A-Za-z][\w.]*)(?:\+(?P<driver>\w+))?://(?P<rest>.*)", re.DOTALL)
_POSTGRES = {"postgresql", "postgres"}
_OUR_DRIVER = "psycopg"


def checked_url(url: str) -> str:
    """An `index_url` as SQLAlchemy takes it; knows PostgreSQL's driver by itself.

    Loads no database library, so that a job can check before it begins.

    Raises:
        UsageError: It is no URL of a database that lasts.
        MissingExtraError: The driver comes with an extra that isn't installed.
    """
    match = _URL.fullmatch(url)
    if match is None:
        shown = MASK if "@" in url else repr(without_signatures(url))  # or a password's half
        raise UsageError(
            f"index_url: {shown} is no URL of a database, such as "
            "postgresql://user:${oc.env:PASSWORD}@host/database or sqlite:////folder/index.db"
        )
    kind, driver, rest = match["kind"].lower(), match["driver"], match["rest"]
    if kind in _POSTGRES:
        driver = driver or _OUR_DRIVER
        if driver == _OUR_DRIVER and find_spec(_OUR_DRIVER) is None:
            raise MissingExtraError(f"index_url: PostgreSQL needs {_OUR_DRIVER}", extra="postgres")
        return f"postgresql+{driver}://{rest}"
    if kind == "sqlite" and rest.strip("/") in {"", ":memory:"}:
        raise UsageError("index_url: a database in memory is lost at once; give sqlite:////FILE")
    return url
