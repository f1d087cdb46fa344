"""A line for whoever watches the run, at once and in full: past pytest's capturing, and also where it has no terminal."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest


def tell(config: pytest.Config, line: str, *, everywhere: bool = True) -> None:
    """Write a line that begins at the left; without `everywhere` only where there is no terminal section to stand in."""
    terminal: Any = config.pluginmanager.get_plugin("terminalreporter")
    capture: Any = config.pluginmanager.get_plugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
        if terminal is None:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
        elif everywhere:
            terminal.ensure_newline()
            terminal.write_line(line)
            terminal.flush()
