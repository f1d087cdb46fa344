"""Which cells of a CSV file stand in quotes, and where its empty lines are: what is left of the writing once a rule set cells aside."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from osiris_core.parity.kinds.tables.model import TableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_LONGEST: Final = 1 << 22
"""Characters of a row: a longer one was read as a table by nobody."""
_MANY: Final = 1 << 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoting:
    """A sum of hashes of the rows that have cells in quotes, and how many empty lines there are."""

    quoted: int
    empty: int


def quoting_of(path: Path, delimiter: str, *, told_by: Callable[[str], bool] | None, is_empty_null: bool) -> Quoting:
    """Look at each row with a quote in it. A row is told by its number, or, where it may stand anywhere, by its cells.

    `told_by` says of which columns, those that no rule sets aside, and is None where the order counts. `is_empty_null`: a quoted empty cell
    is as good as none, and so is an empty line of one column.
    """
    cell = re.compile(rf'(?:^|{re.escape(delimiter)})(?:"((?:[^"]|"")*)"|[^{re.escape(delimiter)}]*)')
    quoted = empty = 0
    width = 0
    telling: list[int] | None = None
    for number, row in enumerate(_rows(path)):
        text = row.rstrip("\r\n")
        if not text:
            empty += 1
            continue
        width = width or text.count(delimiter) + 1
        if told_by and telling is None:
            telling = [n for n, name in enumerate(_cells(cell, text, delimiter)) if told_by(_name(name))]
        if '"' in text:
            inside = [found.group(1) for found in cell.finditer(text)]
            columns = [n for n, each in enumerate(inside) if each or (each is not None and not is_empty_null)]
            if columns:
                cells = _cells(cell, text, delimiter) if telling else []
                place = [cells[n] for n in telling or () if n < len(cells)] if told_by else number - empty
                quoted += _hash(f"{place} {columns}")
    return Quoting(quoted=quoted % _MANY, empty=0 if is_empty_null and width == 1 else empty)


def _cells(cell: re.Pattern[str], row: str, delimiter: str) -> list[str]:
    """Return the cells of a row, without the quotes around them."""
    return [
        found.group().removeprefix(delimiter) if found.group(1) is None else found.group(1).replace('""', '"')
        for found in cell.finditer(row)
    ]


def _name(cell: str) -> str:
    return cell.encode("latin-1").removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace").strip('"')


def _rows(path: Path) -> Iterator[str]:
    """Yield the rows as they stand. Bytes are characters here: only quotes, delimiters and line ends are looked for."""
    row = ""
    with path.open(encoding="latin-1", newline="") as source:
        for line in source:
            row += line
            if len(row) > _LONGEST:
                raise TableError("a row of it is too long")
            if not row.count('"') % 2:
                yield row
                row = ""
    if row:
        yield row


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=16).digest())
