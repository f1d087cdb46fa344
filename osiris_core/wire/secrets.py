"""What a run may know and no file may hold: one line on the worker's stdin, before anything else is said there."""

from __future__ import annotations

import json
from typing import Any, Self

from osiris_core.wire.canon import canonical_json
from osiris_core.wire.errors import WireProtocolError
from osiris_core.wire.values import field, value

_VERB = b"SECRETS "


@value
class Secrets:
    """Values by the name of the secret, and resolved connections by the reference that a step gives (`@family.alias`).

    `hidden` are texts of the connections that are masked, with the names that they are masked by. Nothing of it is
    shown by `repr`, so that no traceback or log line tells it by accident.
    """

    values: dict[str, str] = field(default_factory=dict, repr=False)
    connections: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)
    hidden: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def __bool__(self) -> bool:
        """Say whether there is anything to tell."""
        return bool(self.values or self.connections)

    def named(self) -> tuple[tuple[str, str], ...]:
        """Return every text that is masked, with the name that stands for it."""
        return (*self.values.items(), *self.hidden)

    def to_line(self) -> bytes:
        """Return the line, with its end."""
        told = {"values": self.values, "connections": self.connections, "hidden": self.hidden}
        return _VERB + canonical_json(told) + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """Read what `to_line` wrote. WireProtocolError, which repeats nothing of the line, for anything else."""
        try:
            found = json.loads(line.removeprefix(_VERB)) if line.startswith(_VERB) else None
        except ValueError:
            found = None
        if not isinstance(found, dict) or found.keys() != {"values", "connections", "hidden"} or not _fits(found):
            raise WireProtocolError("the first line of stdin is not the line of secrets that was announced")
        hidden = tuple((name, value) for name, value in found["hidden"])
        return cls(values=found["values"], connections=found["connections"], hidden=hidden)


def _fits(found: dict[str, Any]) -> bool:
    """Say whether values are texts by name, connections mappings by reference, and what is hidden pairs of texts."""
    values, connections, hidden = found["values"], found["connections"], found["hidden"]
    return (
        isinstance(values, dict)
        and isinstance(connections, dict)
        and all(isinstance(each, str) for each in values.values())
        and all(isinstance(each, dict) for each in connections.values())
        and isinstance(hidden, list)
        and all(isinstance(each, list) and list(map(type, each)) == [str, str] for each in hidden)
    )
