"""CSV files as tables of text cells: nothing is inferred, and a quoted empty text is not a missing cell."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osiris_core.parity.kinds.tables.model import BATCH_ROWS, Table, TableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

DELIMITERS: Final = ",;\t|"
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
BLOCK_BYTES: Final = 4 << 20
"""What is parsed at a time: a longer row is not read."""

_HEADER_BYTES: Final = 1 << 20
_EMPTY_LINE: Final = re.compile(rb"(?<=\n)\r?\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """How a CSV file is written, apart from its cells."""

    delimiter: str
    byte_order_mark: bool
    line_ends: tuple[str, ...]
    final_newline: bool
    quotes: int
    empty_lines: int


def read_csv(path: Path, writing: Writing) -> Table:
    """Return the cells of a file. TableError for one without a header; pyarrow's errors pass while it is read."""
    names = _header(path, writing.delimiter)
    import pyarrow as pa  # only once the file has a header: a name alone makes no table

    # Rows are lines where no cell can have one inside.
    unit, first = ("row", 1) if writing.quotes else ("line", 2)
    schema = pa.schema([pa.field(name, pa.string()) for name in names])
    return Table(
        schema=schema,
        batches=lambda: _batches(path, writing.delimiter, len(names)),
        unit=unit,
        first_row=first,
        spelled=True,
    )


def _header(path: Path, delimiter: str) -> list[str]:
    with path.open("rb") as source:
        head = source.read(_HEADER_BYTES)
    text = head.decode("utf-8-sig", "ignore" if len(head) == _HEADER_BYTES else "strict")
    names = next((row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row), None)
    if names is None:
        raise TableError("it has no header")
    return names


def _batches(path: Path, delimiter: str, width: int) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    reader = arrow_csv.open_csv(
        path,
        read_options=arrow_csv.ReadOptions(autogenerate_column_names=True, block_size=BLOCK_BYTES),
        parse_options=arrow_csv.ParseOptions(
            delimiter=delimiter,
            newlines_in_values=True,
            ignore_empty_lines=width > 1,  # an empty line is a missing cell where there is one column
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types={f"f{place}": pa.string() for place in range(width)},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    header = 1
    for batch in reader:
        rows = batch.slice(header)
        header = max(0, header - batch.num_rows)
        for start in range(0, rows.num_rows, BATCH_ROWS):
            yield rows.slice(start, BATCH_ROWS)


def writing_of(path: Path) -> Writing:
    """Look at all bytes of a file, piece by piece."""
    returns = newlines = both = quotes = empty = 0
    first, tail = b"", b"\n"
    with path.open("rb") as source:
        while block := source.read(BLOCK_BYTES):
            first = first or block
            newlines += block.count(b"\n")
            if b'"' in block:
                quotes += block.count(b'"')
            if b"\r" in block:
                returns += block.count(b"\r")
                both += block.count(b"\r\n")
            both += tail.endswith(b"\r") and block.startswith(b"\n")
            joined = tail + block
            if b"\n\n" in joined or b"\n\r\n" in joined:
                empty += sum(found.end() > len(tail) for found in _EMPTY_LINE.finditer(joined))
            tail = joined[-2:]
    ends = (("CRLF", both), ("LF", newlines - both), ("CR", returns - both))
    line = first.removeprefix(BYTE_ORDER_MARK).partition(b"\n")[0].decode("utf-8", "replace")
    return Writing(
        delimiter=max(DELIMITERS, key=line.count),
        byte_order_mark=first.startswith(BYTE_ORDER_MARK),
        line_ends=tuple(name for name, count in ends if count),
        final_newline=bool(first) and tail.endswith((b"\n", b"\r")),
        quotes=quotes,
        empty_lines=empty,
    )
