"""What no record has, although JSON and the types allow it: it was edited, damaged or made to do harm.

A key that is there twice has two meanings, of which readers take one each; numbers beyond 64 bits, and tables in tables in
tables, would break whoever draws them. What numbers and times may be is in `record_bounds`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from osiris_core.errors import UsageError

if TYPE_CHECKING:
    from osiris_core.parity.record import ParityRecord

MOST_DIGITS: Final = 20
"""Of a whole number: what has more does not fit into 64 bits."""
DEEPEST: Final = 50
"""Of tables within tables, where a record is free to have some: an environment, a declared rule."""


def require_one_meaning(data: bytes) -> None:
    """Raise `UsageError` for JSON with a key twice in one object, or with a whole number that counts nothing; `data` is well-formed."""
    try:
        json.loads(data, object_pairs_hook=_only_keys, parse_int=_count)
    except RecursionError as error:
        raise UsageError("it is nested too deeply") from error


def require_shallow(record: ParityRecord) -> None:
    """Raise `UsageError` for tables that are nested without end."""
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


def _is_deep(table: dict[str, Any]) -> bool:
    level: list[Any] = [table]
    for _ in range(DEEPEST):
        level = [inner for each in level for inner in (each.values() if isinstance(each, dict) else each)]
        level = [each for each in level if isinstance(each, dict | list)]
        if not level:
            return False
    return True
