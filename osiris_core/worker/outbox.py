"""The files a step left in its directory: found without following a link, hashed, and named as records name them."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from osiris_core.wire import records
from osiris_core.wire.errors import WireProtocolError
from osiris_core.worker.failure import plain_error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from osiris_core.wire.leaks import Leaks
    from osiris_core.wire.paths import TreeNames

_CHUNK_BYTES = 1 << 20
_KINDS = (
    (stat.S_ISLNK, "it is a link"),
    (stat.S_ISFIFO, "it is a pipe"),
    (stat.S_ISSOCK, "it is a socket"),
    (stat.S_ISCHR, "it is a device"),
    (stat.S_ISBLK, "it is a device"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """A regular file: its path `<step>/<path below>`, size, permission bits and digest.

    `secrets` are names of secrets that it holds and may hold; `unscanned` says why it was not looked through as a whole.
    """

    path: str
    size_bytes: int
    mode: int
    sha256: str
    secrets: tuple[str, ...] = ()
    unscanned: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyDirectory:
    """A directory with nothing in it; its path ends in `/`. Others show in the paths of their files."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedFile:
    """Something that cannot be an artifact, and why; `secrets` are names of secrets that it must not hold, and does."""

    path: str
    reason: str
    secrets: tuple[str, ...] = ()


Found = FoundFile | EmptyDirectory | SkippedFile


def scan_step(outbox: Path, step: str, names: TreeNames, leaks: Leaks | None = None) -> list[Found]:
    """Return what step `step` left, sorted by path; `names` holds the paths of the whole run so far.

    With `leaks`, a file that holds a secret is skipped, unless it may.
    """
    found = sorted(_entries(outbox / step, step), key=lambda entry: entry[0].encode("utf-8", "surrogateescape"))
    return [_examine(path, entry, reason, names, leaks) for path, entry, reason in found]


def artifact_records(step: str, found: list[Found]) -> Iterator[dict[str, Any]]:
    """Yield an artifact record and its event for each file, an event alone for what has no bytes or is left out."""
    for each in found:
        ts = records.timestamp()
        if isinstance(each, SkippedFile):
            data = {"path": each.path, "reason": each.reason}
            yield records.event(ts=ts, step=step, name=records.ARTIFACT_SKIPPED, data=data)
            continue
        if isinstance(each, FoundFile):
            yield records.artifact(
                ts=ts, step=step, path=each.path, size_bytes=each.size_bytes, mode=each.mode, sha256=each.sha256
            )
        yield records.event(ts=ts, step=step, name=records.ARTIFACT_CREATED, data={"path": each.path, **_said_of(each)})


def leak_error(found: list[Found]) -> dict[str, Any] | None:
    """Return the error of a step that left a secret in a file or in its name; None where it left none."""
    leaking = [each for each in found if isinstance(each, SkippedFile) and each.secrets]
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


def _entries(top: Path, step: str) -> Iterator[tuple[str, str, str | None]]:
    """Yield (path in the outbox, path on disk, reason to skip it or None) for all files and all empty directories."""
    pending = [(step, os.fspath(top))]
    while pending:
        path, directory = pending.pop()
        try:
            descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            continue  # a driver may remove its own directory
        except OSError:
            yield path, directory, "it cannot be read as a directory"
            continue
        try:
            empty = path != step
            with os.scandir(descriptor) as entries:
                for entry in entries:
                    empty = False
                    inner = (f"{path}/{entry.name}", f"{directory}/{entry.name}")
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(inner)
                    else:
                        yield *inner, None
            if empty:
                yield f"{path}/", directory, None
        finally:
            os.close(descriptor)


def _examine(path: str, entry: str, reason: str | None, names: TreeNames, leaks: Leaks | None) -> Found:
    if leaks is not None and (held := leaks.in_path(path)):
        return SkippedFile(path=leaks.table.inside(path), reason=f"its path holds {_secrets(held)}", secrets=held)
    if path.endswith("/"):
        return EmptyDirectory(path=path)
    try:
        reason = reason or _not_regular(entry)
        if reason is None:
            descriptor = os.open(entry, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb", buffering=0) as source:
                names.add(path)
                mode = stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o777
                return _hashed(path, mode, source, leaks)
    except OSError as error:
        reason = f"it cannot be read: {error.strerror}"
    except WireProtocolError as error:
        reason = str(error)
    return SkippedFile(path=path, reason=reason)


def _not_regular(entry: str) -> str | None:
    mode = os.lstat(entry).st_mode
    return next((reason for test, reason in _KINDS if test(mode)), None)


def _hashed(path: str, mode: int, source: Any, leaks: Leaks | None) -> FoundFile | SkippedFile:
    digest, size_bytes = hashlib.sha256(), 0
    look = None if leaks is None else leaks.look()
    while chunk := source.read(_CHUNK_BYTES):
        digest.update(chunk)
        size_bytes += len(chunk)
        if look is not None:
            look.feed(chunk)
    found = FoundFile(path=path, size_bytes=size_bytes, mode=mode, sha256=digest.hexdigest())
    if leaks is None or look is None:
        return found
    seen = look.done(source)
    if seen.secrets and not leaks.allows(path):
        return SkippedFile(path=path, reason=f"it holds {_secrets(seen.secrets)}", secrets=seen.secrets)
    return replace(found, secrets=seen.secrets, unscanned=seen.unscanned)


def _secrets(names: tuple[str, ...]) -> str:
    return f"the secret{'s' if len(names) > 1 else ''} {', '.join(names)}"
