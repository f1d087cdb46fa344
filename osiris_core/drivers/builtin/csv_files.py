"""`filesystem.csv_extractor` and `filesystem.csv_writer`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from osiris_core.drivers.builtin.shared import COLUMNS, READ, WRITTEN
from osiris_core.drivers.protocol import DriverSpec, Option

_DELIMITER: Final = Option(
    type="string",
    default=",",
    summary="One character that is no letter, digit, quote or line end, nor one of `+ - . :`.",
)

EXTRACTOR: Final = DriverSpec(
    name="filesystem.csv_extractor",
    kind="extractor",
    target="osiris_core.drivers.csv_extractor:CsvExtractor",
    requirements=("duckdb", "pyarrow"),
    options=MappingProxyType(
        {
            "path": READ,
            "delimiter": _DELIMITER,
            "header": Option(type="boolean", default=True, summary="Whether the first line names the columns."),
            "encoding": Option(
                type="string", choices=("utf-8", "utf-16", "latin-1"), default="utf-8", summary="The file's encoding."
            ),
            "columns": COLUMNS,
            "nulls": Option(type="strings", default=("",), summary="The unquoted texts that mean a missing value."),
        }
    ),
    summary="Reads a CSV file into a table.",
    documentation=(
        "Rows and columns keep the file's order. Every column gets the first type that all of its values fit.\n\n"
        "Metric: rows_read."
    ),
)

WRITER: Final = DriverSpec(
    name="filesystem.csv_writer",
    kind="writer",
    target="osiris_core.drivers.csv_writer:CsvWriter",
    requirements=("duckdb", "pyarrow"),
    options=MappingProxyType(
        {
            "path": WRITTEN,
            "delimiter": _DELIMITER,
            "header": Option(type="boolean", default=True, summary="Whether the first line names the columns."),
            "newline": Option(type="string", choices=("lf", "crlf"), default="lf", summary="How lines end."),
            "quoting": Option(
                type="string",
                choices=("minimal", "all"),
                default="minimal",
                summary="Whether only what needs quotes has them, or everything but missing values.",
            ),
            "nulls": Option(type="string", default="", summary="How a missing value is written, never quoted."),
        }
    ),
    summary="Writes a table as a CSV file whose bytes depend on the table alone.",
    documentation="RFC 4180 in UTF-8; a missing value is an unquoted field, an empty text is two quotes.\n\nMetric: rows_written.",
)
