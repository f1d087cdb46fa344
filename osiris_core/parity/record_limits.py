"""What no record has, although JSON and the types allow it: it was edited, damaged or made to do harm.

A key that is there twice has two meanings, of which readers take one each; numbers that measure nothing, and tables in tables in
tables, would break whoever draws them.
"""

from __future__ import annotations

import json
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from osiris_core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osiris_core.parity.record import ParityRecord

MOST_DIGITS: Final = 20
"""Of a whole number: what has more does not fit into 64 bits."""
LONGEST: Final = 1e15
"""Of a time in milliseconds, or seconds: 30,000 years."""
DEEPEST: Final = 50
"""Of tables within tables, where a record is free to have some: an environment, a declared rule."""

_UNITS: Final = ("_ms", "_s")


def require_one_meaning(data: bytes) -> None:
    """Raise `UsageError` for JSON with a key twice in one object, or with a whole number that counts nothing; `data` is well-formed."""
    try:
        json.loads(data, object_pairs_hook=_only_keys, parse_int=_count)
    except RecursionError as error:
        raise UsageError("it is nested too deeply") from error


def require_measured(record: ParityRecord) -> None:
    """Raise `UsageError` for a time that nothing takes, and for tables that are nested without end."""
    for name, value in _times(record):
        if value is not None and not -LONGEST <= value <= LONGEST:
            raise UsageError(f"`{name}` is {value:g}, and nothing takes so long")
    declared = record.comparison.rules if record.comparison else ()
    for name, table in (
        *(("environment", run.environment) for run in record.targets),
        *(("declared", use.declared) for use in declared),
    ):
        if _is_deep(table):
            raise UsageError(f"`{name}` is nested more than {DEEPEST} deep")


def _only_keys(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        names = [name for name, _ in pairs]
        raise UsageError(f"the key `{next(each for each in names if names.count(each) > 1)}` is there twice")


def _count(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise UsageError(f"{digits[:MOST_DIGITS]}… is no number of anything")
    return 0


def _times(record: ParityRecord) -> Iterator[tuple[str, float | None]]:
    parts: list[Any] = [record, *record.targets, *(step for run in record.targets for step in run.steps)]
    for run in record.targets:
        yield from (("phases", elapsed_ms) for _, elapsed_ms in run.phases)
        parts += [run.transport, *run.transport.retries] if run.transport else []
    parts += [record.triage] if record.triage else []
    for part in parts:
        kind: Any = type(part)
        yield from ((name, getattr(part, name)) for name in _time_fields(kind))


@cache
def _time_fields(kind: Any) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind) if each.name.endswith(_UNITS))


def _is_deep(table: dict[str, Any]) -> bool:
    level: list[Any] = [table]
    for _ in range(DEEPEST):
        level = [inner for each in level for inner in (each.values() if isinstance(each, dict) else each)]
        level = [each for each in level if isinstance(each, dict | list)]
        if not level:
            return False
    return True
