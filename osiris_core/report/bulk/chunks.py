"""Blocks of rows, packed into chunks of compressed text."""

from __future__ import annotations

import base64
import gzip

CHUNK_LINES = 5_000
CHUNK_CHARACTERS = 2_000_000
"""A chunk is decoded whole: one of so many lines takes a browser a few milliseconds, and still compresses well."""

EMBEDDED_BYTES = 4_200_000
"""Of chunks in a page. A page of 100,000 lines is to stay within 5 MB, and what else stands in it needs some of that."""

EMBEDDED_LINES = 300_000
"""Lines of a page at most: a list of twice as many rows is about as high as browsers make an element (16 million pixels)."""

EMBEDDED_CHARACTERS = 120_000_000
"""Characters of a page at most, decoded: what compresses very well would fill the browser's memory."""

_BLOCKS = "\x1e"
_LEVEL = 6
_TYPICAL_RATIO = 0.2  # of a chunk not yet compressed, to tell whether there is room


class Packer:
    """Takes blocks in the order in which the page has them; `size_bytes` is what they take so far."""

    def __init__(self) -> None:
        self._sealed: list[str] = []
        self._blocks: list[str] = []
        self._open_lines = 0
        self._open_characters = 0
        self._sealed_bytes = 0
        self._characters = 0
        self._lines = 0

    @property
    def size_bytes(self) -> int:
        """What all blocks take in the page; of the last chunk an estimate, until it is full."""
        return self._sealed_bytes + int(self._open_characters * _TYPICAL_RATIO)

    def has_room(self, limit_bytes: int) -> bool:
        """Whether a block may still be added to a page of at most `limit_bytes`, over all of them."""
        return (
            self.size_bytes < min(limit_bytes, EMBEDDED_BYTES)
            and self._lines < EMBEDDED_LINES
            and self._characters < EMBEDDED_CHARACTERS
        )

    def add(self, block: str, lines: int) -> tuple[int, int]:
        """Add a block and return its address: the number of its chunk, and its place in it."""
        if self._blocks and self._open_lines + lines > CHUNK_LINES:
            self._seal()
        address = (len(self._sealed), len(self._blocks))
        self._blocks.append(block)
        self._open_characters += len(block)
        self._characters += len(block)
        self._open_lines += lines
        self._lines += lines
        if self._open_lines >= CHUNK_LINES or self._open_characters >= CHUNK_CHARACTERS:
            self._seal()
        return address

    def chunks(self) -> tuple[str, ...]:
        """Return all chunks, the last one whether it is full or not."""
        if self._blocks:
            self._seal()
        return tuple(self._sealed)

    def _seal(self) -> None:
        data = gzip.compress(_BLOCKS.join(self._blocks).encode(), _LEVEL, mtime=0)
        chunk = base64.b64encode(data).decode("ascii")
        self._sealed.append(chunk)
        self._sealed_bytes += len(chunk)
        self._blocks, self._open_lines, self._open_characters = [], 0, 0
