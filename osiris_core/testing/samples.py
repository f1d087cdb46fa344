"""The table that drivers are tried with, and what becomes of it: empty, all missing, of many scripts, large."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pyarrow as pa

UNICODE_NAME: Final = "jme\u0301no \u540d\u524d \u2713"
"""The name of the column that `in_many_scripts` adds; its accent is a character of its own."""
UNICODE_TEXTS: Final = (
    "\u017elu\u0165ou\u010dk\u00fd",  # composed
    "pr\u030ci\u0301lis\u030c",  # decomposed
    "\U0001f469\u200d\U0001f33e",  # one sign of three code points, outside of the basic plane
    "\u05e9\u05dc\u05d5\u05dd",  # right to left
    "\u202eabc\u202c",  # turned around
    "\u540d\u524d",
    "\u0130stanbul stra\u00dfe",  # lengths change with the case
    "\u00a0no-break\u00a0",  # white space that is none to some
    "line\u2028separator",  # a line end to some
    "next\u0085line",
)


def sample_table() -> pa.Table:
    """Return a table of a few rows: whole numbers, floats, truth values, text, dates and moments, with values missing."""
    import pyarrow as pa

    noon = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
    return pa.table(
        {
            "id": pa.array([1, 2, 3, 4, 5, 6, 7, 8], pa.int64()),
            "amount": pa.array([0.1, -2.5, None, 1e16, 3.0, 0.25, -0.5, 8.0], pa.float64()),
            "open": pa.array([True, False, None, True, True, False, True, False], pa.bool_()),
            "name": pa.array(["ada", "bob", None, "eve", "mallory", "trent", "peggy", "victor"], pa.string()),
            "day": pa.array([noon.date(), None, *[noon.date() + dt.timedelta(days=n) for n in range(6)]], pa.date32()),
            "at": pa.array(
                [noon, None, *[noon + dt.timedelta(hours=n) for n in range(6)]], pa.timestamp("us", tz="UTC")
            ),
        }
    )


def without_rows(table: pa.Table) -> pa.Table:
    """Return the table's columns without a row."""
    return table.slice(0, 0)


def all_missing(table: pa.Table) -> pa.Table:
    """Return a table of the same shape in which every value is missing."""
    import pyarrow as pa

    columns = [pa.nulls(table.num_rows, field.type) for field in table.schema]
    return pa.table(columns, schema=pa.schema([field.with_nullable(True) for field in table.schema]))


def in_many_scripts(table: pa.Table) -> pa.Table:
    """Return the table with hostile texts in its columns of text, and one column more whose name is such a text."""
    import pyarrow as pa

    rows = max(table.num_rows, len(UNICODE_TEXTS))
    longer = repeated(table, rows)
    texts = [UNICODE_TEXTS[index % len(UNICODE_TEXTS)] for index in range(rows)]
    for index, field in enumerate(longer.schema):
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            longer = longer.set_column(index, field, pa.array(texts, field.type))
    return longer.append_column(UNICODE_NAME, pa.array(texts, pa.string()))


def repeated(table: pa.Table, rows: int) -> pa.Table:
    """Return `rows` rows, made of the table's over and over, in one chunk; a table without rows as it is."""
    import pyarrow as pa

    if table.num_rows == 0:
        return table
    whole = pa.concat_tables([table] * -(-rows // table.num_rows)).slice(0, rows)
    return whole.combine_chunks()


def in_chunks(table: pa.Table) -> pa.Table:
    """Return the same rows in many chunks of uneven sizes, of 1 and 0 rows too."""
    import pyarrow as pa

    pieces, start, size = [], 0, 1
    while start < table.num_rows:
        pieces += [table.slice(start, size), table.slice(start, 0)]
        start, size = start + size, size * 2 % 1021 + 1
    return pa.concat_tables(pieces) if pieces else table
