"""The canonical forms that a rule can name: what a value looks like once what the form says means nothing is taken out.

A rule of kind `canonical` compares the forms of both values, and names itself where they are equal and the values are not.
`TEXT_FORMS` are functions from text to text, for lines, text values and whole text files. The other forms are about more
than a text: whoever compares tables or documents does what they say, where a rule of the file names them.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Form(StrEnum):
    """Every form, by what it takes for the same."""

    UNICODE_NFC = "unicode-nfc"
    """Texts that are equal as Unicode's composed form: an accent as part of its letter, or as a character of its own."""
    TRAILING_BLANKS = "trailing-blanks"
    """Spaces and tabs at the end of a line."""
    BLANKS = "blanks"
    """Runs of spaces and tabs, and a single space; and those at a line's ends."""
    LINE_ENDINGS = "line-endings"
    """A line feed, a carriage return, and both."""
    FINAL_NEWLINE = "final-newline"
    """A last line with an end, and one without."""
    BYTE_ORDER_MARK = "byte-order-mark"
    """A text with U+FEFF at its beginning, and one without."""
    ENCODING = "encoding"
    """A text file in UTF-8, and in UTF-16 or UTF-32 with a byte order mark."""
    CASE = "case"
    """Capital and small letters."""
    TERMINAL_CODES = "terminal-codes"
    """A text with escape sequences for terminals, such as colours, and one without."""
    JSON_IN_TEXT = "json-in-text"
    """Texts that hold the same JSON value, written differently: blanks and the order of keys."""
    WHOLE_FLOATS = "whole-floats"
    """`1` and `1.0`: a number without a fraction, as an integer and as a float. Truth values stay apart."""
    EMPTY_IS_NULL = "empty-is-null"
    """An empty text, an empty cell, and null."""
    CSV_DIALECT = "csv-dialect"
    """Cells of a text table between other delimiters, quoted and not."""
    TYPE_INFERENCE = "type-inference"
    """Cells of a text table that are equal as values: `007` and `7`, `2.50` and `2.5`, `TRUE` and `true`."""


_LINE_END: Final = re.compile(r"\r\n|\r")
_TRAILING: Final = re.compile(r"(?<![ \t])[ \t]+(?=\r?\n|\Z)")
_RUN: Final = re.compile(r"[ \t]+")
_AROUND: Final = re.compile(r"(?:(?<=\n)|\A) | (?=\r?\n|\Z)")
_TERMINAL: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


def _blanks(text: str) -> str:
    return _AROUND.sub("", _RUN.sub(" ", text))


def _json_in_text(text: str) -> str:
    import json

    try:
        value = json.loads(text, object_pairs_hook=_distinct)
        return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError):
        return text  # no JSON, or a number that no float holds: it stands for itself


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse an object with a key twice: which of the two counts is not ours to say."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice")
    return found


TEXT_FORMS: Final[Mapping[Form, Callable[[str], str]]] = {
    Form.UNICODE_NFC: lambda text: unicodedata.normalize("NFC", text),
    Form.TRAILING_BLANKS: lambda text: _TRAILING.sub("", text),
    Form.BLANKS: _blanks,
    Form.LINE_ENDINGS: lambda text: _LINE_END.sub("\n", text),
    Form.FINAL_NEWLINE: lambda text: text if not text or text.endswith("\n") else f"{text}\n",
    Form.BYTE_ORDER_MARK: lambda text: text if text.startswith("\ufeff") else f"\ufeff{text}",
    Form.CASE: str.casefold,
    Form.TERMINAL_CODES: lambda text: _TERMINAL.sub("", text),
    Form.JSON_IN_TEXT: _json_in_text,
}
"""Forms that are a text again."""
