"""Pages about a job, in the browser."""

from __future__ import annotations

import os
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

from framework.cli.streams import say, visible
from framework.domain.states import JobStatus

if TYPE_CHECKING:
    from framework.jobs import Job


def open_page(job: Job) -> None:
    """Opens the job's page: the dashboard while it runs, else its report.

    Where there is no browser, its address is said.
    """
    page = page_of(job)
    if _open(page):
        say(visible(f"opened {page}"))
    else:
        say(visible(f"there is no browser here; the job's page is {page}"))


def page_of(job: Job) -> str:
    """The address of a job's page; its report is written if there is none yet."""
    summary = job.summary()
    link = str(summary["dashboard_url"] or "")
    is_running = not JobStatus(summary["status"]).is_final
    if is_running and link.startswith(("http://", "https://")):
        return link
    return Path(summary["report"] or job.write_report()).absolute().as_uri()


def _open(page: str) -> bool:
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    # One that runs in the terminal would take it over; unless that is what the user chose.
    is_in_terminal = type(browser) is webbrowser.GenericBrowser and "BROWSER" not in os.environ
    return not is_in_terminal and browser.open(page)
