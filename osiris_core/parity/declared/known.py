"""What a run is known to have been given, as its own worker reported it: never a guess from what a value looks like."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from osiris_core.parity.side import Side

_SHORTEST: Final = 2
"""A known value of one character is found everywhere, so it is not looked for."""


def known_values(side: Side) -> dict[str, str]:
    """Return value -> name of what one side's run was given, by the names of `rules.model.KNOWN`."""
    hello, facts = side.session.hello, side.session.target_facts
    environment = hello.get("environment") or {}
    named = {
        "user": environment.get("user"),
        "host": environment.get("hostname"),
        "sandbox": facts.get("sandbox_id"),
        "session": side.session.session_id,
    }
    found = {str(value): name for name, value in named.items() if isinstance(value, str) and len(value) >= _SHORTEST}
    return {**found, **dict(side.roots)}


def known_replacer(side: Side, names: Iterable[str]) -> Callable[[str], str]:
    """Return what replaces the known values of these names (`roots` is every directory), longest first, at word boundaries.

    It is given text in which every `<` is doubled, so that no text can pretend to be a token.
    """
    wanted = set(names)
    chosen = {
        value: name
        for value, name in known_values(side).items()
        if name in wanted or ("roots" in wanted and value.startswith("/"))
    }
    if not chosen:
        return lambda text: text
    escaped = {value.replace("<", "<<"): name for value, name in chosen.items()}
    longest_first = sorted(escaped, key=lambda value: (-len(value), value))
    pattern = re.compile(rf"(?<![\w.~/-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-]|\.\w)")
    return lambda text: pattern.sub(lambda match: f"<{escaped[match[0]]}>", text)
