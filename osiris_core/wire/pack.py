"""A tree of files as one stream: no links, devices, owners or absolute paths can be said in it.

    "OSPACK1" LF, then per file: 4 bytes big-endian header length, JSON header, the file's bytes;
    at the end the header {"end": true, "members": n, "root": hex} and nothing behind it.

A file's header is `{"path", "size", "mode": octal text, "sha256", "mtime_ns": int or null}`. `root` is the
`artifact_root` of all files, so a stream that lost a whole file is noticed too.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from osiris_core.wire.canon import canonical_json
from osiris_core.wire.errors import WireProtocolError
from osiris_core.wire.paths import check_tree
from osiris_core.wire.roots import artifact_root
from osiris_core.wire.tree import TreeWriter
from osiris_core.wire.values import value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

MAGIC = b"OSPACK1\n"
_CHUNK_BYTES = 1 << 20
_MAX_HEADER_BYTES = 1 << 16


@value
class PackEntry:
    """One file to pack: its path in the tree, where its bytes are, permission bits, and its time or None."""

    path: str
    source: Path | bytes
    mode: int
    mtime_ns: int | None = None


@value
class PackLimits:
    """What a reader accepts, counted on the bytes that really arrive."""

    members: int = 200_000
    member_bytes: int = 16 << 30
    total_bytes: int = 64 << 30


@value
class Unpacked:
    """One file that was written and verified; `mode` are its permission bits."""

    path: str
    size_bytes: int
    mode: int
    sha256: str


class _Sink(Protocol):
    """What takes the bytes of a pack."""

    def write(self, data: bytes, /) -> object:
        """Take bytes."""
        ...


class PackWriter:
    """Writes a pack file by file; the caller has checked the paths, and ends it."""

    def __init__(self, out: _Sink) -> None:
        self._out = out
        self._rows: list[tuple[str, int, int, str]] = []
        out.write(MAGIC)

    def head(self, *, path: str, size_bytes: int, mode: int, sha256: str, mtime_ns: int | None = None) -> None:
        """Begin a file: its bytes follow."""
        mode &= 0o777
        _write_header(
            self._out,
            {"path": path, "size": size_bytes, "mode": f"{mode:04o}", "sha256": sha256, "mtime_ns": mtime_ns},
        )
        self._rows.append((path, size_bytes, mode, sha256))

    def add(self, *, path: str, mode: int, sha256: str, content: bytes) -> None:
        """Write a whole file, which has this digest and no time."""
        self.head(path=path, size_bytes=len(content), mode=mode, sha256=sha256)
        self._out.write(content)

    def end(self) -> str:
        """Write the end, and return the root."""
        root = artifact_root(self._rows)
        _write_header(self._out, {"end": True, "members": len(self._rows), "root": root})
        return root


def write_pack(out: BinaryIO, entries: Iterable[PackEntry]) -> str:
    """Write a pack and return its root. WireProtocolError for a bad path, a link, or a file that changes meanwhile."""
    listed = list(entries)
    check_tree(entry.path for entry in listed)
    writer = PackWriter(out)
    for entry in listed:
        with _opened(entry) as source:
            size_bytes, sha256 = _copy(source, None)
            writer.head(path=entry.path, size_bytes=size_bytes, mode=entry.mode, sha256=sha256, mtime_ns=entry.mtime_ns)
            source.seek(0)
            if _copy(source, out) != (size_bytes, sha256):
                raise WireProtocolError(f"{entry.path} changed while it was packed")
    return writer.end()


def unpack(stream: BinaryIO, destination: Path, limits: PackLimits, *, keep_mtime: bool) -> list[Unpacked]:
    """Write a pack's files below `destination` (made if missing) and verify each; nothing else is touched.

    WireProtocolError for anything that is not a whole pack within the limits; FileExistsError where a file already
    stands. What was written before an error stays: unpack into a directory that you can throw away.
    """
    with TreeWriter(destination) as tree:
        return unpack_into(tree, stream, limits, keep_mtime=keep_mtime)


def unpack_into(
    tree: TreeWriter,
    stream: BinaryIO,
    limits: PackLimits,
    *,
    keep_mtime: bool = False,
    admit: Callable[[Unpacked], None] | None = None,
    replaces: bool = False,
) -> list[Unpacked]:
    """Do as `unpack` does, in an open tree.

    `admit` is called with what a header says before anything is written, and may raise; with `replaces` a file that
    stands in the place of another goes.
    """
    if stream.read(len(MAGIC)) != MAGIC:
        raise WireProtocolError("this is not a pack: it does not start with its magic line")
    done: list[Unpacked] = []
    left_bytes = limits.total_bytes
    while True:
        head = _read_header(stream)
        if head.get("end") is True:
            _check_end(stream, head, done)
            return done
        if len(done) >= limits.members:
            raise WireProtocolError(f"the pack has more than {limits.members} files")
        said, mtime_ns = _said(head, min(limits.member_bytes, left_bytes))
        if admit is not None:
            admit(said)
        if replaces:
            tree.discard(said.path)
        member = _unpack_member(stream, tree, said, mtime_ns if keep_mtime else None)
        left_bytes -= member.size_bytes
        done.append(member)


def _said(head: dict[str, Any], limit_bytes: int) -> tuple[Unpacked, int | None]:
    """Return what a header says of its file, and its time."""
    try:
        said = Unpacked(
            path=str(head["path"]),
            size_bytes=int(head["size"]),
            mode=int(head["mode"], 8) & 0o777,
            sha256=str(head["sha256"]),
        )
        mtime_ns = head["mtime_ns"]
    except (KeyError, TypeError, ValueError) as error:
        raise WireProtocolError(f"a header in the pack is malformed: {error!r}") from error
    if not 0 <= said.size_bytes <= limit_bytes:
        raise WireProtocolError(f"{said.path!r} claims {said.size_bytes} bytes, more than the pack may bring")
    return said, mtime_ns


def _unpack_member(stream: BinaryIO, tree: TreeWriter, said: Unpacked, mtime_ns: int | None) -> Unpacked:
    with tree.create(said.path, mode=said.mode, mtime_ns=mtime_ns) as out:
        size_bytes, sha256 = _copy(stream, out, said.size_bytes)
        if size_bytes != said.size_bytes:
            raise WireProtocolError(f"the pack ends inside {said.path!r}")
        if sha256 != said.sha256:
            raise WireProtocolError(f"{said.path!r} does not have the digest that the pack says")
    return said


def _check_end(stream: BinaryIO, head: dict[str, Any], done: list[Unpacked]) -> None:
    root = artifact_root((member.path, member.size_bytes, member.mode, member.sha256) for member in done)
    if head.get("members") != len(done) or head.get("root") != root:
        raise WireProtocolError("the pack's end does not match the files that came before it")
    if stream.read(1):
        raise WireProtocolError("there are bytes behind the pack's end")


@contextmanager
def _opened(entry: PackEntry) -> Iterator[BinaryIO]:
    """Open an entry's bytes; a link or anything but a regular file is refused."""
    if isinstance(entry.source, bytes):
        yield io.BytesIO(entry.source)
        return
    try:
        descriptor = os.open(entry.source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise WireProtocolError(f"{entry.path} cannot be packed: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise WireProtocolError(f"{entry.path} cannot be packed: it is not a regular file")
    with os.fdopen(descriptor, "rb", buffering=0) as source:
        yield source


def _copy(source: BinaryIO, out: BinaryIO | None, limit_bytes: int | None = None) -> tuple[int, str]:
    """Copy to `out` (or nowhere) up to `limit_bytes` or the end; return the size and SHA-256 of what passed."""
    digest, size_bytes = hashlib.sha256(), 0
    while limit_bytes is None or size_bytes < limit_bytes:
        wanted = _CHUNK_BYTES if limit_bytes is None else min(_CHUNK_BYTES, limit_bytes - size_bytes)
        chunk = source.read(wanted)
        if not chunk:
            break
        digest.update(chunk)
        size_bytes += len(chunk)
        if out is not None:
            out.write(chunk)
    return size_bytes, digest.hexdigest()


def _write_header(out: _Sink, head: dict[str, Any]) -> None:
    data = canonical_json(head)
    out.write(len(data).to_bytes(4, "big") + data)


def _read_header(stream: BinaryIO) -> dict[str, Any]:
    length = stream.read(4)
    size_bytes = int.from_bytes(length, "big")
    if len(length) != 4 or size_bytes > _MAX_HEADER_BYTES:  # noqa: PLR2004 - the format's length prefix
        raise WireProtocolError("the pack is cut off or malformed between two files")
    data = stream.read(size_bytes)
    try:
        head = json.loads(data) if len(data) == size_bytes else None
    except ValueError as error:
        raise WireProtocolError("a header in the pack is not JSON") from error
    if not isinstance(head, dict):
        raise WireProtocolError("the pack is cut off or malformed between two files")
    return head
