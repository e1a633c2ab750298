"""What a detached job's process is told to do: by a pipe, so that no secret is in its argv."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from framework.cli.workspace import workspace_overrides

if TYPE_CHECKING:
    from framework.api import Begin, Invocation

Words = Sequence[str | tuple[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A job that a process of its own is to drive.

    Attributes:
        name: The job's.
        workspace: Where its record is, or will be.
        overrides: As they were given; their secrets are in memory and in the pipe alone.
        conf: The `conf/` folder, if one was given.
        is_resumed: Whether the job is there already, and continues.
        is_verbose: Whether `-v` was given.
        accepts_changes: Whether `--accept-changes` was given.
    """

    name: str
    workspace: str
    overrides: tuple[str | tuple[str, Any], ...]
    conf: str | None
    is_resumed: bool
    is_verbose: bool
    accepts_changes: bool = False

    def to_json(self, **more: Any) -> bytes:
        """One line, with what else the process has to know."""
        return json.dumps({"order": asdict(self), **more}).encode() + b"\n"

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Order:
        """The reverse, of the parsed line's `order`."""
        words = [each if isinstance(each, str) else tuple(each) for each in plain["overrides"]]
        return cls(**{**plain, "overrides": tuple(words)})

    def compose(self) -> Invocation:
        """Composes the configuration, as the one who gave the order has done.

        Raises:
            FrameworkError: It has changed meanwhile, and can't be used.
        """
        from framework.api import compose_invocation

        if self.is_resumed:
            words = workspace_overrides(self.workspace)
            return compose_invocation(words, conf=self.conf, is_complete=False)
        return compose_invocation(self.overrides, conf=self.conf)

    def ready(self, invocation: Invocation) -> Begin:
        """Makes every check that needs no cluster, and says how the job begins.

        Raises:
            FrameworkError: It can't be done.
        """
        from framework.api import resume

        if self.is_resumed:
            accepts = self.accepts_changes
            words = self.overrides
            return partial(resume, invocation, self.name, words, accepts_changes=accepts)
        return invocation.ready(accepts_changes=self.accepts_changes)
