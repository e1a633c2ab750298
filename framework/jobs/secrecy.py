"""Secrets on their way to instances: over a connection that others can read, they don't go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from framework.domain.redaction import looks_secret
from framework.domain.references import names_in
from framework.engine.privacy import address_of, is_private, unset_on
from framework.engine.sealed import Sealed
from framework.engine.session import Session
from framework.errors import UsageError
from framework.jobs.plan import JobPlan

_SECTIONS = ("environment_variables", "scorer", "storage_options")


def kept_secret(plan: JobPlan, session: Session) -> JobPlan:
    """The plan, with no more secrets in it than may travel to the instances of a session.

    Raises:
        UsageError: They would be sent in plain sight.
    """
    if is_private(session) or plan.settings.compute.allow_plaintext_secrets:
        return plan
    named = {key: set(names) for key, names in _named(plan.document)}
    unset = unset_on(session, sorted(set().union(*named.values()))) if named else set()
    seen = [key for key, names in named.items() if names & unset] + list(_plain(plan))
    if seen:
        way_out = "connect to the scheduler by tls://"
        if unset:
            way_out = f"set {', '.join(sorted(unset))} on every instance, or {way_out}"
        raise UsageError(
            f"{', '.join(dict.fromkeys(seen))}: what only this machine knows would be sent to the "
            f"scheduler at {address_of(session)} for everyone to read; {way_out}, or set "
            "compute.allow_plaintext_secrets=true"
        )
    return _without_values(plan)


def _without_values(plan: JobPlan) -> JobPlan:
    launch = replace(
        plan.launch,
        params=_bare(plan.launch.params),
        environment_variables=_bare(plan.launch.environment_variables),
    )
    return replace(plan, launch=launch, sends_values=False)


def _bare(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return values.without_values() if isinstance(values, Sealed) else values


def _named(document: Mapping[str, Any]) -> Iterator[tuple[str, Iterator[str]]]:
    """The keys whose values refer to environment variables, and to which."""
    for section in _SECTIONS:
        for key, value in _leaves(section, document.get(section) or {}):
            if any(True for _ in names_in(value)):
                yield key, names_in(value)


def _plain(plan: JobPlan) -> Iterator[str]:
    """The keys of stores' secrets that are no references: plain ones, and signatures of URLs."""
    written = plan.document.get("storage_options") or {}
    for url, options in plan.options.items():
        for key, value in _leaves(f"storage_options.{url}", options):
            name = key.rpartition(".")[2]
            known = (written.get(url) or {}).get(name)
            if value and looks_secret(name) and not any(True for _ in names_in(known)):
                yield key


def _leaves(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _leaves(f"{key}.{name}", item)
    else:
        yield key, value
