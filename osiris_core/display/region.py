"""Lines below the cursor that come and go, written so that the cursor stays where it is.

Whoever prints on the same terminal has his cursor on a line that may be unfinished, at a column that nobody else knows. So nothing here
moves the cursor to a known place and back: IND (ESC D) goes down a line and keeps the column, and scrolls where there is no
line below; as many lines up again, and there is room. In between DECSC and DECRC (ESC 7, ESC 8) the lines are written. They are found
again below the cursor wherever a resize has put it, and erased from there to the end of the screen.

Control sequences of ECMA-48 and of the VT100, which every terminal that is not `dumb` knows. The cursor is never hidden, no mode is left
changed: a process that is killed leaves nothing but the lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_DOWN: Final = "\x1bD"
_SAVE, _RESTORE = "\x1b7", "\x1b8"
_NO_WRAP, _WRAP = "\x1b[?7l", "\x1b[?7h"
_PLAIN: Final = "\x1b[0m"
_ERASE_REST_OF_LINE, _ERASE_LINE, _ERASE_BELOW = "\x1b[K", "\x1b[2K", "\x1b[J"


def painted(lines: Sequence[str]) -> str:
    """Return what writes `lines` below the cursor, over those that are there; there must be more rows on the screen than lines."""
    room = f"{_DOWN * len(lines)}\x1b[{len(lines)}A"
    text = "".join(f"\r\n{line}{_PLAIN}{_ERASE_REST_OF_LINE}" for line in lines)
    return f"{room}{_SAVE}{_NO_WRAP}{text}{_ERASE_BELOW}{_WRAP}{_RESTORE}"


def erased() -> str:
    """Return what erases everything below the cursor."""
    return f"{_DOWN}{_ERASE_LINE}{_ERASE_BELOW}\x1b[1A"
