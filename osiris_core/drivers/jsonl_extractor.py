"""`filesystem.jsonl_extractor`: lines of JSON objects become a table, its rows in the file's order.

The file is read twice: once to find out what every column holds, from its first row to its last, and once to build
the table, many rows at a time.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn

from osiris_core.drivers.engine import borrow_in_utc
from osiris_core.drivers.files import existing_file
from osiris_core.drivers.jsonl_types import Shape
from osiris_core.drivers.jsonl_values import reader_of
from osiris_core.wire.names import TABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import duckdb
    import pyarrow as pa

    from osiris_core.drivers.protocol import Context

_BATCH_ROWS: Final = 20_000
_TYPE: Final = re.compile(r"[A-Za-z0-9_ ,()\[\]\"]+")
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class _Column:
    """A column's type; `is_plain` where the values are known to be what the engine takes for it."""

    kind: pa.DataType
    is_plain: bool = False


class JsonlExtractor:
    """Reads one file of JSON lines; see `docs/drivers.md` for its options."""

    def run(
        self,
        *,
        step_id: str,  # noqa: ARG002 - the protocol's
        config: Mapping[str, Any],
        inputs: Mapping[str, Any],  # noqa: ARG002 - a source has none
        ctx: Context,
    ) -> dict[str, Any]:
        """Return `{"df": table}`. OSError for a file that is not there; ValueError, with the line, for one that is wrong."""
        shown = str(config["path"])
        columns = config.get("columns") or {}
        if not isinstance(columns, (dict, list)):
            raise TypeError(f"columns is a list of names, or a mapping of names to SQL types, not {columns!r}")
        existing_file(shown)
        try:
            table = _table(shown, _types(shown, columns))
        except RecursionError as error:
            raise ValueError(f"{shown}: its values are nested too deeply") from error
        ctx.log_metric("rows_read", table.num_rows, unit="rows")
        ctx.logger.info("read %d rows, %d columns from %s", table.num_rows, table.num_columns, shown)
        return {TABLE: table}


def _types(shown: str, columns: Mapping[str, str] | Sequence[str]) -> dict[str, _Column]:
    """Return the columns of the table, in their order."""
    declared = _declared(columns) if isinstance(columns, dict) else {}
    shapes: dict[str, Shape] = {}
    for rows in _batches(shown):
        for name in _names(rows):
            try:
                shapes.setdefault(name, Shape()).add([row.get(name) for row in rows.values()])
            except ValueError as error:
                raise ValueError(f"{shown}: column {name!r} {error}, near line {next(iter(rows))}") from error
    names = [*shapes, *(name for name in declared if name not in shapes)]
    if isinstance(columns, list):
        unknown = [name for name in columns if name not in shapes]
        if unknown:
            raise ValueError(f"{shown} has no column {unknown[0]!r}; it has {', '.join(shapes) or 'none'}")
        names = list(columns)
    if not names:
        raise ValueError(f"{shown} has no columns: say in columns which there would be")
    return {
        name: _Column(declared[name]) if name in declared else _inferred(shown, name, shapes[name]) for name in names
    }


def _names(rows: Mapping[int, Mapping[str, Any]]) -> Iterable[str]:
    """Return the keys of all rows in the order of their first appearance."""
    names: dict[str, None] = {}
    for row in rows.values():
        if not row.keys() <= names.keys():
            names.update(dict.fromkeys(row))
    return names


def _inferred(shown: str, name: str, shape: Shape) -> _Column:
    try:
        return _Column(shape.arrow_type(), is_plain=shape.is_plain)
    except ValueError as error:
        raise ValueError(f"{shown}: column {name!r} {error}: declare its type in columns") from error


def _declared(columns: Mapping[str, str]) -> dict[str, pa.DataType]:
    """Return the Arrow types of SQL types. ValueError for what is none, or has no way from JSON."""
    import duckdb

    found = {}
    with borrow_in_utc(0) as connection:
        for name, written in columns.items():
            try:
                found[name] = _arrow_type(connection, str(written))
            except (duckdb.Error, TypeError, ValueError) as error:
                raise ValueError(f"columns: {name}: {written!r} is no SQL type that can be read: {error}") from error
    return found


def _arrow_type(connection: duckdb.DuckDBPyConnection, written: str) -> pa.DataType:
    if not _TYPE.fullmatch(written):
        raise ValueError("it has characters that no type has")
    kind = connection.sql(f"select cast(null as {written}) as x").to_arrow_table().schema[0].type
    reader_of(kind)
    return kind


def _table(shown: str, columns: Mapping[str, _Column]) -> pa.Table:
    import pyarrow as pa

    schema = pa.schema([(name, column.kind) for name, column in columns.items()])
    batches = [
        pa.RecordBatch.from_arrays([_array(shown, rows, *each) for each in columns.items()], schema=schema)
        for rows in _batches(shown)
    ]
    return pa.Table.from_batches(batches, schema=schema)


def _array(shown: str, rows: Mapping[int, Mapping[str, Any]], name: str, column: _Column) -> pa.Array:
    """Return one column of some rows. ValueError for the first value that is none of its type."""
    import pyarrow as pa

    values = [row.get(name) for row in rows.values()]
    read = reader_of(column.kind)
    if not column.is_plain:
        for index, (number, value) in enumerate(zip(rows, values, strict=True)):
            try:
                values[index] = None if value is None else read(value)
            except (TypeError, ValueError, KeyError) as error:
                raise _misfit(f"{shown}: line {number}", name, column, value, error) from error
    try:
        return pa.array(values, column.kind)
    except (pa.ArrowInvalid, OverflowError, UnicodeError) as error:
        number, value = _first_misfit(rows, name, column, values)
        raise _misfit(f"{shown}: line {number}", name, column, value, error) from error


def _misfit(line: str, name: str, column: _Column, value: Any, error: Exception) -> ValueError:
    text = ascii(value)
    cut = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return ValueError(f"{line}, column {name!r}: {cut} cannot be read as {column.kind}: {error}")


def _first_misfit(
    rows: Mapping[int, Mapping[str, Any]], name: str, column: _Column, values: Sequence[Any]
) -> tuple[int, Any]:
    """Return the line and the value that the engine does not take."""
    import pyarrow as pa

    for (number, row), value in zip(rows.items(), values, strict=True):
        try:
            pa.array([value], column.kind)
        except (pa.ArrowInvalid, OverflowError, UnicodeError):
            return number, row.get(name)
    return next(iter(rows)), None


def _batches(shown: str) -> Iterator[dict[int, dict[str, Any]]]:
    """Yield the objects of a file by the numbers of their lines, many at once."""
    decoder = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no_number)
    rows: dict[int, dict[str, Any]] = {}
    with existing_file(shown).open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                row = _row(decoder, line.decode("utf-8-sig" if number == 1 else "utf-8"))
            except (ValueError, RecursionError) as error:
                raise ValueError(f"{shown}: line {number} is no JSON: {error}") from error
            if not isinstance(row, dict):
                raise ValueError(f"{shown}: line {number} is no object, and so no row")  # noqa: TRY004 - of the file
            rows[number] = row
            if len(rows) == _BATCH_ROWS:
                yield rows
                rows = {}
    if rows:
        yield rows


def _row(decoder: json.JSONDecoder, line: str) -> Any:
    """Return the value of a line; `raw_decode` alone is the quick way for lines without spaces around it."""
    if line[:1] != "{":
        return decoder.decode(line)
    row, end = decoder.raw_decode(line)
    return row if line[end:] == "\n" else decoder.decode(line)


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {max(names, key=names.count)!r} stands twice in one object")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number in JSON")
