"""The command line's root: its verbs, and what becomes of what they raise."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from framework.cli.failures import exit_code_of
from framework.cli.groups import LazyGroup
from framework.cli.interrupts import ended_by_exception
from framework.cli.options import examples
from framework.cli.run_state import RunState
from framework.cli.streams import open_standard_streams, say, warnings_said

_EXAMPLES = examples(
    "python -m framework init",
    "python -m framework invoke endpoint=mnist-batch input=examples/01-mnist/digits",
    "python -m framework job list",
)
_EXIT_CODES = """

Exit codes: 0 completed, 1 the job failed, 2 wrong usage or configuration, 3 the output exists,
4 not found, 130 interrupted or canceled."""

root = LazyGroup(
    name="framework",
    help="Score any folder of files with any model, on Dask, into one correct output.",
    epilog=_EXAMPLES + _EXIT_CODES,
    verbs={
        "invoke": "framework.cli.invoke:invoke",
        "init": "framework.cli.init:init",
        "config": "framework.cli.config:config",
        "plugins": "framework.cli.plugins:plugins",
        "doctor": "framework.cli.doctor:doctor",
        "endpoint": "framework.cli.endpoint:endpoint",
        "deployment": "framework.cli.deployment:deployment",
        "model": "framework.cli.model:model",
        "environment": "framework.cli.environment:environment",
        "datastore": "framework.cli.datastore:datastore",
        "compute": "framework.cli.compute:compute",
        "data": "framework.cli.data:data",
        "job": "framework.cli.job:job",
    },
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
click.version_option(
    package_name="dask-batch-endpoints", prog_name="framework", message="%(prog)s %(version)s"
)(root)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        arguments: Without the program's name; the process's own where absent.

    Returns:
        The exit code.
    """
    if os.name == "nt":
        say("error: Windows is not supported; use Linux, macOS or WSL")
        return 2
    open_standard_streams()
    with warnings_said(), ended_by_exception():
        return _run(arguments)


def _run(arguments: Sequence[str] | None) -> int:
    state = RunState()
    try:
        # Outside standalone mode click returns what a verb returned, and raises what it raised.
        code = root.main(arguments, obj=state, standalone_mode=False)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  no traceback of ours is shown
        return exit_code_of(error, state)
    return int(code or 0)
