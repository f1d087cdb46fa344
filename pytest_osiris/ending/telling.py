"""Lines for whoever watches the run, at once and in full: past pytest's capturing, and also where it has no terminal."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest


def tell(config: pytest.Config, *lines: str, everywhere: bool = True) -> None:
    """Write lines that begin at the left; without `everywhere` only where there is no terminal section to stand in."""
    terminal: Any = config.pluginmanager.get_plugin("terminalreporter")
    capture: Any = config.pluginmanager.get_plugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
        if terminal is None:
            sys.stdout.writelines(f"{line}\n" for line in ("", *lines))
            sys.stdout.flush()
        elif everywhere:
            for line in ("", *lines):  # what a quiet run has written of its progress ends in no line feed
                terminal.write_line(line)
            terminal.flush()
