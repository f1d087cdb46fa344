"""Text streams whose output waits for the door, and is on its terminal before anything is shown again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from osiris_core.display.door import Door


def behind(door: Door, stream: TextIO) -> TextIO:
    """Return the stream, behind the door."""
    return cast("TextIO", _Behind(door, stream))


class _Behind:
    """Writes by itself; everything else is the stream's own."""

    def __init__(self, door: Door, stream: TextIO) -> None:
        self._door = door
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, and flush."""
        with self._door.hidden():
            written = self._stream.write(text)
            self._stream.flush()
        return written

    def writelines(self, lines: Iterable[str]) -> None:
        """Write them."""
        self.write("".join(lines))

    def __getattr__(self, name: str) -> Any:
        """Return what the stream has."""
        return getattr(self._stream, name)
