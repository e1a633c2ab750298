"""Groups of the verbs that every kind of entry of `conf/` has."""

from __future__ import annotations

from framework.cli.entity_kinds import EntityKind
from framework.cli.groups import LazyGroup
from framework.cli.options import examples

_VERBS = ("create", "show", "list", "update", "delete")


def entity_group(kind: EntityKind, text: str, **more: str) -> LazyGroup:
    """The group of a kind's verbs.

    Args:
        kind: The kind.
        text: The group's help.
        more: Verbs that only this kind has, by import path; `_` stands for a hyphen.
    """
    own = {name.replace("_", "-"): path for name, path in more.items()}
    return LazyGroup(
        name=kind.kind,
        help=text,
        verbs={verb: f"framework.cli.entity_{verb}:{kind.kind}" for verb in _VERBS} | own,
        epilog=examples(
            f"python -m framework {kind.kind} create {kind.created_with}",
            f"python -m framework {kind.kind} list",
        ),
    )
