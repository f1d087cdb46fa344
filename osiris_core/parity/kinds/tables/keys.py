"""Finds a column by which rows can be matched: one whose values are all there, and all different, on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osiris_core.parity.kinds.tables.plain import is_nested, plain_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from osiris_core.parity.kinds.tables.model import Table
    from osiris_core.parity.kinds.tables.rules import TableRules
    from osiris_core.parity.kinds.tables.schema import Column

_SAMPLE: Final = 5_000
_TRIED: Final = 3
_LOOKED_AT: Final = 200
"""Columns that are looked at, from the left: a key stands in front."""


def candidate_keys(table: Table, columns: Sequence[Column], rules: TableRules) -> list[int]:
    """Return the places of columns that look like a key in the first rows of the left side, the likeliest first.

    Whether one is unique to the end is seen when rows are matched by it.
    """
    places = [
        place
        for place, column in enumerate(columns[:_LOOKED_AT])
        if _can_be_key(column.type) and place not in rules.tolerances
    ]
    for batch in table.batches() if places else ():
        if taken := batch.slice(0, _SAMPLE).num_rows:
            unique = [
                place for place in places if _distinct(batch.column(columns[place].left).slice(0, taken)) == taken
            ]
            return sorted(unique, key=lambda place: (_rank(columns[place].name), place))[:_TRIED]
    return []


def _distinct(column: pa.Array) -> int:
    plain = plain_column(column)
    return 0 if is_nested(plain.type) else len(plain.drop_null().unique())


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
