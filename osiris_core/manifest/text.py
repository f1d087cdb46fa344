"""The bytes of a manifest file become text: bounded in size, never waiting, and readable to the last character."""

from __future__ import annotations

import bisect
import os
import re
import stat
from typing import TYPE_CHECKING

from osiris_core.manifest.problems import START, At, shown

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.manifest.problems import Place, Problems

MAX_SIZE_BYTES = 2 << 20
"""The biggest manifest; 10,000 steps take about half of it."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LINE_BREAK = re.compile(r"\r\n|\n|\r")
# What YAML 1.2 does not allow, and three characters that its older version took for line breaks: a reader that
# still does would count lines that no editor shows.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class Lines:
    """Turns an index into a text into line and column, as editors count them."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(each.end() for each in _LINE_BREAK.finditer(text))]

    def at(self, index: int) -> At:
        """Return the place of the character at `index`."""
        line = bisect.bisect_right(self._starts, index)
        return At(line, index - self._starts[line - 1] + 1)

    def index(self, at: Place) -> int:
        """Return the index of the character at a place."""
        return self._starts[at.line - 1] + at.column - 1


def read_text(path: Path, problems: Problems) -> str:
    """Return the file's text. Raises `ManifestError` where it has none that could be a manifest."""
    try:
        data = _read_bytes(path)
    except OSError as error:
        hint = f"it is a link to {shown(str(path.readlink()))}" if path.is_symlink() else ""
        problems.add(START, f"{problems.document} cannot be read: {error.strerror or error}", hint)
        raise problems.error() from error
    if isinstance(data, str):
        problems.add(START, f"{problems.document} {data}")
    elif len(data) > MAX_SIZE_BYTES:
        problems.add(
            START,
            f"{problems.document} is bigger than {MAX_SIZE_BYTES:,} bytes",
            "put data into files of its own, and name them in `inputs`",
        )
    else:
        return _decode(data, problems)
    raise problems.error()


def kind_of_file(mode: int) -> str:
    """Return what a file that is not regular is, in words."""
    return next((words for test, words in _KINDS if test(mode)), "a special file")


def _read_bytes(path: Path) -> bytes | str:
    """Return up to one byte too many, or why there are none, as a clause.

    What is not regular is not opened: that can have an effect, and a socket cannot be. O_NONBLOCK, because it may become
    a named pipe before it is, and opening that would wait for a writer.
    """
    kind = _kind_unless_regular(path.stat())
    if kind:
        return kind
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        before = os.fstat(descriptor)
        kind = _kind_unless_regular(before)
        if kind:
            return kind
        with open(descriptor, "rb", closefd=False) as source:
            data = source.read(MAX_SIZE_BYTES + 1)
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    return data if same else "changed while it was read"


def _kind_unless_regular(found: os.stat_result) -> str:
    return "" if stat.S_ISREG(found.st_mode) else f"is {kind_of_file(found.st_mode)}, not a regular file"


def _decode(data: bytes, problems: Problems) -> str:
    mark = len(_BYTE_ORDER_MARK) if data.startswith(_BYTE_ORDER_MARK) else 0
    try:
        text = data[mark:].decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[mark : mark + error.start].decode("utf-8")
        offset = mark + error.start
        message = f"byte 0x{data[offset]:02x} at offset {offset} is not UTF-8"
        problems.add(Lines(before).at(len(before)), message, "save the file as UTF-8")
        raise problems.error() from error
    _refuse_characters(text, problems)
    return text


def _refuse_characters(text: str, problems: Problems) -> None:
    """Report each forbidden character once per line: a binary file is no reason for a thousand sentences."""
    found = list(_FORBIDDEN.finditer(text))
    if not found:
        return
    lines, seen = Lines(text), set()
    for each in found:
        place = lines.at(each.start())
        if (place.line, each[0]) not in seen:
            seen.add((place.line, each[0]))
            code = ord(each[0])
            problems.add(
                place, f"character U+{code:04X} is not allowed here", f'in double quotes, write it as "\\u{code:04X}"'
            )
    raise problems.error()
