"""The commit: one output, created exclusively, by a state machine that survives a kill anywhere.

intent (durable) → still ours? → create exclusively → end (durable). An output that is there
already is ours if an intent of this job, of whatever driver, names its identity and its content;
any other is a rival's. (The identity alone would not do: a file system gives the inode of a deleted
file again.)
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from framework.errors import OutputExistsError
from framework.jobs.journal import Journal
from framework.jobs.ledger import Intent, Ledger
from framework.jobs.record import JobRecord
from framework.storage import Store
from framework.storage.checksums import sha256_of

MOST_ATTEMPTS = 3
"""How often one driver stages at most, where the instances are lost that do it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where the output goes.

    Attributes:
        store: The output's folder.
        file_name: The output's name in it.
    """

    store: Store
    file_name: str

    @property
    def url(self) -> str:
        """The output, as people write it."""
        return f"{self.store.url.rstrip('/')}/{self.file_name}"

    def check_free(self) -> None:
        """Makes sure that nothing stands under the output's name.

        Raises:
            OutputExistsError: Something does.
        """
        if self.store.exists(self.file_name):
            raise OutputExistsError(
                f"output {self.url} exists already; give another output.path or output_file_name"
            )

    def doubt(self) -> str:
        """What can happen to the output where the store does not promise one winner; else empty."""
        if self.store.creates_exclusively:
            return ""
        return (
            f"the store of {self.url} ignores conditions: of two jobs that end at the same moment, "
            "both may write the output, and the later one stays"
        )


def committed(target: Target, ledger: Ledger) -> Intent | None:
    """The intent that was carried out, if the output is there and is ours.

    Raises:
        OutputExistsError: A rival's output is there.
    """
    if not target.store.exists(target.file_name):
        return None
    identity = target.store.identity(target.file_name)
    for intent in ledger.intents:
        is_same = (intent.final, intent.identity) == (target.url, identity)
        if is_same and _has_content(target, intent):
            return intent
    target.check_free()
    return None


def _has_content(target: Target, intent: Intent) -> bool:
    if target.store.stat(target.file_name).size != intent.size:
        return False
    with target.store.open_read(target.file_name) as output:
        return sha256_of(output) == intent.sha256


def token(record: JobRecord, epoch: int, attempt: int = 0) -> str:
    """What a driver stages its output under: no other job's, and known to its successors."""
    job = hashlib.sha256(
        f"{record.workspace.url}\n{record.name}".encode("utf-8", "surrogateescape")
    )
    again = f".{attempt}" if attempt else ""
    return f"{job.hexdigest()[:16]}-{epoch}{again}"


def clear_staged(target: Target, record: JobRecord, epoch: int) -> None:
    """Removes what drivers before this one staged and did not live to commit."""
    for earlier in range(1, epoch):
        for attempt in range(MOST_ATTEMPTS):
            target.store.unstage(target.file_name, token(record, earlier, attempt))


def commit(target: Target, intent: Intent, ledger: Ledger, journal: Journal) -> Intent:
    """Publishes the staged output, and returns the intent that came true.

    Raises:
        OutputExistsError: A rival was first. The parts stay, to be committed elsewhere.
        SupersededError: Another driver has taken the job over.
    """
    ledger.add_intent(intent)
    journal.check_still_ours()
    try:
        target.store.commit(intent.staged, target.file_name)
    except FileExistsError:
        target.store.delete(intent.staged)
        winner = committed(target, ledger)
        if winner is None:  # it is gone again
            raise
        return winner
    return intent
