"""Reads files that may be torn, endless or no files at all: what can be read, and a sentence for what cannot."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from osiris_core.errors import SessionError
from osiris_core.session.json_files import check_types
from osiris_core.session.lines import decode_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from osiris_core.session.json_files import Types

    Complain = Callable[[str], None]

LINE_BYTES: Final = 16 * 1024 * 1024
"""A longer line is no record: it is skipped, and never held."""
FILE_BYTES: Final = 64 * 1024 * 1024
"""A larger file is not read as one JSON value, or as one text."""


def torn_lines(path: Path, keys: Types, complain: Complain) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file of lines that have these members.

    `complain` is called once for all lines that are none, with their number and the first of them, and once for a last
    line that has no end (it is yielded if it can be read).
    """
    bad, first, cut = 0, "", False
    for number, line in enumerate(_lines(path, complain), start=1):
        cut = line is not None and not line.endswith(b"\n")
        try:
            value = _record(line, keys)
        except (ValueError, RecursionError, SessionError) as error:
            bad, first = bad + 1, first or f"line {number:,}: {_short(error)}"
        else:
            yield value
    if bad:
        complain(f"{path.name} has {bad:,} {'line that is' if bad == 1 else 'lines that are'} no record, {first}")
    if cut:
        complain(f"{path.name} is cut off: its last line has no end")


def torn_object(path: Path, complain: Complain) -> dict[str, Any]:
    """Return the JSON object that a file is, or an empty one; `complain` is called where it is none."""
    data = regular_bytes(path, complain)
    if data is None:
        return {}
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        complain(f"{path.name} is cut off or is not JSON: {_short(error)}")
        return {}
    if not isinstance(value, dict):
        complain(f"{path.name} is no JSON object")
        return {}
    return value


def regular_bytes(path: Path, complain: Complain) -> bytes | None:
    """Return what a regular file holds; None, and a complaint, for anything else, and for one that is too large."""
    source = _opened(path, complain)
    if source is None:
        return None
    with source:
        if os.fstat(source.fileno()).st_size > FILE_BYTES:
            complain(f"{path.name} is larger than {FILE_BYTES:,} bytes, and was not read")
            return None
        return source.read()


def _record(line: bytes | None, keys: Types) -> dict[str, Any]:
    if line is None:
        raise ValueError(f"it is longer than {LINE_BYTES:,} bytes")
    value = decode_line(line)
    check_types(value, keys, "it")
    return dict(value)


def _lines(path: Path, complain: Complain) -> Iterator[bytes | None]:
    """Yield the lines of a file, None for one that is too long."""
    source = _opened(path, complain)
    if source is None:
        return
    with source:
        while line := source.readline(LINE_BYTES):
            if len(line) < LINE_BYTES or line.endswith(b"\n"):
                yield line
                continue
            while (rest := source.readline(LINE_BYTES)) and not rest.endswith(b"\n"):
                pass
            yield None


def _opened(path: Path, complain: Complain) -> BinaryIO | None:
    """Open a regular file, never waiting for the other end of a pipe."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        complain(f"there is no {path.name}")
        return None
    except OSError as error:
        complain(f"{path.name} cannot be read: {error.strerror}")
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        complain(f"{path.name} is no regular file")
        return None
    return os.fdopen(descriptor, "rb")


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:160]
