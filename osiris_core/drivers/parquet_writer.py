"""`filesystem.parquet_writer`: a table becomes a Parquet file whose bytes depend on the table alone.

What the format's library makes of a table also depends on its chunks and on the order of its dictionaries. So every
row group is brought to one form first: one chunk, dictionaries in the order of appearance.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

from osiris_core.drivers.files import artifact_place
from osiris_core.drivers.inputs import only_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa

    from osiris_core.drivers.protocol import Context

_COMPRESSION: Final = "zstd"
_ROW_GROUP_ROWS: Final = 2**20


class ParquetWriter:
    """Writes the one table it is given below the step's own directory; see `docs/drivers.md` for its options."""

    def run(
        self,
        *,
        step_id: str,  # noqa: ARG002 - the protocol's
        config: Mapping[str, Any],
        inputs: Mapping[str, Any],
        ctx: Context,
    ) -> dict[str, Any]:
        """Return `{}`. ValueError for a path that leaves the step's directory, TypeError for a type without a form."""
        import pyarrow.parquet as pq

        table = only_table(inputs)
        schema = _storable(table)
        shown = str(config["path"])
        rows = int(config.get("row_group_rows", _ROW_GROUP_ROWS))
        compression = str(config.get("compression", _COMPRESSION))
        with (
            artifact_place(ctx.output_dir, shown).open("xb") as stream,
            pq.ParquetWriter(stream, schema, compression=compression) as writer,
        ):
            for group in _row_groups(table, schema, rows):
                writer.write_table(group, row_group_size=rows)
        ctx.log_metric("rows_written", table.num_rows, unit="rows")
        ctx.logger.info("wrote %d rows, %d columns to %s", table.num_rows, table.num_columns, shown)
        return {}


def _storable(table: pa.Table) -> pa.Schema:
    """Return the schema of the file: without metadata, and without run lengths, which the format does not know."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = table.schema.names
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled or not names:
        fault = f"more than one column {doubled[0]!r}" if doubled else "no columns"
        raise ValueError(f"the table has {fault}, so it cannot be written")
    fields = [_without_run_lengths(field).remove_metadata() for field in table.schema]
    for field in fields:
        try:
            pq.ParquetWriter(io.BytesIO(), pa.schema([field])).close()
        except pa.ArrowNotImplementedError as error:
            raise TypeError(
                f"column {field.name!r} of type {field.type} has no Parquet form: make it another type in a query first"
            ) from error
    return pa.schema(fields)


def _without_run_lengths(field: pa.Field) -> pa.Field:
    import pyarrow as pa

    return field.with_type(field.type.value_type) if pa.types.is_run_end_encoded(field.type) else field


def _row_groups(table: pa.Table, schema: pa.Schema, rows: int) -> Iterator[pa.Table]:
    """Yield the table in groups of `rows` rows, each in one chunk."""
    import pyarrow as pa

    for start in range(0, table.num_rows, rows):
        part = table.slice(start, rows)
        yield pa.table([_in_one_form(column) for column in part.columns], schema=schema)


def _in_one_form(column: pa.ChunkedArray) -> pa.Array:
    """Return the values of a column as one array that does not tell how they came to be."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_run_end_encoded(column.type):
        column = pa.chunked_array([pc.run_end_decode(chunk) for chunk in column.chunks], column.type.value_type)
    if not pa.types.is_dictionary(column.type):
        return column.combine_chunks()
    kind = column.type
    encoded = column.cast(kind.value_type).combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    return pa.DictionaryArray.from_arrays(
        encoded.indices.cast(kind.index_type), encoded.dictionary, ordered=kind.ordered
    )
