"""A terminal by a descriptor of our own: what is written to it passes nobody's capture and nobody's buffer."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from typing import TextIO


class Size(NamedTuple):
    """Of a screen; 0 where it is not known."""

    columns: int
    rows: int


class Terminal:
    """Writes to a descriptor, which it owns."""

    def __init__(self, descriptor: int, encoding: str = "utf-8") -> None:
        self._descriptor = descriptor
        self._encoding = encoding

    @classmethod
    def of(cls, stream: TextIO) -> Self | None:
        """Return the terminal that a stream writes to; None where it is none."""
        try:
            if not os.isatty(stream.fileno()):
                return None
            return cls(os.dup(stream.fileno()), stream.encoding or "utf-8")
        except (OSError, ValueError, AttributeError):  # it is closed, or has no descriptor at all
            return None

    def size(self) -> Size:
        """Return its size now."""
        try:
            return Size(*os.get_terminal_size(self._descriptor))
        except OSError:
            return Size(0, 0)

    @property
    def is_ours(self) -> bool:
        """Whether this process may write to it: not while a shell has put it into the background."""
        try:
            return os.tcgetpgrp(self._descriptor) == os.getpgrp()
        except OSError:  # it is nobody's controlling terminal
            return True

    def write(self, text: str) -> None:
        """Write, in one piece where the system takes it so; what it has no character for becomes a question mark. OSError when it is gone."""
        left = memoryview(text.encode(self._encoding, "replace"))
        while left:
            left = left[os.write(self._descriptor, left) :]

    def close(self) -> None:
        """Give the descriptor back; a second time is harmless."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            with contextlib.suppress(OSError):  # a terminal that is gone
                os.close(descriptor)
