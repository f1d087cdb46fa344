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
    first = _first_rows(table) if places else []
    taken = sum(batch.num_rows for batch in first)
    if not taken:
        return []
    unique = [place for place in places if _distinct([batch.column(columns[place].left) for batch in first]) == taken]
    return sorted(unique, key=lambda place: (_rank(columns[place].name), place))[:_TRIED]


def _first_rows(table: Table) -> list[pa.RecordBatch]:
    """Return the first rows of a table, of as many batches as that takes: one may have a single row."""
    found: list[pa.RecordBatch] = []
    wanted = _SAMPLE
    for batch in table.batches():
        found.append(batch.slice(0, wanted))
        wanted -= found[-1].num_rows
        if not wanted:
            break
    return found


def _distinct(pieces: Sequence[pa.Array]) -> int:
    import pyarrow as pa

    plain = pa.concat_arrays([plain_column(piece) for piece in pieces])
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
