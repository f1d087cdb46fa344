"""What a process without a terminal leaves for the one that has it: one small file each, whole or absent, gone at the end."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import msgspec

from osiris_core.progress.model import Progress

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.display.board import Board

_UNFINISHED = ".part"
_decoder = msgspec.json.Decoder(list[Progress])


class Mailbox:
    """A renderer that writes the board to the file `path`, whose name is that of this process."""

    period_s = 0.25
    redraws = False

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written = b""

    def tick(self, board: Board, now: float) -> None:  # noqa: ARG002 - who reads it knows what time it is
        """Write what is on it now, if that is something new."""
        data = msgspec.json.encode(board.looks())
        if data == self._written:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_suffix(_UNFINISHED)
        unfinished.write_bytes(data)
        unfinished.replace(self._path)
        self._written = data

    def hide(self) -> None:
        """Show nothing: this process runs nothing now."""
        self._written = b""
        self._path.unlink(missing_ok=True)

    def show(self) -> None:
        """Wait for the next tick."""

    def close(self) -> None:
        """Leave nothing behind."""
        self.hide()


class Mailboxes:
    """Reads a directory of them."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._sources: frozenset[str] = frozenset()

    def gather(self, board: Board) -> None:
        """Bring what the processes show now to the board; whose file is gone shows nothing."""
        found: dict[str, list[Progress]] = {}
        with contextlib.suppress(FileNotFoundError):  # none has begun
            for path in self._directory.iterdir():
                if path.suffix != _UNFINISHED:
                    with contextlib.suppress(
                        FileNotFoundError, msgspec.DecodeError
                    ):  # it has just ended; it is none of ours
                        found[path.name] = _decoder.decode(path.read_bytes())
        for source in self._sources - found.keys():
            board.replace(source, ())
        for source, looks in found.items():
            board.replace(source, looks)
        self._sources = frozenset(found)

    def remove(self, source: str = "") -> None:
        """Remove what a process left that died, or (`source` empty) what all of them left, and the directory."""
        if source:
            (self._directory / source).unlink(missing_ok=True)
            return
        if not self._directory.is_dir():
            return
        for path in self._directory.iterdir():
            path.unlink(missing_ok=True)
        self._directory.rmdir()
        with contextlib.suppress(OSError):  # another run has its own beside it
            self._directory.parent.rmdir()
