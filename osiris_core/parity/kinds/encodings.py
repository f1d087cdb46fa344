"""What bytes are as text: by a byte order mark, else as UTF-8, else by a guess that explains and never decides."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS: Final = frozenset(range(32)) - frozenset(b"\t\n\r\f\x1b")
UTF8: Final = "utf-8"


@dataclass(frozen=True, slots=True)
class Text:
    """Bytes as text; one that begins with U+FEFF in UTF-8 keeps it. `is_guess`: the bytes do not say what they are."""

    text: str
    encoding: str
    is_guess: bool = False


def declared_encoding(head: bytes) -> str | None:
    """Return the encoding that a byte order mark of UTF-16 or UTF-32 names, or None."""
    return next((encoding for mark, encoding in _MARKS if head.startswith(mark)), None)


def looks_like_text(head: bytes) -> bool:
    """Whether a file that begins so may be text: without NUL bytes, unless a byte order mark says why there are some."""
    return b"\0" not in head or declared_encoding(head) is not None


def read_text(data: bytes) -> Text | None:
    """Return bytes as text, or None where they are none."""
    encoding = declared_encoding(data) or UTF8
    try:
        if encoding != UTF8 or b"\0" not in data:
            return Text(data.decode(encoding), encoding)
    except UnicodeDecodeError:
        pass  # it is not what it may be; what else it may be is looked at next
    if _CONTROLS & frozenset(data):
        return None
    try:
        return Text(data.decode("cp1252"), "cp1252", is_guess=True)
    except UnicodeDecodeError:
        return None


def lines_of(text: str) -> list[str]:
    """Return the lines with their ends; only line feeds end a line."""
    *whole, rest = text.split("\n")
    return [f"{line}\n" for line in whole] + ([rest] if rest else [])
