"""How progress is shown: what was asked for, as far as the place allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osiris_core.choices import PROGRESSES
from osiris_core.ci import ci_variable
from osiris_core.display.live import LEAST_COLUMNS, LEAST_ROWS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osiris_core.display.terminal import Terminal

AUTO, LIVE, LINES, OFF = PROGRESSES
_UNABLE: Final = frozenset({"", "dumb", "unknown"})


def chosen(asked: str, terminal: Terminal | None, environ: Mapping[str, str]) -> str:
    """Return `live`, `lines` or `off`; a place where nothing can be redrawn gets lines, and so does CI unless `live` was asked for."""
    if asked in {LINES, OFF}:
        return asked
    if terminal is None or environ.get("TERM", "") in _UNABLE:
        return LINES
    columns, rows = terminal.size()
    if columns < LEAST_COLUMNS or rows < LEAST_ROWS:
        return LINES
    return LINES if asked == AUTO and ci_variable(environ) else LIVE
