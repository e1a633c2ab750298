"""What instances see of a job's things: tried out on each of them, before anything is scored.

What they don't see is brought to where they do, if there is such a place; else the job ends, and
says what to do.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from framework.domain.files import InputFile
from framework.domain.models import ModelSource
from framework.engine.reach import Look, Reached
from framework.engine.session import Session
from framework.errors import UsageError
from framework.jobs.journal import INPUTS, read_log
from framework.jobs.listing import Listing
from framework.jobs.plan import JobPlan
from framework.jobs.uploading import upload_files, upload_model
from framework.models.fetching import files_of
from framework.storage import Store, open_store
from framework.storage.paths import local_form, path_below

_INPUT, _MODEL, _STAGING, _OUTPUT = "input", "model", "staging", "output"


class Reach:
    """Finds places that the instances of a session see.

    Args:
        plan: The job's.
        listing: Its inputs.
        session: The instances.
        say: Tells people what takes its time.
    """

    def __init__(
        self, plan: JobPlan, listing: Listing, session: Session, say: Callable[[str], None]
    ) -> None:
        self._plan = plan
        self._listing = listing
        self._session = session
        self._say = say
        self._looks: list[Look] = []

    def settled(self) -> JobPlan:
        """The plan, with places that all instances see.

        Raises:
            UsageError: An instance does not see what the job needs, and there is no way round.
        """
        if self._session.is_in_process:
            return self._plan
        things = [*self._look_at_input(), *self._look_at_model()]
        with (
            self._noted(self._plan.record.staging, _STAGING) as staging,
            self._noted(self._plan.target.store, _OUTPUT) as output,
        ):
            problems = self._problems([staging, output, *things])
        self._looks = things
        self._check_uploads(problems)
        if _STAGING in problems:
            self._stage_beside_output(problems[_STAGING], sees_output=_OUTPUT not in problems)
        if path_below(self._plan.record.workspace.url, self._plan.record.staging.url) is None:
            self._use_staging()
        elif _OUTPUT in problems:
            self._move(is_reduced_there=False)
        if _INPUT in problems:
            self._bring_input(problems[_INPUT])
        if _MODEL in problems:
            self._bring_model(problems[_MODEL])
        # Late ones are asked for this, too: it goes with all that is staged.
        self._looks.append(self._note(self._plan.record.staging, _STAGING))
        self._session.require(self._looks, self._plan.sent_options)
        return self._plan

    def _problems(self, looks: list[Look]) -> dict[str, str]:
        """By the look's name, what the first instance that has a problem with it says."""
        found: dict[str, str] = {}
        reached = self._session.reach(looks, self._plan.sent_options)
        if any(not any(answers.values()) for answers in reached.values()):
            self._dismiss_blind(reached)
            return {}
        for address, answers in reached.items():
            for name, problem in answers.items():
                if problem:
                    found.setdefault(name, f"{self._session.label(address)}: {problem}")
        return found

    def _dismiss_blind(self, reached: Mapping[str, Reached]) -> None:
        """Goes on with those that see everything: a disk is not mounted on the others, say."""
        for address, answers in reached.items():
            problem = next(filter(None, answers.values()), "")
            if problem:
                self._session.dismiss(address, problem)

    @contextmanager
    def _noted(self, store: Store, name: str) -> Iterator[Look]:
        """A file with a word that nobody can guess, for as long as it is looked for."""
        look = self._note(store, name)
        try:
            yield look
        finally:
            store.delete(look.path)

    def _note(self, store: Store, name: str) -> Look:
        word = secrets.token_hex(16).encode()
        path = f".{word[:8].decode()}.seen"
        store.create(path, word)
        return Look(name=name, url=store.url, path=path, content=word, is_written=True)

    def _look_at_input(self) -> Iterator[Look]:
        first = next(iter(self._plan.listing.files()), None)
        if first is not None:
            root = self._plan.places.input_root
            yield Look(name=_INPUT, url=root, path=first.path, size=first.size)

    def _look_at_model(self) -> Iterator[Look]:
        model = self._plan.places.model
        if model is not None:
            store = open_store(model.url, self._plan.options)
            file = next(files_of(model, store), None)
            yield Look(name=_MODEL, url=model.url, path=file.path if file else model.path)

    # --- ways round ----------------------------------------------------------------------------

    def _bring_input(self, problem: str) -> None:
        source = self._plan.listing.store
        self._listing.wait()
        folder = upload_files(
            source, self._listed, self._uploads("input", source, problem), self._say, "the input"
        )
        self._move(input_root=folder.url)
        self._looks = [
            replace(each, url=folder.url) if each.name == _INPUT else each for each in self._looks
        ]

    def _listed(self) -> Iterator[InputFile]:
        for entry in read_log(self._plan.record, INPUTS):
            if not isinstance(entry, dict):
                yield InputFile(*entry)

    def _bring_model(self, problem: str) -> None:
        model = self._plan.places.model
        assert model is not None  # it was looked at
        self._move(model=self._brought(model, problem))
        self._looks = [each for each in self._looks if each.name != _MODEL]

    def _brought(self, model: ModelSource, problem: str) -> ModelSource:
        source = open_store(model.url, self._plan.options)
        return upload_model(model, source, self._uploads("model", source, problem), self._say)

    def _check_uploads(self, problems: Mapping[str, str]) -> None:
        """Makes sure of the way round before anything is made beside the output."""
        if _INPUT in problems:
            self._uploads("input", self._plan.listing.store, problems[_INPUT])
        model = self._plan.places.model
        if _MODEL in problems and model is not None:
            self._uploads("model", open_store(model.url, self._plan.options), problems[_MODEL])

    def _uploads(self, key: str, source: Store, problem: str) -> Store:
        chosen = self._plan.settings.uploads
        if source.local_path("") is None or chosen is None or local_form(chosen) is not None:
            way_out = (
                "give a URL, or a folder that all instances share; or set default_datastore, and "
                "what only this machine sees is uploaded there"
            )
            raise UsageError(f"{key}: not every instance sees it ({problem}); {way_out}")
        return open_store(chosen, self._plan.options)

    def _stage_beside_output(self, problem: str, *, sees_output: bool) -> None:
        target, record = self._plan.target.store, self._plan.record
        if not sees_output:
            raise UsageError(
                f"workspace: not every instance sees it ({problem}); give one that all see, a URL "
                "or a shared folder; or such an output.path, to stage beside it what they make"
            )
        record.stage_at(target.at(f".{record.name}-{secrets.token_hex(4)}.staging").url)

    def _use_staging(self) -> None:
        """Instances see nothing of the workspace: code and logs lie in staging, too."""
        staging, code = self._plan.record.staging, self._plan.places.code
        if code:
            folder, _, name = code.rpartition("/")
            staging.write(name, open_store(folder or "/").read(name))
            code = staging.at(name).url
        logs = staging.at("logs")
        folder_of_logs = logs.local_path("")
        if folder_of_logs is not None:  # a shared disk: processes write there as they go
            folder_of_logs.mkdir(parents=True, exist_ok=True)
        self._move(staging=staging.url, logs=logs.url, code=code, is_reduced_there=False)

    def _move(self, **changes: object) -> None:
        places = replace(self._plan.places, **changes)  # type: ignore[arg-type]
        self._plan = replace(self._plan, moved=places)
