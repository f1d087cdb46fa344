"""The files a step left in its directory: found without following a link, hashed, and named as records name them.

A directory is opened in the one that holds it, and a file in its directory, so that nothing that is exchanged for a
link meanwhile can lead elsewhere.
"""

from __future__ import annotations

import hashlib
import os
import stat
from typing import TYPE_CHECKING, Any

from osiris_core.wire import records
from osiris_core.wire.errors import WireProtocolError
from osiris_core.wire.paths import MAX_DEPTH
from osiris_core.wire.values import state, value
from osiris_core.worker.failure import plain_error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from osiris_core.wire.leaks import Leaks, Look
    from osiris_core.wire.limits import ArtifactLimits
    from osiris_core.wire.paths import TreeNames

_CHUNK_BYTES = 1 << 20
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_KINDS = (
    (stat.S_ISLNK, "it is a link"),
    (stat.S_ISFIFO, "it is a pipe"),
    (stat.S_ISSOCK, "it is a socket"),
    (stat.S_ISCHR, "it is a device"),
    (stat.S_ISBLK, "it is a device"),
)
_READINGS = 2


@value
class FoundFile:
    """A regular file: its path `<step>/<path below>`, size, permission bits and digest; the bytes of a small one.

    `secrets` are names of secrets that it holds and may hold; `unscanned` says why it was not looked through as a whole.
    """

    path: str
    size_bytes: int
    mode: int
    sha256: str
    content: bytes | None
    secrets: tuple[str, ...] = ()
    unscanned: str = ""


@value
class EmptyDirectory:
    """A directory with nothing in it; its path ends in `/`. Others show in the paths of their files."""

    path: str


@value
class SkippedFile:
    """Something that cannot be an artifact, and why.

    `is_breach` where it is one too many, or too much; `secrets` are names of secrets that it must not hold, and does.
    """

    path: str
    reason: str
    is_breach: bool = False
    secrets: tuple[str, ...] = ()


Found = FoundFile | EmptyDirectory | SkippedFile


@state
class Scan:
    """What a run has left so far; looks at one step after the other.

    `names` holds the paths of the whole run. With `leaks`, a file that holds a secret is skipped, unless it may.
    """

    limits: ArtifactLimits
    names: TreeNames
    leaks: Leaks | None = None
    files: int = 0
    total_bytes: int = 0

    def step(self, outbox: Path, step: str) -> Iterator[Found]:
        """Yield what step `step` left, sorted by path; nothing behind the first that breaks a limit."""
        try:
            top = os.open(outbox / step, _DIRECTORY)
        except FileNotFoundError:
            return  # a driver may remove its own directory
        except OSError:
            yield SkippedFile(path=step, reason="it cannot be read as a directory")
            return
        for found in self._entries(top, step, 1):
            yield found
            if isinstance(found, SkippedFile) and found.is_breach:
                yield SkippedFile(path=step, reason="not all of it was looked at, because a limit was reached")
                return

    def count(self, size_bytes: int) -> None:
        """Count a file that a record names."""
        self.files += 1
        self.total_bytes += size_bytes

    def _entries(self, directory: int, path: str, depth: int) -> Iterator[Found]:
        """Yield what an open directory holds, and close it."""
        try:
            with os.scandir(directory) as entries:
                names = [f"{each.name}/" if each.is_dir(follow_symlinks=False) else each.name for each in entries]
            for name in sorted(names, key=lambda each: each.encode("utf-8", "surrogateescape")):
                if name.endswith("/"):
                    yield from self._directory(directory, f"{path}/{name[:-1]}", name[:-1], depth + 1)
                else:
                    yield self._examine(directory, f"{path}/{name}", name)
            if not names and depth > 1:
                yield self._leak_in_path(f"{path}/") or EmptyDirectory(path=f"{path}/")
        finally:
            os.close(directory)

    def _directory(self, parent: int, path: str, name: str, depth: int) -> Iterator[Found]:
        if depth >= MAX_DEPTH:  # the files in it would be one level deeper
            yield SkippedFile(path=path, reason=f"what it holds is deeper than {MAX_DEPTH} levels")
            return
        try:
            directory = os.open(name, _DIRECTORY, dir_fd=parent)
        except OSError:
            yield SkippedFile(path=path, reason="it cannot be read as a directory")
            return
        yield from self._entries(directory, path, depth)

    def _leak_in_path(self, path: str) -> SkippedFile | None:
        if self.leaks is None or not (held := self.leaks.in_path(path)):
            return None
        return SkippedFile(path=self.leaks.table.inside(path), reason=f"its path holds {_secrets(held)}", secrets=held)

    def _examine(self, directory: int, path: str, name: str) -> Found:
        if (leak := self._leak_in_path(path)) is not None:
            return leak
        try:
            reason = _not_regular(os.stat(name, dir_fd=directory, follow_symlinks=False))
            if reason is None:
                descriptor = os.open(name, _FILE, dir_fd=directory)
                with os.fdopen(descriptor, "rb", buffering=0) as source:
                    self.names.add(path)
                    return self._read(path, source)
        except OSError as error:
            reason = f"it cannot be read: {error.strerror}"
        except WireProtocolError as error:
            reason = str(error)
        return SkippedFile(path=path, reason=reason)

    def _read(self, path: str, source: Any) -> Found:
        """Read a file once; a second time where it changed meanwhile, and then not again."""
        for _ in range(_READINGS):
            before = os.fstat(source.fileno())
            breach = _not_regular(before) or self.limits.breach(
                files=self.files + 1, size_bytes=before.st_size, total_bytes=self.total_bytes + before.st_size
            )
            if breach is not None:
                return SkippedFile(path=path, reason=breach, is_breach=stat.S_ISREG(before.st_mode))
            source.seek(0)
            look = None if self.leaks is None else self.leaks.look()
            content, size_bytes, sha256 = _hashed(
                source, before.st_size, keep=self.limits.is_small(before.st_size), look=look
            )
            seen = None if look is None else look.done(source)
            after = os.fstat(source.fileno())
            if (size_bytes, after.st_size, after.st_mtime_ns) != (before.st_size, before.st_size, before.st_mtime_ns):
                continue
            if seen is not None and seen.secrets and self.leaks is not None and not self.leaks.allows(path):
                return SkippedFile(path=path, reason=f"it holds {_secrets(seen.secrets)}", secrets=seen.secrets)
            self.count(size_bytes)
            return FoundFile(
                path=path,
                size_bytes=size_bytes,
                mode=stat.S_IMODE(after.st_mode) & 0o777,
                sha256=sha256,
                content=content,
                secrets=() if seen is None else seen.secrets,
                unscanned="" if seen is None else seen.unscanned,
            )
        return SkippedFile(path=path, reason="unstable: it changed while it was read")


def created(step: str, found: Found) -> Iterator[dict[str, Any]]:
    """Yield the artifact record of a file, and the event of anything."""
    ts = records.timestamp()
    if isinstance(found, SkippedFile):
        data = {"path": found.path, "reason": found.reason}
        yield records.event(ts=ts, step=step, name=records.ARTIFACT_SKIPPED, data=data)
        return
    if isinstance(found, FoundFile):
        yield records.artifact(
            ts=ts, step=step, path=found.path, size_bytes=found.size_bytes, mode=found.mode, sha256=found.sha256
        )
    data = {"path": found.path, **_said_of(found)}
    yield records.event(ts=ts, step=step, name=records.ARTIFACT_CREATED, data=data)


def fault_of(skipped: list[SkippedFile]) -> dict[str, Any] | None:
    """Return the error of a step that left too much, or a secret in a file or in its name; None where it did not."""
    breaches = [each for each in skipped if each.is_breach]
    if breaches:
        return plain_error("ArtifactLimitExceeded", f"{breaches[0].path}: {breaches[0].reason}")
    leaking = [each for each in skipped if each.secrets]
    if not leaking:
        return None
    more = f", and so it is with {len(leaking) - 1} more" if len(leaking) > 1 else ""
    return plain_error(
        "SecretInArtifact",
        f"the artifact {leaking[0].path} was left out, because {leaking[0].reason}{more}; "
        "a file that may hold a secret is named under `secrets_in_artifacts:` in the manifest",
    )


def _said_of(found: Found) -> dict[str, Any]:
    """Return what an event says beside the path: of secrets, where something is to be said."""
    if not isinstance(found, FoundFile):
        return {}
    said = {"secrets": list(found.secrets), "unscanned": found.unscanned}
    return {name: value for name, value in said.items() if value}


def _secrets(names: tuple[str, ...]) -> str:
    return f"the secret{'s' if len(names) > 1 else ''} {', '.join(names)}"


def _not_regular(facts: os.stat_result) -> str | None:
    return next((reason for test, reason in _KINDS if test(facts.st_mode)), None)


def _hashed(source: Any, size_bytes: int, *, keep: bool, look: Look | None) -> tuple[bytes | None, int, str]:
    """Return the bytes if they are to be kept, how many there are (one more than `size_bytes` at most), and SHA-256."""
    digest, left, kept = hashlib.sha256(), size_bytes + 1, []
    while chunk := source.read(min(left, _CHUNK_BYTES)):
        digest.update(chunk)
        left -= len(chunk)
        if look is not None:
            look.feed(chunk)
        if keep:
            kept.append(chunk)
    return b"".join(kept) if keep else None, size_bytes + 1 - left, digest.hexdigest()
