"""What an unquoted word means: the core schema of YAML 1.2.2, section 10.3.2, which JSON's words are part of."""

from __future__ import annotations

import math
import re

Value = str | int | float | bool | None

_BEGINNINGS = frozenset("~nNtTfF+-.0123456789")  # of words that may mean something else than themselves
_NULLS = {"", "~", "null", "Null", "NULL"}
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_WHOLE = (
    (re.compile(r"([-+]?)([0-9]+)"), 10),
    (re.compile(r"()0o([0-7]+)"), 8),
    (re.compile(r"()0x([0-9a-fA-F]+)"), 16),
)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_MAX_DIGITS = 22  # as many as 64 bits need in base 8
_LEAST, _GREATEST = -(2**63), 2**63 - 1


class ScalarError(ValueError):
    """Raised for a word that means something which cannot travel; the message is a clause about the word."""


def resolve(word: str) -> Value:
    """Return the value of an unquoted word. ScalarError where no JSON reader would agree on it."""
    if word and word[0] not in _BEGINNINGS:
        return word
    if word in _NULLS:
        return None
    if word in _BOOLEANS:
        return _BOOLEANS[word]
    for pattern, base in _WHOLE:
        if match := pattern.fullmatch(word):
            return _whole(match[1], match[2].lstrip("0") or "0", base)
    if _NOT_FINITE.fullmatch(word):
        raise ScalarError("is not a finite number")
    if _FLOAT.fullmatch(word):
        return _finite(word)
    return word


def text_of(quoted: str) -> str:
    """Return quoted text with JSON's escaped surrogate pairs joined. ScalarError for half a pair."""
    if quoted.isascii():
        return quoted
    try:
        return quoted.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError as error:
        raise ScalarError("holds half of a surrogate pair, which is no character") from error


def _whole(sign: str, digits: str, base: int) -> int:
    value = int(sign + digits, base) if len(digits) <= _MAX_DIGITS else None
    if value is None or not _LEAST <= value <= _GREATEST:
        raise ScalarError("does not fit into 64 bits")
    return value


def _finite(word: str) -> float:
    value = float(word)
    if math.isinf(value):
        raise ScalarError("is not a finite number")
    return value
