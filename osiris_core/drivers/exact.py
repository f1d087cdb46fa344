"""A table in its exact types, piece by piece: what a description reads, without a second table in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osiris_core.drivers.arrow_types import converted, exact_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

_PIECE_ROWS: Final = 1 << 17


def exact_schema(schema: pa.Schema) -> pa.Schema:
    """Return the exact types as columns `c0`, `c1`, ... TypeError for a type that has none."""
    import pyarrow as pa

    return pa.schema([pa.field(f"c{index}", _exact_type(field)) for index, field in enumerate(schema)])


def exact_batches(table: pa.Table, exact: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield the rows in order, as batches of the schema `exact`."""
    import pyarrow as pa

    for batch in table.to_batches(max_chunksize=_PIECE_ROWS):
        columns = [_as_array(column, field.type) for column, field in zip(batch.columns, exact, strict=True)]
        yield pa.record_batch(columns, schema=exact)


def exact_chunks(column: pa.ChunkedArray, kind: pa.DataType) -> Iterator[pa.Array]:
    """Yield the values of one column in order, as arrays of the exact type `kind`."""
    for chunk in column.chunks:
        for start in range(0, len(chunk), _PIECE_ROWS):
            yield _as_array(chunk.slice(start, _PIECE_ROWS), kind)


def _exact_type(field: pa.Field) -> pa.DataType:
    """Return the field's exact type, tried on no values at all."""
    import pyarrow as pa

    kind = exact_type(field.type)
    try:
        converted(pa.chunked_array([], field.type), kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise TypeError(
            f"column {field.name!r} of type {field.type} cannot be described ({error}): cast it to a plain type first"
        ) from error
    return kind


def _as_array(values: pa.Array, kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    found = converted(pa.chunked_array([values], values.type), kind)
    return found.chunk(0) if found.num_chunks == 1 else found.combine_chunks()
