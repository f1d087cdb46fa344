"""The CSV dialect that reader and writer share: one delimiter, double quotes doubled, null apart from empty text.

RFC 4180, with one thing added that it leaves open: a missing value is an unquoted field (empty unless the step
names another text), and an empty text is `""`.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

QUOTE: Final = '"'
NEWLINES: Final = {"lf": "\n", "crlf": "\r\n"}

_ENCODINGS: Final = {"utf-8": "utf-8-sig", "utf-16": "utf-16", "latin-1": "latin-1"}
_IN_NUMBERS: Final = "+-.:"
"""Characters that numbers and times are made of; a delimiter among them would need quotes around every number."""


def delimiter_of(config: Mapping[str, Any]) -> str:
    """Return the step's delimiter, a comma by default. ValueError for one that could be part of a value."""
    delimiter = str(config.get("delimiter", ","))
    if len(delimiter) != 1 or delimiter.isalnum() or delimiter in f"{QUOTE}\r\n\0{_IN_NUMBERS}":
        raise ValueError(
            f"the delimiter {delimiter!r} is none: it is one character that is no letter, digit, quote or line end, "
            f"and not one of {' '.join(_IN_NUMBERS)}"
        )
    return delimiter


def first_record(path: Path, *, shown: str, delimiter: str, encoding: str) -> list[str]:
    """Return the fields of the first record, empty for an empty file.

    ValueError, with the path as `shown`, for a file that is not text in this encoding or whose first record is none.
    """
    try:
        with path.open(encoding=_ENCODINGS[encoding], newline="") as stream:
            return next(csv.reader(stream, delimiter=delimiter, strict=True), [])
    except (UnicodeError, csv.Error) as error:
        raise ValueError(f"{shown}: it cannot be read as {encoding} CSV: {error}") from error
