"""Where the files of a run directory of Osiris lie that say what it is."""

from __future__ import annotations

from typing import Final

EVENTS: Final = "events.jsonl"
METRICS: Final = "metrics.jsonl"
STATUS: Final = "status.json"
MANIFEST: Final = "manifest.yaml"
NESTED: Final = "remote/session"
"""Where the old form kept the session that `osiris run` made inside of the sandbox."""
