"""`filesystem.jsonl_extractor` and `filesystem.jsonl_writer`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from osiris_core.drivers.protocol import DriverSpec, Option

EXTRACTOR: Final = DriverSpec(
    name="filesystem.jsonl_extractor",
    kind="extractor",
    target="osiris_core.drivers.jsonl_extractor:JsonlExtractor",
    requirements=("duckdb", "pyarrow"),
    options=MappingProxyType(
        {
            "path": Option(type="input_path", required=True, summary="The file; declare it under `inputs:` too."),
            "columns": Option(
                type="any",
                summary="A list selects columns, a mapping of names to SQL types declares them; all, inferred.",
            ),
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
    options=MappingProxyType(
        {"path": Option(type="output_path", required=True, summary="Where in the step's artifact directory.")}
    ),
    summary="Writes a table as JSON objects, one a line, whose bytes depend on the table alone.",
    documentation="Keys stand in the order of the columns; a missing value is `null`.\n\nMetric: rows_written.",
)
