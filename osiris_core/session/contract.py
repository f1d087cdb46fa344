"""The session directory, contract version 1: where it is, what its files are called, how a session is named."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONTRACT_VERSION: Final = 1
"""Raised when a reader of the old files would misread the new ones."""

SESSION_FILE: Final = "session.json"
MANIFEST_FILE: Final = "manifest.json"
EVENTS_FILE: Final = "events.jsonl"
METRICS_FILE: Final = "metrics.jsonl"
TARGET_FILE: Final = "target.json"
LOGS_DIRECTORY: Final = "logs"
ARTIFACTS_DIRECTORY: Final = "artifacts"
PARTIAL_DIRECTORY: Final = "artifacts.partial"
PARTIAL_FILE: Final = "verified.json"
"""In the directory before; no step has a name with a dot."""
LOG_SUFFIX: Final = ".log"
PRINTED_SUFFIX: Final = ".out"

HOST_DIRECTORY: Final = ".host"
"""The host's own: outside the contract, readers leave it alone."""
LOCK_FILE: Final = "lock"
HANDLE_FILE: Final = "handle.json"
REQUEST_FILE: Final = "request.json"
JOURNAL_FILE: Final = "journal.os1"
STRAY_FILE: Final = "stray.out"
EXPORT_DIRECTORY: Final = "export"
ADOPTION_DIRECTORY: Final = "adoption"
REFUSED_DIRECTORY: Final = "refused-artifacts"
RUN_DIRECTORY: Final = "run"
INCOMING_DIRECTORY: Final = "incoming"
SCRATCH_DIRECTORIES: Final = (RUN_DIRECTORY, INCOMING_DIRECTORY, EXPORT_DIRECTORY, ADOPTION_DIRECTORY)
"""What is only needed while a run lasts; removed when its session is closed."""

_READABLE_CHARACTERS: Final = 80
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def session_directory(root: Path, session_id: str, target: str) -> Path:
    """Return where the session of one target lies. ValueError for an id that is no plain name."""
    if not _NAME.fullmatch(session_id):
        raise ValueError(f"{session_id!r} cannot name a directory: letters, digits, '.', '_' and '-' only")
    return root / ".osiris" / "runs" / session_id / target_directory(target)


def target_directory(target: str) -> str:
    """Return the name of a target's directory: the target's own where that is a plain name.

    Of `venv:envs/old` it is `venv-envs-old-` and 8 hex digits of the SHA-256 of the whole name, which no other target has.
    """
    if _NAME.fullmatch(target):
        return target
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", target).strip("-._")[:_READABLE_CHARACTERS]
    return f"{readable or 'target'}-{sha256(target.encode()).hexdigest()[:8]}"


def new_session_id(clock: Callable[[], datetime] | None = None) -> str:
    """Return a new id, `YYYYmmddTHHMMSSZ-` and 8 random hex digits: ids sort by the second they were made in.

    `clock` returns an aware time; by default the time now.
    """
    now = datetime.now(UTC) if clock is None else clock().astimezone(UTC)
    return f"{now:%Y%m%dT%H%M%SZ}-{os.urandom(4).hex()}"


def is_session(directory: Path) -> bool:
    """Say whether a directory looks like a session of this project, whole or not."""
    return any((directory / name).exists() for name in (SESSION_FILE, TARGET_FILE, HOST_DIRECTORY))
