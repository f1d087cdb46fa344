"""Parquet files: one table each, and a container that says nothing about its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.kinds.tables.model import Table, batch_rows
from osiris_core.parity.kinds.tables.plain import is_kept

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

MAGIC: Final = b"PAR1"
_BUFFER_BYTES: Final = 1 << 18
_NO_VALUES: Final = frozenset("*?[")
"""What DuckDB takes for a pattern in a path."""


def read_parquet(path: Path) -> Table:
    """Return the table of a file. pyarrow's errors pass where it is none, is cut off, or is encrypted."""
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        schema, rows = file.schema_arrow, file.metadata.num_rows

    def batches() -> Iterator[pa.RecordBatch]:
        # Without these, a whole row group lies in memory while its first rows are looked at.
        with parquet.ParquetFile(
            path, pre_buffer=False, buffer_size=_BUFFER_BYTES, page_checksum_verification=True
        ) as opened:
            yield from opened.iter_batches(batch_size=batch_rows(len(schema)))

    return Table(schema=schema, batches=batches, rows=rows, sql=_sql(path, schema))


def _sql(path: Path, schema: pa.Schema) -> str:
    """Return how DuckDB reads the file by itself, or nothing where it would read another value, column or file."""
    names = [name.lower() for name in schema.names]
    is_plain = all(is_kept(kind) for kind in schema.types) and len(set(names)) == len(names)
    if not is_plain or "file_row_number" in names or _NO_VALUES & set(str(path)):
        return ""
    literal = "'" + str(path).replace("'", "''") + "'"
    return f"read_parquet({literal}, hive_partitioning=false, file_row_number=true)"


def container(path: Path) -> dict[str, Any]:
    """Return what a file says about itself: facts of the container, not of the table."""
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        metadata, schema = file.metadata, file.schema_arrow
    groups = [metadata.row_group(group) for group in range(metadata.num_row_groups)]
    chunks = [group.column(place) for group in groups for place in range(group.num_columns)]
    keys = {key.decode(errors="replace") for key in schema.metadata or {}}
    keys |= {key.decode(errors="replace") for key in metadata.metadata or {}}
    return {
        "created by": metadata.created_by,
        "format": metadata.format_version,
        "row groups": [group.num_rows for group in groups],
        "codec": sorted({chunk.compression for chunk in chunks}),
        "encodings": sorted({encoding for chunk in chunks for encoding in chunk.encodings}),
        "statistics": sorted({chunk.is_stats_set for chunk in chunks}),
        "metadata keys": sorted(keys),
        "metadata": {str(k): str(v) for k, v in {**(metadata.metadata or {}), **(schema.metadata or {})}.items()},
        "field metadata": [str(field.metadata) for field in schema],
    }
