"""How the digests of tables are made here: a baseline's can be held against a run's only where it is the same way.

They rest on the hash of DuckDB, which a later version may change, and on ours. Neither version is of interest as long as the digests of
one little table come out the same.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import cache
from typing import Any


@cache
def table_digests() -> str:
    """Return 16 hex digits that are the same wherever digests of tables are."""
    import pyarrow as pa

    from osiris_core.drivers.tables import describe_table

    probe = pa.table(
        {
            "whole": pa.array([1, -2, None], pa.int64()),
            "small": pa.array([1, 2, 3], pa.int8()),
            "real": pa.array([0.5, -0.0, float("nan")], pa.float64()),
            "text": pa.array(["a", "ä", ""], pa.string()),
            "bytes": pa.array([b"a", b"\0", None], pa.binary()),
            "flag": pa.array([True, False, None], pa.bool_()),
            "day": pa.array([dt.date(2013, 1, 31), None, dt.date(1900, 1, 1)], pa.date32()),
            "moment": pa.array([dt.datetime(2013, 1, 31, 12, tzinfo=dt.UTC)] * 3, pa.timestamp("us", "UTC")),
            "exact": pa.array([Decimal("1.50"), None, Decimal("-2.25")], pa.decimal128(10, 2)),
            "list": pa.array([[1, 2], [], None], pa.list_(pa.int64())),
        }
    )
    described = describe_table(probe)
    return f"{described['ordered'][:8]}{described['unordered'][:8]}"


def without_digests(table: dict[str, Any]) -> dict[str, Any]:
    """Return the description of a table without the digests in it: rows, schema and statistics are left."""
    columns = {
        name: {fact: value for fact, value in column.items() if fact not in _DIGESTS}
        for name, column in (table.get("columns") or {}).items()
    }
    return {**{fact: value for fact, value in table.items() if fact not in _DIGESTS}, "columns": columns}


_DIGESTS = frozenset({"ordered", "unordered"})
