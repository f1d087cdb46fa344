"""A table's rows as CSV lines, made by the engine: one text a row, joined from its fields.

How each type is written is this module's own, so that a file's bytes depend on the table and nothing else:
neither on time zone, locale or threads, nor on what an engine's own export happens to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from osiris_core.drivers.arrow_types import converted, logical_type
from osiris_core.drivers.csv_dialect import QUOTE
from osiris_core.drivers.engine import borrow_in_utc, text_literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

_BATCH_ROWS: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvFormat:
    """How fields become a line. `nulls` stands, without quotes, for a missing value."""

    delimiter: str = ","
    newline: str = "\n"
    quote_all: bool = False
    nulls: str = ""

    def __post_init__(self) -> None:
        """Check that a null cannot be taken for anything else."""
        if any(char in self.nulls for char in (self.delimiter, QUOTE, "\r", "\n")):
            raise ValueError(f"nulls: {self.nulls!r} has a delimiter, quote or line end, and could not be told apart")

    def header(self, names: list[str]) -> bytes:
        """Return the header line."""
        fields = [_quoted(name) if self._needs_quotes(name) else name for name in names]
        return (self.delimiter.join(fields) + self.newline).encode()

    def _needs_quotes(self, text: str) -> bool:
        special = any(char in text for char in (self.delimiter, QUOTE, "\r", "\n"))
        return self.quote_all or special or text in ("", self.nulls)


def csv_lines(table: pa.Table, form: CsvFormat) -> Iterator[memoryview]:
    """Yield the lines of all rows in order, many at once, as UTF-8. TypeError for a type that CSV cannot hold."""
    import pyarrow as pa

    if table.num_columns == 0:
        raise ValueError("the table has no columns, so there is nothing to write")
    fields = [f"c{index}" for index in range(table.num_columns)]
    plain = pa.table([_plain(table, index) for index in range(table.num_columns)], names=fields)
    texts = [_field(name, source, form) for name, source in zip(fields, table.schema, strict=True)]
    joined = f", {text_literal(form.delimiter)}, ".join(texts)
    with borrow_in_utc(table.nbytes) as connection:
        connection.register("given", plain)
        lines = connection.sql(f"select concat({joined}, {_sql_text(form.newline)}) as line from given")
        for batch in lines.to_arrow_reader(_BATCH_ROWS):
            yield _bytes_of(batch.column(0))


def _plain(table: pa.Table, index: int) -> pa.ChunkedArray:
    """Return a column in a type that the engine reads exactly: instants as the UTC time of day, without a zone."""
    import pyarrow as pa

    field = table.schema.field(index)
    kind = logical_type(field.type)
    column = converted(table.column(index), kind)
    if pa.types.is_timestamp(kind) and kind.tz:
        return column.cast(pa.int64()).cast(pa.timestamp(kind.unit))
    if pa.types.is_date64(kind):
        return column.cast(pa.date32())
    is_a = pa.types
    tests = (is_a.is_boolean, is_a.is_integer, is_a.is_floating, is_a.is_decimal, is_a.is_string, is_a.is_large_string)
    moments = (is_a.is_date32, is_a.is_time, is_a.is_timestamp)
    if not any(test(kind) for test in (*tests, *moments)):
        raise TypeError(f"column {field.name!r} of type {field.type} has no CSV form: make it text in a query first")
    return column


def _field(name: str, source: pa.Field, form: CsvFormat) -> str:
    """Return the SQL of one field of a line; nothing but text can hold what needs quotes, or be empty."""
    import pyarrow as pa

    kind, is_a = logical_type(source.type), pa.types
    text = f"{name}::varchar"
    if is_a.is_timestamp(kind):
        text = f"concat(replace({text}, ' ', 'T'), {text_literal('Z' if kind.tz else '')})"
    quoted = f"concat('{QUOTE}', replace({text}, '{QUOTE}', '{QUOTE * 2}'), '{QUOTE}')"
    tests = [f"{text} = {text_literal(form.nulls)}"] if form.nulls else []
    if is_a.is_string(kind) or is_a.is_large_string(kind):
        special = (form.delimiter, QUOTE, "\r", "\n")
        tests += [f"{text} = ''", *(f"contains({text}, {_sql_text(char)})" for char in special)]
    present = text
    if form.quote_all:
        present = quoted
    elif tests:
        present = f"case when {' or '.join(tests)} then {quoted} else {text} end"
    return f"case when {name} is null then {text_literal(form.nulls)} else {present} end"


def _sql_text(text: str) -> str:
    """Return `text` as a SQL literal without line ends in it."""
    return " || ".join(f"chr({ord(char)})" if char in "\r\n" else text_literal(char) for char in text)


def _quoted(text: str) -> str:
    return QUOTE + text.replace(QUOTE, QUOTE * 2) + QUOTE


def _bytes_of(lines: Any) -> memoryview:
    """Return the bytes of all texts of an array without nulls: they lie one after the other in memory."""
    import pyarrow as pa

    lines = lines.cast(pa.large_string())
    _, offsets, data = lines.buffers()
    places = memoryview(offsets).cast("q")
    return memoryview(data)[places[lines.offset] : places[lines.offset + len(lines)]] if len(lines) else memoryview(b"")
