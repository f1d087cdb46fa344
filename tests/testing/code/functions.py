"""Functions for `python.callable`."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc


def with_rank(inputs, ctx, *, by="id"):
    """The table with a number for each row, by a column."""
    table = inputs["df_given"]
    if table is None:
        raise ValueError("df_given has no table")
    ranks = pc.rank(table[by].combine_chunks()) if table.num_rows else pa.array([], pa.uint64())
    return table.append_column("rank", ranks)
