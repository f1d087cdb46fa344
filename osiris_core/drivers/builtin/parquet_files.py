"""`filesystem.parquet_extractor` and `filesystem.parquet_writer`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from osiris_core.drivers.builtin.shared import READ, WRITTEN
from osiris_core.drivers.protocol import DriverSpec, Option

EXTRACTOR: Final = DriverSpec(
    name="filesystem.parquet_extractor",
    kind="extractor",
    target="osiris_core.drivers.parquet_extractor:ParquetExtractor",
    requirements=("pyarrow",),
    options=MappingProxyType(
        {
            "path": READ,
            "columns": Option(type="strings", summary="The columns to read, in this order; all."),
        }
    ),
    summary="Reads a Parquet file into a table.",
    documentation="Rows, columns and types are the file's; its other metadata is left out.\n\nMetric: rows_read.",
)

WRITER: Final = DriverSpec(
    name="filesystem.parquet_writer",
    kind="writer",
    target="osiris_core.drivers.parquet_writer:ParquetWriter",
    requirements=("pyarrow",),
    options=MappingProxyType(
        {
            "path": WRITTEN,
            "compression": Option(
                type="string",
                choices=("zstd", "snappy", "gzip", "none"),
                default="zstd",
                summary="How pages are compressed.",
            ),
            "row_group_rows": Option(
                type="integer", minimum=1, maximum=2**26, default=2**20, summary="Rows of one row group."
            ),
        }
    ),
    summary="Writes a table as a Parquet file whose bytes depend on the table and the version of pyarrow alone.",
    documentation=(
        "How the table is cut into chunks and how its dictionaries are ordered does not show in the file; the schema's "
        "metadata is left out.\n\nMetric: rows_written."
    ),
)
