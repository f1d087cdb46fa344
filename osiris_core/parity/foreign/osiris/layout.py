"""Tells the run directories of Osiris from others. What reads one is loaded where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osiris_core.parity.foreign.osiris.paths import EVENTS, MANIFEST, NESTED, STATUS

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.parity.foreign.protocol import Reading

_BESIDE: Final = (MANIFEST, STATUS, "cfg", "osiris.log", "commands.jsonl")


class OsirisLayout:
    """A run directory of Osiris 0.5.7: local, through its E2B proxy, or the old form with a session in a session."""

    name = "a run directory of Osiris"

    def recognises(self, path: Path) -> bool:
        """Go by its file of events and what lies beside it, or by the nested session."""
        if (path / NESTED).is_dir():
            return True
        beside = any((path / name).exists() for name in _BESIDE)
        return beside and ((path / EVENTS).exists() or (path / "osiris.log").exists())

    def read(self, path: Path) -> Reading:
        """Read the run, under our names."""
        from osiris_core.parity.foreign.osiris.run_directory import read_run

        return read_run(path, self.name)
