"""Removes sessions that are not wanted any more: each only where it is a closed session, whole, of nobody, and nothing else.

Whatever is in doubt stays: a link on the way, a file that the session does not count, one whose owner is at work. A session that
stays costs room on a disk; what a removal took by mistake would be gone.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from osiris_core.errors import SessionError
from osiris_core.session import contract
from osiris_core.session.files import remove_tree, tree_files
from osiris_core.session.json_files import read_versioned
from osiris_core.session.lock import OwnerLock

if TYPE_CHECKING:
    from pathlib import Path

_FILES: Final = frozenset(
    {
        contract.SESSION_FILE,
        contract.MANIFEST_FILE,
        contract.EVENTS_FILE,
        contract.METRICS_FILE,
        contract.TARGET_FILE,
    }
)
_DIRECTORIES: Final = frozenset({contract.LOGS_DIRECTORY, contract.ARTIFACTS_DIRECTORY, contract.HOST_DIRECTORY})
_SUFFIXES: Final = (contract.LOG_SUFFIX, contract.PRINTED_SUFFIX)


def remove_session(root: Path, session_id: str, target: str) -> bool:
    """Remove the session of a target below `root`, and the directory of its id where nothing else is in it.

    Return whether it is gone. False, and nothing is touched, where it is not a closed session alone.
    """
    try:
        directory = contract.session_directory(root, session_id, target)
    except ValueError:
        return False
    way = (directory, *directory.parents[:3])  # the id's, `runs` and `.osiris`
    if not all(_is_directory(each) for each in way) or not _is_session_alone(directory, session_id, target):
        return False
    try:
        lock = OwnerLock.take(directory / contract.HOST_DIRECTORY / contract.LOCK_FILE)
    except SessionError:  # somebody is at work there
        return False
    try:
        remove_tree(directory)
    finally:
        lock.release()
    with suppress(OSError):  # the other target's session is there, or a file of somebody
        directory.parent.rmdir()
    return not directory.exists()


def _is_session_alone(directory: Path, session_id: str, target: str) -> bool:
    """Whether a directory is a closed session of this name, without a file that the session does not count."""
    for entry in directory.iterdir():
        is_file, is_directory = entry.name in _FILES, entry.name in _DIRECTORIES
        if not (is_file and _is_file(entry)) and not (is_directory and _is_directory(entry)):
            return False
    try:
        facts = read_versioned(directory / contract.SESSION_FILE)
    except SessionError:
        return False
    if facts.get("session") != session_id or facts.get("target") != target:
        return False
    steps, counts = facts.get("steps"), facts.get("counts")
    if not isinstance(steps, list) or not isinstance(counts, dict):
        return False
    ids = {step.get("id") for step in steps if isinstance(step, dict)}
    logs = [name for name, _ in tree_files(directory / contract.LOGS_DIRECTORY)]
    artifacts = sum(1 for _ in tree_files(directory / contract.ARTIFACTS_DIRECTORY))
    are_logs = all(name.endswith(_SUFFIXES) and name.rpartition(".")[0] in ids for name in logs)
    return are_logs and artifacts == counts.get("artifacts")


def _is_directory(path: Path) -> bool:
    """Whether a path is a directory itself, and no link to one."""
    return path.is_dir() and not path.is_symlink()


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()
