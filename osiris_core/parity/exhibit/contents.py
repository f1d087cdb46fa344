"""The bytes of an artifact that a record has a difference at: from the session's directory, and only if they are those that were compared.

No session is opened for it. The record has the size of each side's file and the beginning of its digest, and what is read is held against
both: another file, or the same one written to since, is told of and not shown. Nothing on the way to it may be a link.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osiris_core.errors import SessionError
from osiris_core.parity.exhibit.places import session_place
from osiris_core.session import contract
from osiris_core.session.json_files import read_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from osiris_core.parity.record import Finding, ParityRecord

_STEP: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NO_PARTS: Final = frozenset({"", ".", ".."})
_BOTH: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One side's file: `data` has all of its bytes, or the first of them where `whole` is False; `problem` says why there are none.

    `path` is where it lies, from the project on.
    """

    path: str
    data: bytes = b""
    size_bytes: int = 0
    whole: bool = True
    problem: str = ""


class Contents:
    """The artifacts of one record's sessions, below one of the project `roots`."""

    def __init__(self, record: ParityRecord, roots: Sequence[Path]) -> None:
        self._named = [run.session_directory for run in record.targets[:_BOTH]]
        self._roots = roots
        self._places: list[tuple[Path | None, str]] | None = None
        self._patterns: tuple[str, ...] = ()
        self._unread = ""

    def of(self, finding: Finding, path: str, most_bytes: int) -> tuple[Content | None, Content | None]:
        """Return both sides' file at `path` as far as the record says that there is one, `most_bytes` of each at most."""
        left, right = (self._side(side, finding, path, most_bytes) for side in range(_BOTH))
        return left, right

    def _side(self, side: int, finding: Finding, path: str, most_bytes: int) -> Content | None:
        size_bytes, digest = finding.sizes_bytes[side], finding.digests[side]
        if size_bytes is None or not digest or side >= len(self._named):
            return None
        named = f"{self._named[side]}/{contract.ARTIFACTS_DIRECTORY}/{path}"
        directory, missing = self._looked()[side]
        problem = self._held_back(finding, path) if directory else missing
        if problem or directory is None:
            return Content(path=named, size_bytes=size_bytes, problem=problem)
        try:
            data, found_bytes = _read(directory, (contract.ARTIFACTS_DIRECTORY, *path.split("/")), most_bytes)
        except (OSError, ValueError) as error:  # ValueError: a name that no file can have
            said = getattr(error, "strerror", None) or "it is no plain file"
            return Content(path=named, size_bytes=size_bytes, problem=f"it cannot be read: {said}")
        whole = len(data) == found_bytes
        if found_bytes != size_bytes or (whole and not hashlib.sha256(data).hexdigest().startswith(digest)):
            return Content(path=named, size_bytes=size_bytes, problem="it is not the file that was compared")
        return Content(path=named, data=data, size_bytes=size_bytes, whole=whole)

    def _looked(self) -> list[tuple[Path | None, str]]:
        """Return where each session lies, found once, and read what its manifest allows."""
        if self._places is None:
            self._places = [_place(named, self._roots) for named in self._named]
            self._patterns = tuple(self._waived(directory for directory, _ in self._places if directory))
        return self._places

    def _waived(self, directories: Iterable[Path]) -> Iterable[str]:
        """Yield the patterns of artifacts that may hold a secret, of both manifests: what one side may hold the other's file may, too."""
        for directory in directories:
            try:
                waived = read_object(directory / contract.MANIFEST_FILE).get("secrets_in_artifacts", {})
            except (SessionError, RecursionError):
                waived = None
            if isinstance(waived, dict):
                yield from waived
            else:
                self._unread = "the session does not say whether it may hold a secret"

    def _held_back(self, finding: Finding, path: str) -> str:
        if any(sample.held_back for sample in finding.samples):
            return "a secret is in it"
        if any(fnmatch.fnmatchcase(path, pattern) for pattern in self._patterns):
            return "its manifest says that it may hold a secret"
        return self._unread


def _place(named: str, roots: Sequence[Path]) -> tuple[Path | None, str]:
    if not roots:
        return None, "this page was made from the records alone"
    if not named:
        return None, "its session was not kept"
    directory, missing = session_place(named, roots)
    return directory, missing and f"its session cannot be read: {missing}"


def _read(directory: Path, parts: Sequence[str], most_bytes: int) -> tuple[bytes, int]:
    """Return the first bytes of a regular file below `directory`, and its size. OSError or ValueError where it is none, or behind a link."""
    if any(part in _NO_PARTS for part in parts):
        raise ValueError("no plain path")
    at = os.open(directory, _STEP)
    try:
        for part in parts[:-1]:
            inner = os.open(part, _STEP, dir_fd=at)
            os.close(at)
            at = inner
        with os.fdopen(os.open(parts[-1], _FILE, dir_fd=at), "rb") as source:
            facts = os.fstat(source.fileno())
            if not stat.S_ISREG(facts.st_mode):
                raise ValueError("no regular file")
            return source.read(most_bytes), facts.st_size
    finally:
        os.close(at)
