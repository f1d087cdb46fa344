"""What a worker said it wrote, against what the host has on disk: the difference is the way between them.

The worker takes its digests before anything travels: one of each artifact, one over all of its records. They lie in the
session's journal, which proves itself by checkpoints and the terminal record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osiris_core.errors import OsirisError
from osiris_core.session import contract
from osiris_core.session.artifacts import scan_artifacts
from osiris_core.session.reader import open_session
from osiris_core.session.walk import JournalWalk
from osiris_core.wire.records import LOST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from osiris_core.session.artifacts import ArtifactFile
    from osiris_core.session.reader import Session


def damages(session: Session) -> tuple[str, ...]:
    """Return a sentence for each file or record of a session that is not what its worker said it is; none where all hold.

    Everything is read again from the disk. A session without a journal has only its own files to be held against.
    """
    return tuple(f"{session.target}: {each}" for each in _damages(session))


def _damages(session: Session) -> Iterator[str]:
    journal = session.directory / contract.HOST_DIRECTORY / contract.JOURNAL_FILE
    said = {path: (each.size_bytes, each.sha256) for path, each in session.artifacts.items()}
    if journal.exists():
        walk = JournalWalk(journal, session.session_id)
        try:
            for _ in walk:
                pass
        except OsirisError as error:
            yield f"records: {error.message}"
            return  # what comes after the damage is not known, so nothing can be held against it
        said = {str(each["path"]): (int(each["size_bytes"]), str(each["sha256"])) for each in walk.artifacts}
        if session.outcome == LOST:
            if walk.terminal is not None:  # the worker came to its end, and what it wrote did not come here whole
                yield str((session.error or {}).get("message", "the session was lost"))
            return
    try:
        found = scan_artifacts(session.directory / contract.ARTIFACTS_DIRECTORY)
    except OsirisError as error:
        yield f"artifacts: {error.message}"
        return
    named = tuple(_artifacts(said, found))
    yield from named
    if not named and (session.directory / contract.SESSION_FILE).exists():
        try:
            open_session(session.directory)
        except OsirisError as error:
            yield f"records: {error.message}"


def _artifacts(said: Mapping[str, tuple[int, str]], found: Mapping[str, ArtifactFile]) -> Iterator[str]:
    for path in sorted(said.keys() | found.keys()):
        if path not in found:
            yield f"{path} was written there, and is not here"
        elif path not in said:
            yield f"{path} is here, and the worker never wrote it"
        elif said[path] != (found[path].size_bytes, found[path].sha256):
            (size, digest), here = said[path], found[path]
            yield (
                f"{path} had {size:,} bytes with the digest {digest[:12]} where it was written, and has "
                f"{here.size_bytes:,} with {here.sha256[:12]} here"
            )
