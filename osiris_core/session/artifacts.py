"""The artifact tree of a session as it is on disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osiris_core.errors import SessionError
from osiris_core.session.files import FileFacts, file_facts, refused, tree_files

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactFile:
    """One file: path `<step>/<path below>`, permission bits as octal text ("0644"), SHA-256 read from disk."""

    path: str
    size_bytes: int
    mode: str
    sha256: str
    absolute: Path

    @property
    def facts(self) -> FileFacts:
        """Size, mode and digest alone."""
        return FileFacts(self.size_bytes, self.mode, self.sha256)


def scan_artifacts(tree: Path) -> dict[str, ArtifactFile]:
    """Return path -> file of everything below `tree`, sorted by path; nothing where there is no tree.

    SessionError for anything that is neither a directory nor a regular file: it could lead out of the session.
    """
    with refused(tree, "cannot be read"):
        paths = sorted((path for path, _ in tree_files(tree)), key=lambda path: path.encode("utf-8", "surrogateescape"))
    return {path: _scanned(tree, path) for path in paths}


def _scanned(tree: Path, path: str) -> ArtifactFile:
    absolute = tree / path
    try:
        facts = file_facts(absolute)
    except OSError as error:
        raise SessionError(f"{absolute} cannot be read as an artifact: {error.strerror or error.args[-1]}") from error
    return ArtifactFile(path=path, size_bytes=facts.size_bytes, mode=facts.mode, sha256=facts.sha256, absolute=absolute)
