"""`--progress`: shows on standard error how far runs are, and lets nothing else come between."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from osiris_core.choices import PROGRESSES
from osiris_core.report.text import visible_line

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from typing import TextIO

    from osiris_core.display.door import Renderer
    from osiris_core.progress.model import Observer


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The streams to write to while runs are shown, and who is told how far they are, if anybody is."""

    out: TextIO
    err: TextIO
    observe: Observer | None = None

    def report(self, line: str) -> None:
        """Write a line for people."""
        self.err.write(f"{visible_line(line)}\n")
        self.err.flush()


def add_progress_option(parser: argparse.ArgumentParser) -> None:
    """Add `--progress`, which every command has that runs manifests."""
    parser.add_argument(
        "--progress",
        choices=PROGRESSES,
        default=PROGRESSES[0],
        help="how it is shown, on standard error, how far long runs are: live (lines that are redrawn), lines (one after 10 s, "
        "then one every 30 s), off, or auto: live on a terminal, lines in CI and in a file (default: auto)",
    )


@contextmanager
def shown(asked: str, out: TextIO, err: TextIO) -> Iterator[Shown]:
    """Show what runs while the block lasts; nothing of it is left afterwards but plain lines."""
    from osiris_core.display.choosing import LIVE, OFF, chosen
    from osiris_core.display.door import Door
    from osiris_core.display.lines import Lines
    from osiris_core.display.live import Live
    from osiris_core.display.streams import behind
    from osiris_core.display.terminal import Terminal

    terminal = Terminal.of(err)
    how = chosen(asked, terminal, os.environ)
    if how == OFF:
        yield Shown(out=out, err=err)
        return

    def say(line: str) -> None:
        err.write(f"osiris: {visible_line(line)}\n")
        err.flush()

    renderer: Renderer = Lines(say)
    if how == LIVE and terminal is not None:
        renderer = Live(terminal, colour=not os.environ.get("NO_COLOR"))
    door = Door(renderer, say)
    try:
        with door.open():
            yield Shown(out=behind(door, out), err=behind(door, err), observe=door.observe)
    finally:
        door.close()
        if terminal is not None:
            terminal.close()
