"""Dates, times and timestamps as texts of ISO 8601, as the files have them that know no such types."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def iso_texts(array: pa.Array) -> list[str | None]:
    """Return the texts of an array of moments: instants in UTC with a `Z`, and no digits that say nothing.

    ValueError for a year that has no four digits.
    """
    import pyarrow as pa

    kind, suffix = array.type, ""
    if pa.types.is_timestamp(kind):
        suffix = "Z" if kind.tz else ""
        array = array.cast(pa.int64()).cast(pa.timestamp(kind.unit))
    if pa.types.is_date64(kind):
        array = array.cast(pa.date32())
    texts = array.cast(pa.string()).to_pylist()
    for text in texts:
        if text is not None and text[4:5] != "-" and text[2:3] != ":":
            raise ValueError("a date before the year 1 or after 9999 has no text of ISO 8601")
    return [None if text is None else f"{_trimmed(text).replace(' ', 'T')}{suffix}" for text in texts]


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
