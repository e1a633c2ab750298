"""What the options of lists of jobs take: a status, a moment, a tag."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from framework.domain.states import JobStatus
from framework.domain.suggestions import did_you_mean

_AGE = re.compile(r"(\d+(?:\.\d+)?) *([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Status(click.ParamType["JobStatus"]):
    """A job's status, in any case."""

    name = "status"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> JobStatus:
        """Finds the status."""
        by_word = {each.lower(): each for each in JobStatus}
        word = str(value).lower()
        if word not in by_word:
            self.fail(
                f"no status {value!r}{did_you_mean(str(value), map(str, JobStatus))}", param, ctx
            )
        return by_word[word]


class Since(click.ParamType["str"]):
    """A moment, or how long ago it was; as records write moments."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Reads the moment."""
        moment = _moment(str(value).strip())
        if moment is None:
            self.fail(
                f"{value!r} is no moment; write an age such as 90m, 12h, 2d or 1w, "
                "or a date or time (UTC) such as 2026-01-31 or 2026-01-31T15:30",
                param,
                ctx,
            )
        written = moment.astimezone(UTC).isoformat(timespec="milliseconds")
        return written.replace("+00:00", "Z")


class Tag(click.ParamType["tuple[str, str]"]):
    """A tag with its value."""

    name = "tag"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Parts key and value."""
        key, separator, text = str(value).partition("=")
        if not key or not separator:
            self.fail(f"{value!r} is no tag; write key=value", param, ctx)
        return key, text


def _moment(text: str) -> datetime | None:
    age = _AGE.fullmatch(text.lower())
    try:
        if age is not None:
            return datetime.now(UTC) - timedelta(**{_UNITS[age[2]]: float(age[1])})
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
