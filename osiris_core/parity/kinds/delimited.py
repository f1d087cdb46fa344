"""Two CSV files: the first differing line, and the column in it.

Lines are physical lines: a quoted field that spans lines is found at its line, without a column.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from osiris_core.parity.kinds.protocol import FileComparison
from osiris_core.parity.kinds.text import decoded_lines, explain_text, small_contents

if TYPE_CHECKING:
    from osiris_core.parity.kinds.protocol import FileFinding, FilePair

_DELIMITERS: Final = ",;\t|"


class DelimitedComparer:
    """Compares two CSV or TSV files by line and column."""

    name = "CSV"

    def claims(self, path: str, head: bytes) -> bool:
        """Go by the name alone."""
        del head
        return path.lower().endswith((".csv", ".tsv"))

    def compare(self, pair: FilePair) -> FileComparison | None:
        """Say which line and which column differ."""
        contents = small_contents(pair)
        told = explain_delimited(*contents, pair.names) if contents else None
        return FileComparison(findings=(told,)) if told else None


def explain_delimited(left: bytes, right: bytes, names: tuple[str, str]) -> FileFinding | None:
    """Say which line and which column of two CSV files differ; None where one of them is no text."""
    told = explain_text(left, right, names)
    lines = (decoded_lines(left), decoded_lines(right))
    if told is None or not lines[0] or not lines[1]:
        return told
    a, b = lines[0], lines[1]
    if a[0] != b[0] and a[0].rstrip("\r\n") != b[0].rstrip("\r\n"):
        return replace(told, message=f"the header differs; {told.message}")
    delimiter = max(_DELIMITERS, key=a[0].count)
    place = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    if place >= min(len(a), len(b)):
        return replace(told, message=f"{len(a) - 1:,} and {len(b) - 1:,} rows; {told.message}")
    header, x, y = (_cells(line, delimiter) for line in (a[0], a[place], b[place]))
    if len(header) == len(x) == len(y):
        for name, cell, other in zip(header, x, y, strict=True):
            if cell != other:
                return replace(told, message=f"line {place + 1}, column {name}: {cell!r} and {other!r}; {told.message}")
    return told


def _cells(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), [])
