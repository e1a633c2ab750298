"""One session for each job: `nox -s tests`, `nox -s lint types`, ... `.ci/run` does them all."""

from __future__ import annotations

import nox

nox.options.sessions = ["lint", "types", "imports", "spelling", "tests"]
nox.options.reuse_existing_virtualenvs = True

CHILD = "framework/scoring/child"


@nox.session
def tests(session: nox.Session) -> None:
    """All tests, with coverage; arguments go to pytest."""
    session.install("-e", ".[dev,torch,keras]")
    session.install("./plugins/scorer-torch")
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *session.posargs)
    session.run("coverage", "combine")
    session.run("coverage", "report", *(["--fail-under=0"] if session.posargs else []))


@nox.session
def lint(session: nox.Session) -> None:
    """Style, and the oldest Python that a scorer process may have."""
    session.install("ruff", "vermin")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("vermin", "--no-tips", "--quiet", "--violations", "--target=3.8-", CHILD)


@nox.session
def types(session: nox.Session) -> None:
    """Strict types."""
    session.install("-e", ".[dev]")
    session.install("./plugins/scorer-torch")
    session.run("mypy")


@nox.session
def imports(session: nox.Session) -> None:
    """Layers, and each library's owner."""
    session.install("-e", ".[dev]")
    session.run("lint-imports")


@nox.session
def spelling(session: nox.Session) -> None:
    """Typing mistakes."""
    session.install("codespell")
    session.run("codespell")


@nox.session
def docs(session: nox.Session) -> None:
    """That the documentation says what the code does."""
    session.install("-e", ".[dev,torch]")
    session.install("./plugins/scorer-torch")
    session.run("pytest", "tests/docs", *session.posargs)


@nox.session
def packaging(session: nox.Session) -> None:
    """What the wheel holds, and that it installs by itself."""
    session.install("-e", ".[dev]")
    session.run("pytest", "tests/packaging", *session.posargs)
