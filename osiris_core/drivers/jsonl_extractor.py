"""`filesystem.jsonl_extractor`: lines of JSON objects become a table, its rows in the file's order.

The file is read twice: once to find out what every column holds, from its first row to its last, and once to build
the table, many rows at a time.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, Final, NoReturn

from osiris_core.drivers.engine import connect_in_utc
from osiris_core.drivers.files import existing_file
from osiris_core.drivers.jsonl_types import Shape
from osiris_core.drivers.jsonl_values import reader_of
from osiris_core.wire.names import TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import duckdb
    import pyarrow as pa

    from osiris_core.drivers.protocol import Context

_BATCH_ROWS: Final = 20_000
_TYPE: Final = re.compile(r"[A-Za-z0-9_ ,()\[\]\"]+")
_SHOWN: Final = 60


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
        table = _table(shown, _types(shown, columns))
        ctx.log_metric("rows_read", table.num_rows, unit="rows")
        ctx.logger.info("read %d rows, %d columns from %s", table.num_rows, table.num_columns, shown)
        return {TABLE: table}


def _types(shown: str, columns: Mapping[str, str] | Sequence[str]) -> dict[str, pa.DataType]:
    """Return the type of each column of the table, in its order."""
    declared = _declared(columns) if isinstance(columns, dict) else {}
    shapes: dict[str, Shape] = {}
    for _, row in _rows(shown):
        for name, value in row.items():
            shapes.setdefault(name, Shape()).add(value)
    names = [*shapes, *(name for name in declared if name not in shapes)]
    if isinstance(columns, list):
        unknown = [name for name in columns if name not in shapes]
        if unknown:
            raise ValueError(f"{shown} has no column {unknown[0]!r}; it has {', '.join(shapes) or 'none'}")
        names = list(columns)
    if not names:
        raise ValueError(f"{shown} has no columns: say in columns which there would be")
    return {name: declared[name] if name in declared else _inferred(shown, name, shapes[name]) for name in names}


def _inferred(shown: str, name: str, shape: Shape) -> pa.DataType:
    try:
        return shape.arrow_type()
    except ValueError as error:
        raise ValueError(f"{shown}: column {name!r} {error}: declare its type in columns") from error


def _declared(columns: Mapping[str, str]) -> dict[str, pa.DataType]:
    """Return the Arrow types of SQL types. ValueError for what is none, or has no way from JSON."""
    import duckdb

    found = {}
    with connect_in_utc() as connection:
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


def _table(shown: str, types: Mapping[str, pa.DataType]) -> pa.Table:
    import pyarrow as pa

    schema = pa.schema(list(types.items()))
    batches = []
    lines: list[tuple[int, dict[str, Any]]] = []
    for line in _rows(shown):
        lines.append(line)
        if len(lines) == _BATCH_ROWS:
            batches.append(_batch(shown, lines, schema))
            lines = []
    batches.append(_batch(shown, lines, schema))
    return pa.Table.from_batches(batches, schema=schema)


def _batch(shown: str, lines: Sequence[tuple[int, dict[str, Any]]], schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    arrays = []
    for field in schema:
        read = reader_of(field.type)
        values = []
        for number, row in lines:
            value = row.get(field.name)
            try:
                values.append(None if value is None else read(value))
            except (TypeError, ValueError, KeyError) as error:
                raise _misfit(shown, number, field, value, error) from error
        try:
            arrays.append(pa.array(values, field.type))
        except (pa.ArrowInvalid, OverflowError, UnicodeError) as error:
            number, value = _first_misfit(lines, field, values)
            raise _misfit(shown, number, field, value, error) from error
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _misfit(shown: str, number: int, field: pa.Field, value: Any, error: Exception) -> ValueError:
    text = ascii(value)
    cut = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return ValueError(f"{shown}: line {number}, column {field.name!r}: {cut} cannot be read as {field.type}: {error}")


def _first_misfit(
    lines: Sequence[tuple[int, dict[str, Any]]], field: pa.Field, values: Sequence[Any]
) -> tuple[int, Any]:
    """Return the line and the value that the engine does not take."""
    import pyarrow as pa

    for (number, row), value in zip(lines, values, strict=True):
        try:
            pa.array([value], field.type)
        except (pa.ArrowInvalid, OverflowError, UnicodeError):
            return number, row.get(field.name)
    return lines[0][0], None


def _rows(shown: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of a file with the numbers of their lines."""
    decoder = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no_number, parse_float=_float)
    with existing_file(shown).open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
                row = decoder.decode(text)
            except (ValueError, RecursionError) as error:
                raise ValueError(f"{shown}: line {number} is no JSON: {error}") from error
            if not isinstance(row, dict):
                raise ValueError(f"{shown}: line {number} is no object, and so no row")  # noqa: TRY004 - of the file
            yield number, row


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {max(names, key=names.count)!r} stands twice in one object")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number in JSON")


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text} is larger than any number of 64 bits")
    return value
