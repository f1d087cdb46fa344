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
_LEAST_FACTS: Final = 8


def drawn(checks: Sequence[Shown], now: float, *, columns: int, rows: int, colour: bool) -> list[str]:
    """Return the lines, with their colours, none wider than `columns` less one; `rows` are those of the screen."""
    most = max(1, min(MOST_LINES, rows // _SHARE_OF_SCREEN))
    looks = [(each.source, look) for each in checks for look in each.looks]
    shown = looks if len(looks) <= most else looks[: max(1, most - 1)]
    hidden = len(looks) - len(shown) if most > 1 else 0
    table = Table.grid(padding=(0, 1), pad_edge=False)
    for name in ("name", "doing", "times", "facts"):
        table.add_column(name, no_wrap=True, overflow="ellipsis")
    cells = [_cells(source, look, now) for source, look in shown]
    widths = _fitted([max(each.cell_len for each in column) for column in zip(*cells, strict=True)], columns - 1)
    for row in cells:
        table.add_row(*(_cut(each, width) for each, width in zip(row, widths, strict=True)))
    out = io.StringIO()
    console = Console(
        file=out, force_terminal=True, color_system="standard" if colour else None, width=columns - 1, height=rows,
        legacy_windows=False, markup=False, emoji=False, highlight=False, _environ={},
    )  # fmt: skip
    console.print(table, soft_wrap=False)
    lines = [line.rstrip() for line in out.getvalue().splitlines()[: len(shown)]]
    if hidden:
        lines.append(f"… and {hidden} more"[: columns - 1])
    return lines


def _fitted(widths: list[int], columns: int) -> list[int]:
    """Return how wide name, doing, times and facts may be: names give way first, to a third of the line, then facts, then what goes on."""
    name, doing, times, facts = widths
    room = columns - len(widths)
    if name + doing + times + facts > room:
        name = min(name, room // 3)
    times = min(times, room - name)
    doing = min(doing, room - name - times)
    left = room - name - times - doing
    return [name, doing, times, left if left >= _LEAST_FACTS else 0]


def _cut(text: Text, width: int) -> Text:
    """Return a cell in at most so many columns; of a name with its target the name is cut."""
    if text.cell_len <= width:
        return text
    name, bracket, target = text.plain.rpartition(" [")
    rest = len(bracket + target)
    if bracket and target.endswith("]") and rest + 1 < width:
        head, tail = text[: len(name)], text[len(name) :]
        head.truncate(width - rest, overflow="ellipsis")
        return head.append_text(tail)
    text.truncate(max(width, 1), overflow="ellipsis")
    return text if width > 0 else Text("")


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
