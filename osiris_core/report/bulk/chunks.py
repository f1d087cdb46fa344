"""Blocks of rows, packed into chunks of compressed text."""

from __future__ import annotations

import base64
import gzip

CHUNK_LINES = 5_000
CHUNK_CHARACTERS = 2_000_000
"""A chunk is decoded whole: one of so many lines takes a browser a few milliseconds, and still compresses well."""

EMBEDDED_BYTES = 4_600_000
"""Of chunks in a page. A page of 100,000 lines is to stay within 5 MB, and what else stands in it needs some of that."""

EMBEDDED_LINES = 300_000
"""Lines of a page at most: a list of twice as many rows is about as high as browsers make an element (16 million pixels)."""

EMBEDDED_CHARACTERS = 120_000_000
"""Characters of a page at most, decoded: what compresses very well would fill the browser's memory."""

SHARE_OF_DIFFERING = 1.02
"""Of each limit: once a page is full, lines that differ still find some room."""

_BLOCKS = "\x1e"
_LEVEL = 9
_TYPICAL_RATIO = 0.2  # of a chunk to its text, before there is a first one to tell


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
        return self._sealed_bytes + self._estimate(self._open_characters)

    def has_room(self, characters: int, *, limit_bytes: int, share: float = 1.0) -> bool:
        """Whether a block of so many characters may still be added to a page whose chunks take at most `limit_bytes`.

        Of each limit, the `share` counts.
        """
        return (
            self.size_bytes + self._estimate(characters) < limit_bytes * share
            and self._lines < EMBEDDED_LINES * share
            and self._characters < EMBEDDED_CHARACTERS * share
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

    def _estimate(self, characters: int) -> int:
        """Return what text that is not compressed yet will take in the page, as the chunks so far have it."""
        sealed = self._characters - self._open_characters
        return int(characters * (self._sealed_bytes / sealed if sealed else _TYPICAL_RATIO))

    def _seal(self) -> None:
        data = gzip.compress(_BLOCKS.join(self._blocks).encode(), _LEVEL, mtime=0)
        chunk = base64.b64encode(data).decode("ascii")
        self._sealed.append(chunk)
        self._sealed_bytes += len(chunk)
        self._blocks, self._open_lines, self._open_characters = [], 0, 0
