"""Where things made once and used often live: bundles and closure farms, each under its digest."""

from __future__ import annotations

import os
from pathlib import Path

from osiris_core.errors import InfrastructureError

CACHE_VARIABLE = "OSIRIS_CACHE_DIR"
"""Environment variable that names another cache directory."""


def cache_directory() -> Path:
    """Return the cache directory, made if it is missing.

    `$OSIRIS_CACHE_DIR`, else `$XDG_CACHE_HOME/pytest-osiris`, else `~/.cache/pytest-osiris` (XDG Base
    Directory Specification).
    """
    named = os.environ.get(CACHE_VARIABLE)
    base = Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pytest-osiris"
    return shared_directory(base)


def shared_directory(path: Path) -> Path:
    """Make a directory that others may enter whatever the umask is: a sandbox server may run as another user."""
    try:
        if not path.is_dir():
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(0o755)
    except OSError as error:
        raise InfrastructureError(
            f"the cache directory {path} cannot be made: {error.strerror}", hint=f"name another one in {CACHE_VARIABLE}"
        ) from error
    return path
