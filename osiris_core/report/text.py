"""The visible form of text that nobody vouched for: step names, log lines, values out of artifacts.

What a reader cannot see can deceive: terminal codes move the cursor, bidirectional controls reorder a line,
zero-width characters make two different values look alike. Here each such character becomes a mark, so that
a shown difference is a difference one can see.
"""

from __future__ import annotations

import unicodedata

MAX_LINE_CHARACTERS = 2_000
MAX_LINES = 400
_TELLING = 40  # characters that may tell what was left out of a line

# Of ECMA-48, in the order of their codes.
_CONTROL_NAMES = (
    *("NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "TAB", "LF", "VT", "FF", "CR", "SO", "SI"),
    *("DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US"),
)
_MARKS = {code: f"⟨{name}⟩" for code, name in enumerate(_CONTROL_NAMES)} | {
    0x7F: "⟨DEL⟩",
    ord("\n"): "\n",
    ord("\t"): "⇥",
}
LINE_FEED_MARK = "↵"
_DECEIVING_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"}
_BLANK_LETTERS = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}
_VARIATION_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0), range(0x180B, 0x1810))
_HALF_WIDTH = 1
_FULL_WIDTH = 2


def visible(text: str) -> str:
    """Return `text` with every invisible or reordering character as a mark; line feeds stay.

    Control characters become their names (`⟨ESC⟩`), a tab `⇥`, everything else its code (`⟨U+202E⟩`): marks
    that every font has. Applying it again changes nothing.
    """
    if text.isascii() and text.isprintable():
        return text
    return text.translate(_SHOWN)


def visible_line(text: str) -> str:
    """Return `visible(text)` on one line, line feeds as `↵`."""
    return visible(text).replace("\n", LINE_FEED_MARK)


def visible_value(text: str) -> str:
    """Return `visible(text)` with blanks at line ends as `·`: they are where two values differ unseen."""
    return "\n".join(_mark_trailing_blanks(line) for line in visible(text).split("\n"))


def capped_line(line: str, limit: int = MAX_LINE_CHARACTERS) -> str:
    """Return `line`, cut after `limit` characters with the number of those left out."""
    hidden = len(line) - limit
    return line if hidden <= 0 else f"{line[:limit]}… ({hidden:,} more characters)"


def first_lines(text: str, limit: int = MAX_LINES) -> tuple[list[str], int]:
    """Return the first `limit` lines of `text`, and how many were left out; a last line feed opens no new line."""
    lines = text.removesuffix("\n").split("\n")
    return lines[:limit], max(0, len(lines) - limit)


def bounded(text: str) -> str:
    """Return `text` as it is where it is short or was capped before, else `capped(text)`."""
    if len(text) <= MAX_LINE_CHARACTERS or (
        text.count("\n") <= MAX_LINES and max(map(len, text.split("\n"))) <= MAX_LINE_CHARACTERS + _TELLING
    ):
        return text
    return capped(text)


def capped(text: str, limit: int = MAX_LINES) -> str:
    """Return `text` with long lines cut and surplus lines counted."""
    lines, hidden = first_lines(text, limit)
    return "\n".join([*map(capped_line, lines), *([f"… ({hidden:,} more lines)"] if hidden else [])])


def width_of(text: str) -> int:
    """Return the columns `text` takes in a terminal; it must be visible text on one line."""
    return len(text) if text.isascii() else sum(map(_character_width, text))


def fitted(text: str, width: int) -> str:
    """Return `text` in exactly `width` columns: padded on the right, or cut with `…`."""
    kept = shortened(text, width)
    return kept + " " * (width - width_of(kept))


def shortened(text: str, width: int) -> str:
    """Return `text` in at most `width` columns, cut with `…` where it is longer."""
    if width_of(text) <= width:
        return text
    kept, used = [], 0
    for character in text:
        used += _character_width(character)
        if used > width - 1:
            break
        kept.append(character)
    return "".join(kept) + "…" if width > 0 else ""


def _visible_character(character: str) -> str:
    code = ord(character)
    if code in _MARKS:
        return _MARKS[code]
    if character == " " or not _deceives(character, code):
        return character
    return f"⟨U+{code:04X}⟩"


class _Shown(dict[int, str]):
    """The visible form of a character, by its code; each is worked out once."""

    def __missing__(self, code: int) -> str:
        shown = self[code] = _visible_character(chr(code))
        return shown


_SHOWN = _Shown()


def _deceives(character: str, code: int) -> bool:
    return (
        unicodedata.category(character) in _DECEIVING_CATEGORIES
        or code in _BLANK_LETTERS
        or any(code in selectors for selectors in _VARIATION_SELECTORS)
    )


def _mark_trailing_blanks(line: str) -> str:
    kept = line.rstrip(" ")
    return kept + "·" * (len(line) - len(kept))


def _character_width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return _FULL_WIDTH if unicodedata.east_asian_width(character) in {"W", "F"} else _HALF_WIDTH
