"""`sql.extractor` and `sql.writer`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from osiris_core.drivers.builtin.shared import WRITTEN
from osiris_core.drivers.protocol import DriverSpec, Option

EXTRACTOR: Final = DriverSpec(
    name="sql.extractor",
    kind="extractor",
    target="osiris_core.drivers.sql_extractor:SqlExtractor",
    requirements=("duckdb", "pyarrow"),
    options=MappingProxyType(
        {
            "database": Option(
                type="input_path", required=True, summary="The SQLite or DuckDB file; declare it under `inputs:` too."
            ),
            "query": Option(type="string", required=True, summary="One SELECT."),
        }
    ),
    summary="Runs a query in a SQLite or DuckDB file, which is opened for reading only.",
    documentation=(
        "Which engine it is, the file says. SQLite's columns have the declared type where they come straight from a "
        "table and all values fit it, else the one that all values have in common.\n\nMetric: rows_read."
    ),
)

WRITER: Final = DriverSpec(
    name="sql.writer",
    kind="writer",
    target="osiris_core.drivers.sql_writer:SqlWriter",
    requirements=("duckdb", "pyarrow"),
    options=MappingProxyType(
        {
            "database": WRITTEN,
            "table": Option(type="string", required=True, summary="The table's name."),
            "mode": Option(
                type="string",
                choices=("create", "append", "replace"),
                default="create",
                summary="Whether the table is new, has to be there, or may be there and is replaced.",
            ),
            "engine": Option(
                type="string",
                choices=("sqlite", "duckdb"),
                summary="Whose file it is; DuckDB's where it ends in `.duckdb` or `.ddb`, else SQLite's.",
            ),
            "base": Option(type="input_path", summary="The database that this one starts as a copy of; an empty one."),
        }
    ),
    summary="Writes a table into a SQLite or DuckDB file whose bytes depend on the table and the engine's version alone.",
    documentation="What the engine would not give back as it is, is refused with the column's name.\n\nMetric: rows_written.",
)
