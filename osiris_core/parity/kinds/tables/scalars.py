"""Values for Arrow, made from bytes.

Asked for one of a Python value, pyarrow looks for pandas, whose import takes longer than most comparisons.
"""

from __future__ import annotations

import struct
from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa


def truth(*, value: bool) -> pa.Scalar:
    """Return a truth value."""
    import pyarrow as pa

    return pa.Array.from_buffers(pa.bool_(), 1, [None, pa.py_buffer(bytes([value]))])[0]


def number(value: float) -> pa.Scalar:
    """Return a float of 64 bits."""
    import pyarrow as pa

    return pa.Array.from_buffers(pa.float64(), 1, [None, pa.py_buffer(struct.pack("=d", value))])[0]


def numbers(values: Sequence[float | None]) -> pa.Array:
    """Return a column of floats of 64 bits, null where there is None."""
    import pyarrow as pa

    valid = bytearray(-(-len(values) // 8))
    for place, value in enumerate(values):
        if value is not None:
            valid[place >> 3] |= 1 << (place & 7)
    data = array("d", [0.0 if value is None else value for value in values])
    return pa.Array.from_buffers(pa.float64(), len(values), [pa.py_buffer(bytes(valid)), pa.py_buffer(data.tobytes())])


def nothing(kind: pa.DataType) -> pa.Scalar:
    """Return a null of a type."""
    import pyarrow as pa

    return pa.nulls(1, kind)[0]


def empty(kind: pa.DataType) -> pa.Array:
    """Return a column without rows."""
    import pyarrow as pa

    return pa.nulls(0, kind)


def filled(mask: pa.Array) -> pa.Array:
    """Return a mask that is false where it was null."""
    from pyarrow import compute as pc

    return pc.coalesce(mask, truth(value=False)) if mask.null_count else mask
