"""Finds a column by which rows can be matched: one whose values are all there, and all different, on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pyarrow as pa

    from osiris_core.parity.kinds.tables.engine import Engine
    from osiris_core.parity.kinds.tables.rules import TableRules

_SAMPLE: Final = 5_000
_TRIED: Final = 3
_LOOKED_AT: Final = 200
"""Columns that are looked at, from the left: a key stands in front."""


def candidate_keys(engine: Engine, rules: TableRules) -> list[int]:
    """Return the places of columns that look like a key in the first rows of the left side, the likeliest first.

    Whether one is unique to the end is seen when rows are matched by it.
    """
    places = [
        place
        for place, column in enumerate(engine.columns[:_LOOKED_AT])
        if _can_be_key(column.type) and place not in rules.tolerances
    ]
    if not places:
        return []
    counts = ", ".join(f"count(distinct {engine.names[place]})" for place in places)
    total, *distinct = engine.row(f"select count(*), {counts} from (select * from {engine.source(0)} limit {_SAMPLE})")
    unique = [place for place, count in zip(places, distinct, strict=True) if count == total]
    return sorted(unique, key=lambda place: (_rank(engine.columns[place].name), place))[:_TRIED]


def _can_be_key(kind: pa.DataType) -> bool:
    from pyarrow import types as is_a

    return bool(
        is_a.is_integer(kind)
        or is_a.is_string(kind)
        or is_a.is_binary(kind)
        or is_a.is_temporal(kind)
        or is_a.is_decimal(kind)
    )


def _rank(name: str) -> int:
    lowered = name.lower()
    if lowered in {"id", "key", "uuid"}:
        return 0
    return 1 if lowered.endswith(("id", "key", "no", "number")) else 2
