"""Where things made once and used often live: bundles and closure farms, each under its digest."""

from __future__ import annotations

import os
from pathlib import Path

CACHE_VARIABLE = "OSIRIS_CACHE_DIR"
"""Environment variable that names another cache directory."""


def cache_directory() -> Path:
    """Return the cache directory, made if it is missing.

    `$OSIRIS_CACHE_DIR`, else `$XDG_CACHE_HOME/pytest-osiris`, else `~/.cache/pytest-osiris` (XDG Base
    Directory Specification). Readable by others, because a sandbox server may run as another user.
    """
    named = os.environ.get(CACHE_VARIABLE)
    base = Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pytest-osiris"
    base.mkdir(parents=True, exist_ok=True)
    return base
