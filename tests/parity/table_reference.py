"""What a comparison of tables must find, in plain Python: slow, and nothing of the engine is in it."""

from __future__ import annotations

import math
import struct
from collections import Counter
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from osiris_core.parity.kinds.tables.comparer import compare_tables
from osiris_core.parity.kinds.tables.model import Table
from tests.parity.table_pairs import unordered

FLOATS = (0.0, -0.0, 1.0, math.nextafter(1.0, 2.0), 1e300, float("nan"), float("inf"), -float("inf"), None)
SCHEMA = pa.schema(
    [
        ("key", pa.int64()),
        ("text", pa.string()),
        ("number", pa.float64()),
        ("nested", pa.list_(pa.float64())),
        ("bytes", pa.binary()),
    ]
)
ROWS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 2, 2**60, 2**60 + 1, None]),
        st.sampled_from(["", "a", "a, b", "null", "'", None]),
        st.sampled_from(FLOATS),
        st.none() | st.lists(st.sampled_from(FLOATS), max_size=2),
        st.sampled_from([b"", b"\0", b"\xff", None]),
    ),
    max_size=7,
)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[list[Any], list[Any]]:
    """Draw two tables: the second is the first in another order, with rows changed, doubled and dropped."""
    left = draw(ROWS)
    right = draw(st.permutations(left)) if draw(st.booleans()) else list(left)
    for _ in range(draw(st.integers(0, 2))):
        row = draw(ROWS.filter(bool))[0]
        place = draw(st.integers(0, len(right)))
        kind = draw(st.sampled_from(["add", "drop", "change", "double"]))
        if kind == "add" or not right[place:]:
            right.insert(place, row)
        elif kind == "drop":
            del right[place]
        elif kind == "double":
            right.insert(place, right[place])
        else:
            column = draw(st.integers(0, len(SCHEMA) - 1))
            right[place] = (*right[place][:column], row[column], *right[place][column + 1 :])
    return left, right


def exact(value: Any) -> Any:
    """Return a value that is equal where ours is: by its bits, NaN aside."""
    if isinstance(value, float):
        return "nan" if math.isnan(value) else struct.pack(">d", value)
    if isinstance(value, list):
        return ("list", *map(exact, value))
    return (type(value).__name__, value)


def table(rows: list[Any], batch: int) -> Table:
    """Return rows as a table that is read in batches of a length."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(SCHEMA)
    stored = pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
    )
    return Table(schema=SCHEMA, batches=lambda: iter(stored.to_batches(batch)))


def check(left: list[Any], right: list[Any], batches: tuple[int, int]) -> None:
    """Hold both paths of the engine against the definition. AssertionError where they disagree."""
    a, b = ([tuple(map(exact, row)) for row in rows] for rows in (left, right))
    missing, extra = Counter(a) - Counter(b), Counter(b) - Counter(a)
    tables = table(left, batches[0]), table(right, batches[1])
    ordered = [found.code for found in compare_tables(*tables).findings]
    assert (ordered == []) == (a == b)
    assert (ordered == ["table-row-order"]) == (a != b and not missing and not extra)
    found = compare_tables(*tables, rules=(unordered(),)).findings
    assert (not found) == (not missing and not extra)
    keyed = compare_tables(*tables, rules=(unordered("key", "text"),)).findings
    assert (not keyed) == (not missing and not extra)
    for findings in (found, keyed):
        told = findings[0].table if findings else None
        if told is not None:
            assert told.rows == (len(left), len(right))
            assert told.rows_missing - told.rows_extra == len(left) - len(right)
            if not told.key:
                assert (told.rows_missing, told.rows_extra) == (missing.total(), extra.total())
