"""What `doctor` says of environments: what makes them here, and which are kept."""

from __future__ import annotations

from collections.abc import Iterator

from framework.domain import phrases


def said_of_pythons() -> str:
    """The Pythons that environments can be made with, and the tools."""
    from framework.environments import building_tools, installed_interpreters

    versions = ", ".join(each.version for each in installed_interpreters())
    return f"{versions}; environments are made by {' and '.join(building_tools())}"


def said_of_environments() -> Iterator[tuple[str, bool]]:
    """A line for the cache and one for each environment in it, with whether all is well."""
    from framework.environments import cache_folder, cached_environments

    cached = cached_environments()
    total = phrases.size(sum(each.size for each in cached))
    hint = "; `doctor --clear-environments` removes those that no job uses" if cached else ""
    yield f"{len(cached)} kept in {cache_folder()}, {total}{hint}", True
    for each in cached:
        state = "in use" if each.is_used else "unused"
        if not each.is_built:
            state = "being built" if each.is_used else "of no use any more"
        made = f"Python {each.python}, " if each.python else ""
        size = phrases.size(each.size)
        yield f"{each.key}: {made}{size}, {state}, from {each.source or '?'}", each.is_built


def clear() -> str:
    """Removes all that no job uses, and says so."""
    from framework.environments import clear_environments

    removed, kept = clear_environments()
    said = f"{len(removed)} removed"
    return f"{said}; kept, as jobs use them: {', '.join(kept)}" if kept else said
