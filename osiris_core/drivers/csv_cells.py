"""The fields of a CSV file, all as text, missing ones null: what every type is found from.

The engine reads any file of the dialect. A file of several columns without a quote or a carriage return has no more
to it than delimiters and line ends; pyarrow reads that several times faster, and means the same by it.
"""

from __future__ import annotations

import mmap
import re
from typing import TYPE_CHECKING, Final

from osiris_core.drivers.csv_dialect import QUOTE
from osiris_core.drivers.engine import text_literal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb
    import pyarrow as pa

_ADVICE: Final = re.compile(r"\n\s*(Possible (fixes|Solution)|file ?=).*", re.DOTALL)
_TOO_LONG: Final = "Maximum line size"
"""What the engine says of a line beyond 2 MB; it needs larger buffers then, which it is not given before."""
_PARTICULAR: Final = (b'"', b"\r", b"\0")
_MARK: Final = b"\xef\xbb\xbf"
_BLOCK_BYTES: Final = 4 << 20


def read_cells(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    *,
    shown: str,
    fields: Sequence[str],
    header: bool,
    delimiter: str,
    encoding: str,
    nulls: Sequence[str],
) -> pa.Table:
    """Return the rows below the header as columns of text called `fields`.

    ValueError, with the path as `shown`, for a row that is too long or too short, an open quote, or bytes that are
    not in the encoding.
    """
    if encoding == "utf-8" and delimiter.isascii() and nulls and len(fields) > 1 and _is_plain(path):
        table = _read_plain(path, fields, header=header, delimiter=delimiter, nulls=nulls)
        if table is not None:
            return table
    import duckdb

    columns = ", ".join(f"{field}: 'VARCHAR'" for field in fields)
    missing = ", ".join(text_literal(text) for text in nulls or [""])
    # The reader has to be told one text at least.
    chosen = "*" if nulls else ", ".join(f"coalesce({field}, '') as {field}" for field in fields)
    query = (
        f"select {chosen} from read_csv({text_literal(str(path))}, auto_detect = false,"
        f" columns = {{{columns}}}, header = {header}, delim = {text_literal(delimiter)},"
        f" quote = '{QUOTE}', escape = '{QUOTE}', comment = '', nullstr = [{missing}], allow_quoted_nulls = false,"
        f" encoding = '{encoding}', compression = 'none', strict_mode = true, null_padding = false"
    )
    try:
        try:
            return connection.sql(f"{query})").to_arrow_table()
        except duckdb.InvalidInputException as error:
            if _TOO_LONG not in str(error):
                raise
            size_bytes = path.stat().st_size
            return connection.sql(f"{query}, max_line_size = {size_bytes}, parallel = false)").to_arrow_table()
    except duckdb.InvalidInputException as error:
        raise ValueError(f"{shown}: {_ADVICE.sub('', str(error))}") from error


def _is_plain(path: Path) -> bool:
    """Return whether nothing in a file needs more than delimiters and line feeds to be understood."""
    if path.stat().st_size == 0:
        return False
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content[: len(_MARK)] != _MARK and all(content.find(each) < 0 for each in _PARTICULAR)


def _read_plain(
    path: Path, fields: Sequence[str], *, header: bool, delimiter: str, nulls: Sequence[str]
) -> pa.Table | None:
    """Return the cells of a plain file, None where there is anything wrong: then the engine finds the words for it."""
    import pyarrow as pa
    import pyarrow.csv as pa_csv

    try:
        return pa_csv.read_csv(
            path,
            pa_csv.ReadOptions(column_names=list(fields), skip_rows=int(header), block_size=_BLOCK_BYTES),
            pa_csv.ParseOptions(delimiter=delimiter, quote_char=False, ignore_empty_lines=True),
            pa_csv.ConvertOptions(
                column_types=dict.fromkeys(fields, pa.string()), null_values=list(nulls), strings_can_be_null=True
            ),
        )
    except pa.ArrowInvalid:
        return None
