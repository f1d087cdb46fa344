"""Our own session directories, read leniently: one that is torn or of another version is still looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osiris_core.parity.evidence import check_minimums, is_lost, skipped_artifacts
from osiris_core.parity.foreign.protocol import Reading
from osiris_core.session.contract import is_session

if TYPE_CHECKING:
    from pathlib import Path


class OwnLayout:
    """A session directory of this project: `.osiris/runs/<session id>/<target>`."""

    name = "a session directory"

    def recognises(self, path: Path) -> bool:
        """Go by `session.json`, `target.json` or the host's own directory."""
        return path.is_dir() and is_session(path)

    def read(self, path: Path) -> Reading:
        """Read it leniently. A session that was never closed has no counts and no end to be held against its files."""
        from osiris_core.session.leniently import read_leniently

        found = read_leniently(path)
        session = found.session
        return Reading(
            layout=self.name,
            session=session,
            identity=str(session.hello.get("nonce") or ""),
            lost=is_lost(session),
            problems=(*found.problems, *(check_minimums(session) if found.closed else ())),
            not_compared=(*found.not_compared, *skipped_artifacts(session)),
        )
