"""Records as drivers leave them, and pages as browsers see them."""

from __future__ import annotations

import json
from dataclasses import asdict
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from framework.domain.outcomes import Failure, FailureKind, Outcome, Receipt, Stage
from framework.jobs.journal import INPUTS, Journal
from framework.jobs.ledger import Ledger
from framework.jobs.record import JobRecord, open_record
from framework.settings import Settings
from framework.storage import open_store

# Elements that have no end.
_VOID = {"meta", "link", "br", "img", "hr", "input", "base"}


class Page(HTMLParser):
    """A page's elements and texts; fails where an element is not closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1:] == [tag], f"</{tag}> in {self._open}"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    @property
    def tags(self) -> set[str]:
        return {tag for tag, _ in self.elements}

    def all(self, attribute: str) -> list[str]:
        return [str(found[attribute]) for _, found in self.elements if attribute in found]


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Author:
    """Writes a job's record as its drivers would."""

    def __init__(self, record: JobRecord) -> None:
        self.record = record
        self.clock = Clock()
        self.summary: dict[str, Any] = {}

    def create(self, *, files: int = 0, model: Any = None, **settings: Any) -> None:
        document = json.loads(json.dumps(asdict(Settings(**settings))))
        name, created_at = self.record.name, "2026-11-23T13:27:55.120Z"
        counts = {"files": files, "succeeded": 0, "failed": 0, "rows": 0, "tries": 0}
        self.summary = {
            "name": name,
            "status": "Completed",
            "endpoint": settings.get("endpoint"),
            "deployment": None,
            "model": None,
            "input": "in",
            "output": "/out/predictions.csv",
            "counts": counts,
            "created_at": created_at,
            "started_at": None,
            "ended_at": "2026-11-23T13:37:55.120Z",
            "dashboard_url": None,
            "error": None,
        }
        self.record.create(
            {
                "name": name,
                "created_at": created_at,
                "document": document,
                "input_root": "/in",
                "code": "",
                "model": model,
                "versions": {"python": "3.12.1"},
                "summary": self.summary,
            }
        )

    def drive(self) -> tuple[Journal, Ledger]:
        journal = Journal.claim(self.record, started_at="2026-11-23T13:27:56.000Z")
        return journal, Ledger(journal, clock=self.clock)

    def list(self, journal: Journal, *names: str) -> None:
        journal.append(INPUTS, *([name, 10, ""] for name in names))
        journal.sync(INPUTS)

    def run(self, *outcomes: Outcome, seconds: float = 1.0, ended: str = "") -> None:
        """One driver, from its claim to its end; a receipt for each outcome."""
        journal, ledger = self.drive()
        for outcome in outcomes:
            self.clock.now += seconds
            ledger.add([Receipt(outcomes=(outcome,), part=None)])
        if ended:
            ledger.add_end(ended, None)
        journal.close()


@pytest.fixture
def author(tmp_path: Path) -> Author:
    return Author(open_record(open_store(str(tmp_path / "workspace")), "job"))


def failing(index: int, *files: str, **more: Any) -> Outcome:
    count = more.pop("count", len(files))
    failure = Failure(
        files=files,
        count=count,
        stage=more.pop("stage", Stage.SCORE),
        kind=more.pop("kind", FailureKind.EXCEPTION),
        message=more.pop("message", f"ValueError: {index}"),
        traceback=more.pop("traceback", ""),
        process_log=more.pop("process_log", "instance-0-0.log"),
    )
    return Outcome(
        index,
        max(count, 1),
        max(count, 1) - count,
        0,
        3,
        more.pop("took", 0.1),
        failures=(failure,),
    )


@pytest.fixture(name="failing", scope="session")
def failing_fixture():
    return failing


@pytest.fixture(name="read_page")
def read_page_fixture():
    return Page


@pytest.fixture(scope="session")
def author_of():
    """For tests that make many records."""
    return Author
