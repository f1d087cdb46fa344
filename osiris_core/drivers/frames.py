"""The frames that tables are handed to drivers in: Arrow as it is, or what a driver of another library asks for.

What a driver gets depends on the Arrow table alone, its types and values, and never on notes that a library left
in the schema: those are not compared, so nothing may follow from them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pyarrow as pa


def as_frame(table: pa.Table, frame: str) -> Any:
    """Return `table` as `frame` says: itself for `arrow`, else a `pandas.DataFrame` or a `polars.DataFrame`.

    The engine is imported here, and its own errors pass: ImportError where it is missing, its words for a type that
    it does not know. ValueError for another frame.
    """
    convert = _CONVERSIONS.get(frame)
    if convert is None:
        raise ValueError(f"there is no frame {frame!r}; there are {', '.join(_CONVERSIONS)}")
    return convert(table)


def _as_it_is(table: pa.Table) -> pa.Table:
    return table


def _to_pandas(table: pa.Table) -> Any:
    """Return a DataFrame of one's own, with a fresh index.

    Whole numbers with missing ones among them become pandas' nullable integers: as floats, its other way to miss a
    value, numbers beyond 2**53 would be rounded.
    """
    import pandas as pd
    import pyarrow as pa

    frame = table.to_pandas(ignore_metadata=True)
    for index, column in enumerate(table.columns):
        if pa.types.is_integer(column.type) and column.null_count:
            sign = "U" if pa.types.is_unsigned_integer(column.type) else ""
            dtype = pd.api.types.pandas_dtype(f"{sign}Int{column.type.bit_width}")
            frame.isetitem(index, dtype.__from_arrow__(column))
    return frame


def _to_polars(table: pa.Table) -> Any:
    import polars as pl

    return pl.from_arrow(table)


_CONVERSIONS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "arrow": _as_it_is,
    "pandas": _to_pandas,
    "polars": _to_polars,
}
