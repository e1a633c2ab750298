"""Whether the job index can be used, and making it anew."""

from __future__ import annotations

from framework.errors import FrameworkError
from framework.storage import Store


def check_index(workspace: Store, index_url: str | None, *, is_remade: bool) -> tuple[str, str]:
    """Tries the job index, or makes it anew from the jobs' records.

    Returns:
        What is wrong with it, or an empty text; and what is worth knowing otherwise.
    """
    from framework.jobs.index import open_index, reindex
    from framework.jobs.index.opening import is_there

    try:
        if is_remade:
            return "", f"{_jobs(reindex(workspace, index_url))}, read from their records"
        if index_url is None and not is_there(workspace):
            return "", "none yet; it is made where it is needed"
        index = open_index(index_url, workspace)
        return "", f"{_jobs(len(index.known()))} in {index.shown}"
    except FrameworkError as error:
        return f"{error}; lists of jobs are slower without it", ""


def _jobs(count: int) -> str:
    return "1 job" if count == 1 else f"{count:,} jobs"
