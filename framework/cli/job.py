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
        "stream": "framework.cli.job_stream:job_stream",
        "logs": "framework.cli.job_logs:job_logs",
        "cancel": "framework.cli.job_cancel:job_cancel",
        "download": "framework.cli.job_download:job_download",
        "verify": "framework.cli.job_verify:job_verify",
        "resume": "framework.cli.job_resume:job_resume",
        "report": "framework.cli.job_report:job_report",
        "archive": "framework.cli.job_archive:job_archive",
        "restore": "framework.cli.job_restore:job_restore",
        "delete": "framework.cli.job_delete:job_delete",
    },
    epilog=examples("python -m framework job list", "python -m framework job resume NAME"),
)
