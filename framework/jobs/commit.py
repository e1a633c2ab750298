"""The commit: one output, created exclusively, by a state machine that survives a kill anywhere.

intent (durable) → still ours? → create exclusively → end (durable). An output that is there
already is ours if an intent of this job, of whatever driver, names its identity; any other is a
rival's.
"""

from __future__ import annotations

from dataclasses import dataclass

from framework.errors import OutputExistsError
from framework.jobs.journal import Journal
from framework.jobs.ledger import Intent, Ledger
from framework.storage import Store


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


def committed(target: Target, ledger: Ledger) -> Intent | None:
    """The intent that was carried out, if the output is there and is ours.

    Raises:
        OutputExistsError: A rival's output is there.
    """
    if not target.store.exists(target.file_name):
        return None
    identity = target.store.identity(target.file_name)
    for intent in ledger.intents:
        if (intent.final, intent.identity) == (target.url, identity):
            return intent
    target.check_free()
    return None


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
