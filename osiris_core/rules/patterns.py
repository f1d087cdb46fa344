"""The patterns of rules: wildcards for names and places, and regular expressions that cannot run away.

A pattern comes from a manifest, and the text from a run, so neither may decide how long a comparison takes: wildcards are
matched piece by piece, and regular expressions by RE2, in time that grows with the text alone. RE2 knows neither look-around
nor back-references; a pattern that has one is refused with that reason.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LONGEST: Final = 1_000
"""Characters of a pattern; a longer one is refused."""
_DEEP: Final = "**"
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_PLACES: Final = re.compile(r"\.|(?=\[)")


class PatternError(ValueError):
    """A regular expression cannot be used; the message says why."""


class Bounded:
    """A regular expression in RE2's language."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled
        self._group = 1 if compiled.groups else 0

    def matches(self, text: str) -> bool:
        """Whether the whole text matches."""
        return self._compiled.fullmatch(_encodable(text)) is not None

    def values(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where the values in a text begin and end: the first group, or the whole match; an empty one is none."""
        for match in self._compiled.finditer(_encodable(text)):
            start, end = match.span(self._group)
            if start < end:
                yield start, end


@lru_cache(maxsize=512)
def bounded(pattern: str) -> Bounded:
    """Return a regular expression; raises `PatternError` for one that RE2 cannot take."""
    import re2

    if len(pattern) > LONGEST:
        raise PatternError(f"it has {len(pattern):,} characters; at most {LONGEST:,} are read")
    options = re2.Options()
    options.log_errors = False
    try:
        return Bounded(re2.compile(pattern, options))
    except re2.error as error:
        raise PatternError(_reason(error)) from None
    except UnicodeEncodeError:
        raise PatternError("it holds half of a character (a surrogate)") from None


def _reason(error: Exception) -> str:
    said = error.args[0] if error.args else "it is no regular expression"
    text = said.decode("utf-8", "backslashreplace") if isinstance(said, bytes) else str(said)
    if "invalid perl operator" in text:
        return f"look-around cannot be bounded in time ({text.rpartition(' ')[2]})"
    if "invalid escape sequence" in text and text[-1:].isdigit():
        return f"a reference back to a group cannot be bounded in time ({text.rpartition(' ')[2]})"
    return text


def _encodable(text: str) -> str:
    """Return text of the same length that has an UTF-8 form."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def glob(pattern: str, text: str) -> bool:
    """Whether a text matches a pattern in which `*` stands for any characters, or none."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    last = rest.pop()
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in rest:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def path_glob(pattern: str, path: str) -> bool:
    """Whether a path of files matches: `*` within one name, `**` for any number of directories."""
    return _segments(pattern.split("/"), path.split("/"))


def place_glob(pattern: str, place: str) -> bool:
    """Whether a place in a value matches, as `detail.ids[*]`: `*` for one name, `[*]` for any item, `**` for any depth."""
    return _segments(_places(pattern), _places(place))


def _places(text: str) -> list[str]:
    return [part for part in _PLACES.split(text) if part]


def _segments(pattern: Sequence[str], parts: Sequence[str]) -> bool:
    reached = {0}  # how much of the pattern the parts so far can have used up
    for part in parts:
        reached = _deepened(pattern, reached)
        after = set()
        for at in reached:
            if at < len(pattern) and pattern[at] == _DEEP:
                after.add(at)
            elif at < len(pattern) and glob(pattern[at], part):
                after.add(at + 1)
        reached = after
    return len(pattern) in _deepened(pattern, reached)


def _deepened(pattern: Sequence[str], reached: set[int]) -> set[int]:
    """Add what `**` reaches by standing for nothing."""
    found = set(reached)
    for at in range(len(pattern)):
        if at in found and pattern[at] == _DEEP:
            found.add(at + 1)
    return found
