"""`filesystem.csv_extractor`: a CSV file becomes a table, its rows in the file's order.

The file is read as text in a fixed dialect first, so that no guess about delimiters or header lines can swallow a
row; types follow from the whole column (`csv_types`) or from what the step declares.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from osiris_core.drivers.csv_cells import read_cells
from osiris_core.drivers.csv_dialect import delimiter_of, first_record
from osiris_core.drivers.csv_types import TEXT, cast_columns, typed_columns
from osiris_core.drivers.engine import borrow_in_utc, first_row
from osiris_core.drivers.files import existing_file
from osiris_core.wire.names import TABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb
    import pyarrow as pa

    from osiris_core.drivers.protocol import Context

_TYPE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_ ]*(\(\s*\d+\s*(,\s*\d+\s*)?\))?")
_GLOB: Final = re.compile(r"[*?\[\]]")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """The file as the manifest names it, and how it is to be read."""

    path: str
    delimiter: str
    header: bool
    encoding: str
    nulls: tuple[str, ...]
    types: Mapping[str, str]
    selection: tuple[str, ...]

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> _Source:
        columns = config.get("columns") or {}
        if not isinstance(columns, (dict, list)):
            raise TypeError(f"columns is a list of names, or a mapping of names to SQL types, not {columns!r}")
        return cls(
            path=str(config["path"]),
            delimiter=delimiter_of(config),
            header=bool(config.get("header", True)),
            encoding=str(config.get("encoding", "utf-8")),
            nulls=tuple(config.get("nulls", [""])),
            types=columns if isinstance(columns, dict) else {},
            selection=tuple(columns) if isinstance(columns, list) else (),
        )


class CsvExtractor:
    """Reads one CSV file; see `docs/drivers.md` for its options."""

    def run(
        self,
        *,
        step_id: str,  # noqa: ARG002 - the protocol's
        config: Mapping[str, Any],
        inputs: Mapping[str, Any],  # noqa: ARG002 - a source has none
        ctx: Context,
    ) -> dict[str, Any]:
        """Return `{"df": table}`.

        FileNotFoundError, with the path as the manifest has it; ValueError for a file that breaks the dialect or
        a declared type.
        """
        source = _Source.of(config)
        table = _read(source)
        ctx.log_metric("rows_read", table.num_rows, unit="rows")
        ctx.logger.info("read %d rows, %d columns from %s", table.num_rows, table.num_columns, source.path)
        return {TABLE: table}


def _read(source: _Source) -> pa.Table:
    import pyarrow as pa

    names = _column_names(source)
    wanted = _wanted(source, names)
    with borrow_in_utc(Path(source.path).stat().st_size) as connection:
        fields = {name: f"c{index}" for index, name in enumerate(names)}
        cells = read_cells(
            connection,
            Path(source.path),
            shown=source.path,
            fields=list(fields.values()),
            header=source.header,
            delimiter=source.delimiter,
            encoding=source.encoding,
            nulls=source.nulls,
        )
        connection.register("cells", cells)
        declared = {
            fields[name]: _declared(connection, fields[name], name, source) for name in names if name in source.types
        }
        inferred = [fields[name] for name in wanted if name not in source.types]
        columns = {**typed_columns(connection, cells, inferred), **cast_columns(connection, declared)}
        return pa.table([columns[fields[name]] for name in wanted], names=list(wanted))


def _column_names(source: _Source) -> list[str]:
    """Return the names of all columns in the file's order, each once."""
    path = existing_file(source.path)
    if _GLOB.search(source.path):
        raise ValueError(f"{source.path}: one file is read, so a path cannot have any of * ? [ ]")
    first = first_record(path, shown=source.path, delimiter=source.delimiter, encoding=source.encoding)
    declared = list(source.types or source.selection)
    if not first and not (declared and not source.header):
        raise ValueError(f"{source.path} is empty: it has not even a header line")
    if not source.header:
        if first and declared and len(declared) != len(first):
            raise ValueError(f"{source.path} has {len(first)} columns, but columns: names {len(declared)}")
        return declared or [f"column{index}" for index in range(len(first))]
    doubled = sorted({name for name in first if first.count(name) > 1})
    if doubled:
        raise ValueError(f"{source.path} has more than one column {doubled[0]!r}: a table's columns have one name each")
    return first


def _wanted(source: _Source, names: list[str]) -> tuple[str, ...]:
    """Return the columns of the table: those selected, in the selection's order, or all of the file's."""
    unknown = [name for name in (*source.types, *source.selection) if name not in names]
    if unknown:
        raise ValueError(f"{source.path} has no column {unknown[0]!r}; it has {', '.join(names)}")
    return source.selection or tuple(names)


def _declared(connection: duckdb.DuckDBPyConnection, field: str, name: str, source: _Source) -> str:
    """Return the declared SQL type of a column. ValueError for none, and with the first row that does not fit."""
    kind = str(source.types[name])
    if not _TYPE.fullmatch(kind):
        raise ValueError(
            f"columns: {name}: {kind!r} is no SQL type of a plain value, such as INTEGER or DECIMAL(10, 2)"
        )
    if kind.upper() == TEXT:
        return TEXT
    misfit = first_row(
        connection,
        f"select row, value from (select row_number() over () as row, {field} as value from cells)"
        f" where value is not null and try_cast(value as {kind}) is null order by row limit 1",
    )
    if misfit:
        raise ValueError(f"{source.path}: row {misfit[0]}, column {name}: {misfit[1]!r} cannot be read as {kind}")
    return kind
