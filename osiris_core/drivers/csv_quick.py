"""Types of text columns, found and converted at once where that is sure to end as the rules of `csv_types` say.

Each function here takes less than its rule does, never more: what it converts, the rule would have given the same
type and the same values. Where it returns None, the rule itself has to be asked.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pyarrow as pa

DECISIVE: Final = ("BIGINT", "BOOLEAN")
"""Types of which the quick test is the rule itself: a column that it does not take, the rule does not take either."""

_DECIMAL: Final = r"^-?((0|[1-9][0-9]{0,14})|(0|[1-9][0-9]*)(\.[0-9]+|(\.[0-9]+)?[eE][-+]?[0-9]{1,2}))$"
_SAFE_CHARS: Final = 200
"""A decimal of no more characters is neither too large nor too small for a double."""
_MOMENT_CHARS: Final = 19
_INSTANT: Final = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[-+](0[0-9]|1[0-4])(:[0-5][0-9])?)$"
)
_FIRST_DAY: Final = dt.date(1, 1, 1)
"""Before it, engines count years differently."""


def quick_column(column: pa.ChunkedArray, kind: str) -> pa.ChunkedArray | None:
    """Return a text column as the SQL type `kind`, or None where only the rule can tell whether it is one."""
    import pyarrow as pa

    try:
        return _CONVERSIONS[kind](column)
    except pa.ArrowInvalid:
        return None


def _whole(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = pc.cast(column, pa.int64())
    return numbers if _holds(pc.equal(pc.cast(numbers, pa.string()), column)) else None


def _number(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    longest = pc.max(pc.binary_length(column)).as_py() or 0
    if longest > _SAFE_CHARS or not _holds(pc.match_substring_regex(column, _DECIMAL)):
        return None
    return pc.cast(column, pa.float64())


def _truth(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    words = pa.array(["true", "True", "TRUE", "false", "False", "FALSE"], column.type)
    is_true = pc.is_in(column, words[:3])
    if not _holds(pc.or_(is_true, pc.or_(pc.is_in(column, words[3:]), pc.is_null(column)))):
        return None
    return pc.if_else(pc.is_valid(column), is_true, None)


def _day(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    days = pc.cast(column, pa.date32())
    return days if _holds(pc.greater_equal(days, pa.scalar(_FIRST_DAY, pa.date32()))) else None


def _moment(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    if (pc.min(pc.binary_length(column)).as_py() or 0) < _MOMENT_CHARS:
        return None
    return _since_first_day(pc.cast(column, pa.timestamp("us")))


def _instant(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not _holds(pc.match_substring_regex(column, _INSTANT)):
        return None
    return _since_first_day(pc.cast(column, pa.timestamp("us", "UTC")))


def _since_first_day(moments: pa.ChunkedArray) -> pa.ChunkedArray | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    first = dt.datetime.combine(_FIRST_DAY, dt.time(), dt.UTC) + dt.timedelta(days=1)
    if moments.type.tz is None:
        first = first.replace(tzinfo=None)
    return moments if _holds(pc.greater_equal(moments, pa.scalar(first, moments.type))) else None


def _holds(test: pa.ChunkedArray) -> bool:
    """Return whether a test holds for every value that is not missing."""
    import pyarrow.compute as pc

    return bool(pc.all(test, min_count=0).as_py())


_CONVERSIONS: Final[Mapping[str, Callable[[pa.ChunkedArray], pa.ChunkedArray | None]]] = {
    "BIGINT": _whole,
    "DOUBLE": _number,
    "BOOLEAN": _truth,
    "DATE": _day,
    "TIMESTAMP": _moment,
    "TIMESTAMPTZ": _instant,
}
