"""`filesystem.jsonl_extractor` and `filesystem.jsonl_writer`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from osiris_core.drivers.builtin.shared import COLUMNS, READ, WRITTEN
from osiris_core.drivers.protocol import DriverSpec

EXTRACTOR: Final = DriverSpec(
    name="filesystem.jsonl_extractor",
    kind="extractor",
    target="osiris_core.drivers.jsonl_extractor:JsonlExtractor",
    requirements=("duckdb", "pyarrow"),
    options=MappingProxyType(
        {
            "path": READ,
            "columns": COLUMNS,
        }
    ),
    summary="Reads a file of JSON objects, one a line, into a table.",
    documentation=(
        "Columns stand in the order of their first appearance, and get a type that all of their values fit.\n\n"
        "Metric: rows_read."
    ),
)

WRITER: Final = DriverSpec(
    name="filesystem.jsonl_writer",
    kind="writer",
    target="osiris_core.drivers.jsonl_writer:JsonlWriter",
    requirements=("pyarrow",),
    options=MappingProxyType({"path": WRITTEN}),
    summary="Writes a table as JSON objects, one a line, whose bytes depend on the table alone.",
    documentation="Keys stand in the order of the columns; a missing value is `null`.\n\nMetric: rows_written.",
)
