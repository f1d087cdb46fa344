"""Declared rules for the parity tests, in few words."""

from __future__ import annotations

from typing import Any

from osiris_core.rules.model import RecordKind, Rule, RuleKind, Scope


def rule(kind: RuleKind | str, record: RecordKind | str = "event", *, called: str = "r", **given: Any) -> Rule:
    """Return a rule; what belongs to its scope is told apart by name."""
    scope = {name: given.pop(name) for name in ("step", "name", "path", "match") if name in given}
    return Rule(
        id=called,
        reason="a test",
        scope=Scope(record=RecordKind(record), **scope),
        kind=RuleKind(kind),
        **given,
    )
