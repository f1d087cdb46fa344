"""Draws the checks that run as lines of exactly one row each, by rich."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from osiris_core.display import words
from osiris_core.report.text import visible_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.display.board import Shown
    from osiris_core.progress.model import Progress

MOST_LINES: Final = 8
_SHARE_OF_SCREEN: Final = 3


def drawn(checks: Sequence[Shown], now: float, *, columns: int, rows: int, colour: bool) -> list[str]:
    """Return the lines, with their colours, none wider than `columns` less one; `rows` are those of the screen."""
    most = max(1, min(MOST_LINES, rows // _SHARE_OF_SCREEN))
    looks = [(each.source, look) for each in checks for look in each.looks]
    hidden = 0
    if len(looks) > most:
        hidden = len(looks) - (most - 1)
        looks = looks[: most - 1]
    table = Table.grid(padding=(0, 1), pad_edge=False)
    for name in ("name", "doing", "times", "facts"):
        table.add_column(name, no_wrap=True, overflow="ellipsis")
    for source, look in looks:
        table.add_row(*_cells(source, look, now))
    out = io.StringIO()
    console = Console(
        file=out, force_terminal=True, color_system="standard" if colour else None, width=columns - 1, height=rows,
        legacy_windows=False, markup=False, emoji=False, highlight=False, _environ={},
    )  # fmt: skip
    console.print(table, soft_wrap=False)
    lines = [line.rstrip() for line in out.getvalue().splitlines()[: len(looks)]]
    if hidden:
        lines.append(f"… and {hidden} more"[: columns - 1])
    return lines


def _cells(source: str, look: Progress, now: float) -> tuple[Text, ...]:
    name = words.name_of(look)
    facts = ", ".join(filter(None, (words.rows(look), words.brought(look))))
    remarks = Text(facts, style="dim")
    if silence := words.silence(look, now):
        remarks = Text(", ".join(filter(None, (silence, facts))), style="bold red")
    head = Text(f"{visible_line(source)} {name}" if source else name, style="bold")
    if look.target:
        head.append(f" [{visible_line(look.target)}]", style="not bold cyan")
    doing = Text(words.doing(look), style="green" if look.over else "")
    return head, doing, Text(words.times(look, now)), remarks
