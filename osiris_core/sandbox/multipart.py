"""A streaming parser of multipart/form-data: the bytes of a part go on as they arrive, whatever the size of the file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

MAX_HEADER_BYTES = 64 * 1024
LAST = b"--"
"""What follows the delimiter that ends a body."""

HEAD_END = b"\r\n\r\n"
_PARAMETER = re.compile(r'([A-Za-z*]+)="((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"%(22|[01][0-9A-F])|\\(.)")


class MultipartError(Exception):
    """Raised when a body is not what its content type says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartStart:
    """A part begins; `filename` is as the client wrote it, a full path."""

    name: str
    filename: str


@dataclass(frozen=True, slots=True)
class PartData:
    """Some bytes of the current part."""

    data: bytes


@dataclass(frozen=True, slots=True)
class PartEnd:
    """The current part is complete."""


Piece = PartStart | PartData | PartEnd


def boundary_of(content_type: str) -> bytes:
    """Return the delimiter that a multipart content type announces; raises MultipartError."""
    found = re.search(r'boundary="?([^";]{1,200})"?', content_type)
    if not found:
        raise MultipartError("the multipart content type has no boundary")
    return found.group(1).encode("latin-1")


async def parse(chunks: AsyncIterator[bytes], boundary: bytes) -> AsyncIterator[Piece]:
    """Yield what a body consists of, in order; raises MultipartError when it ends early or is malformed."""
    parser = _Parser(boundary)
    async for chunk in chunks:
        for piece in parser.feed(chunk):
            yield piece
    if not parser.complete:
        raise MultipartError("the multipart body ended early")


class _Parser:
    def __init__(self, boundary: bytes) -> None:
        # A body begins with a delimiter that lacks the line break before it; with one in front, all delimiters are alike.
        self._buffer = bytearray(b"\r\n")
        # What follows it tells a delimiter from a line of data that begins alike.
        self._delimiter = re.compile(re.escape(b"\r\n--" + boundary) + rb"(?=\r\n|--)")
        self._longest = len(boundary) + 6
        self._in_part = False
        self.complete = False

    def feed(self, chunk: bytes) -> Iterator[Piece]:
        """Yield what `chunk` completes; what follows the last delimiter means nothing."""
        if self.complete:
            return
        self._buffer += chunk
        while not self.complete:
            found = self._delimiter.search(self._buffer)
            if not found:
                # The end of the buffer may be the beginning of a delimiter.
                yield from self._data(len(self._buffer) - self._longest + 1)
                return
            yield from self._data(found.start())
            if not (head := self._head()):
                return
            if self._in_part:
                yield PartEnd()
            self._in_part = True
            if head == LAST:
                self.complete = True
            else:
                yield _part_start(head)

    def _data(self, size: int) -> Iterator[Piece]:
        # Hands out what lies before a delimiter. Before the first part that is a preamble, which means nothing.
        if size <= 0:
            return
        if self._in_part:
            yield PartData(bytes(self._buffer[:size]))
        del self._buffer[:size]

    def _head(self) -> bytes:
        # Takes a delimiter and the head behind it from the buffer; nothing when it is not whole yet.
        after = self._longest - len(LAST)
        if self._buffer[after : after + len(LAST)] == LAST:
            return LAST
        end = self._buffer.find(HEAD_END, after)
        if end < 0:
            if len(self._buffer) > MAX_HEADER_BYTES:
                raise MultipartError("the head of a part is too long")
            return b""
        head = bytes(self._buffer[after:end])
        del self._buffer[: end + len(HEAD_END)]
        return head


def _part_start(head: bytes) -> PartStart:
    for line in head.decode("utf-8", "surrogateescape").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            parameters = {key.lower(): _unquoted(text) for key, text in _PARAMETER.findall(value)}
            return PartStart(name=parameters.get("name", ""), filename=parameters.get("filename", ""))
    raise MultipartError("a part has no Content-Disposition")


def _unquoted(text: str) -> str:
    # HTML's form encoding as httpx writes it: a quote and control characters by percent signs, a backslash doubled.
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[2], text)
