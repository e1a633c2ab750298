"""`job`: jobs that are running or have run."""

from __future__ import annotations

from framework.cli.groups import LazyGroup
from framework.cli.options import examples

job = LazyGroup(
    name="job",
    help="Jobs that are running or have run.",
    verbs={
        "list": "framework.cli.job_list:job_list",
        "show": "framework.cli.job_show:job_show",
        "resume": "framework.cli.job_resume:job_resume",
        "report": "framework.cli.job_report:job_report",
    },
    epilog=examples("python -m framework job list", "python -m framework job resume NAME"),
)
