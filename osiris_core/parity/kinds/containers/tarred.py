"""Two tar files: compared member by member."""

from __future__ import annotations

import tarfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.kinds.containers.members import Contents, Member, Parts, compare_members
from osiris_core.parity.kinds.containers.tar_headers import unread_bytes
from osiris_core.parity.kinds.expansion import MEMBERS, Expansion, NotExpandedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from tarfile import TarFile, TarInfo

    from osiris_core.parity.kinds.containers.members import CompareFiles
    from osiris_core.parity.kinds.protocol import FileComparison, FilePair

_MAGIC: Final = slice(257, 262)
_CHUNK_BYTES: Final = 256 * 1024
_TRACES: Final = frozenset({"mtime", "atime", "ctime", "uid", "gid", "uname", "gname", "path", "linkpath", "size"})
"""Extended headers that say how a file was made, or that `tarfile` has put into the member already."""

_KINDS: Final = {
    tarfile.DIRTYPE: "directory",
    tarfile.FIFOTYPE: "pipe",
    tarfile.CHRTYPE: "character device",
    tarfile.BLKTYPE: "block device",
}


@dataclass(frozen=True, slots=True)
class TarComparer:
    """Compares two tar files by what they hold."""

    compare_files: CompareFiles
    name: str = "tar"

    def claims(self, path: str, head: bytes) -> bool:
        """Go by the mark in the first header."""
        del path
        return is_tar(head)

    def compare(self, pair: FilePair) -> FileComparison:
        """Compare what both hold, and name what differs about how they hold it."""
        parts = Parts(pair, self.compare_files)
        try:
            with _opened(pair.left, pair.labels[0]) as left, _opened(pair.right, pair.labels[1]) as right:
                _compare(parts, _Tar(left, pair.labels[0]), _Tar(right, pair.labels[1]), pair.expansion or Expansion())
        except NotExpandedError as error:
            parts.not_looked_into(error)
        return parts.comparison()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One member: what it takes in the file, and a digest of what in its headers no reader looks at.

    `leads_ahead`: it is a hard link to what no member in front of it has, so that who unpacks them in order has nothing to link to.
    """

    info: TarInfo
    stored_bytes: int
    unread: str
    leads_ahead: bool

    def written(self) -> dict[str, str]:
        """Return what was written into the headers beside what `tarfile` tells by name."""
        found = {key: value for key, value in self.info.pax_headers.items() if key not in _TRACES}
        if _is_of_no_known_kind(self.info):
            found["(kind)"] = ascii(self.info.type)
        return found | ({"(bytes that belong to no field)": self.unread} if self.unread else {})


@dataclass(frozen=True, slots=True)
class _Tar:
    archive: TarFile
    label: str

    def members(self, expansion: Expansion) -> list[_Entry]:
        """Return the members. NotExpandedError where the file is damaged, or hides something where only zeros belong."""
        found: list[_Entry] = []
        names: set[str] = set()
        start = 0
        try:
            for info in self.archive:
                if len(found) == MEMBERS:
                    raise NotExpandedError(f"has more than {MEMBERS:,} members")
                behind = self.archive.offset
                parts: Any = info.sparse  # (place, length) of each part that is no hole
                length = info.size if parts is None else sum(part[1] for part in parts)
                end = info.offset_data + (length if info.isreg() or _is_of_no_known_kind(info) else 0)
                if not self._is_zero(end, behind):
                    raise NotExpandedError(f"holds something behind {info.name} that belongs to no member")
                unread = unread_bytes(self._bytes, start, info.offset_data)
                found.append(
                    _Entry(
                        info=info,
                        stored_bytes=behind - info.offset_data,
                        unread=unread,
                        leads_ahead=info.islnk() and info.linkname not in names,
                    )
                )
                names.add(info.name)
                start = behind
            if not self._is_zero(self.archive.offset):
                raise NotExpandedError(f"holds something behind its last member on {self.label}")
        except (tarfile.TarError, EOFError, ValueError) as error:
            raise NotExpandedError(f"is a damaged tar file on {self.label}: {error}") from error
        expansion.count_members(len(found))
        return found

    def member(self, entry: _Entry) -> Member:
        """Return a member as it is compared."""
        info = entry.info
        kind = _KINDS.get(info.type, "special file" if _is_of_no_known_kind(info) else "file")
        if info.issym() or info.islnk():
            kind = f"{'hard ' if info.islnk() else ''}link to {info.linkname}{', which is not in front of it' if entry.leads_ahead else ''}"
        if info.ischr() or info.isblk():
            kind += f" {info.devmajor},{info.devminor}"
        return Member(
            name=info.name,
            kind=kind,
            size_bytes=min(info.size, entry.stored_bytes),
            expanded_bytes=info.size,
            content=lambda: self._pieces(info),
            mode=info.mode,
        )

    def _pieces(self, info: TarInfo) -> Iterator[bytes]:
        try:
            source = self.archive.extractfile(info)
            while source is not None and (piece := source.read(_CHUNK_BYTES)):
                yield piece
        except (tarfile.TarError, EOFError) as error:
            raise NotExpandedError(f"cannot be read on {self.label}: {error}") from error

    def _is_zero(self, start: int, end: int | None = None) -> bool:
        """Whether nothing but zeros lies from one place to another, or to the end of the file."""
        while (length := _CHUNK_BYTES if end is None else min(_CHUNK_BYTES, end - start)) > 0:
            piece = self._bytes(start, length)
            if piece.strip(b"\0"):
                return False
            if not piece:
                break
            start += len(piece)
        return True

    def _bytes(self, start: int, length: int) -> bytes:
        source = self.archive.fileobj
        before = source.tell()
        source.seek(start)
        data = bytes(source.read(length))
        source.seek(before)
        return data


def _is_of_no_known_kind(info: TarInfo) -> bool:
    return info.type not in tarfile.SUPPORTED_TYPES


def is_tar(head: bytes) -> bool:
    """Whether a file that begins so is a tar file."""
    return head[_MAGIC] == b"ustar"


@contextmanager
def tar_contents(path: Path, label: str, expansion: Expansion) -> Iterator[Contents]:
    """Open a tar file and give what it holds. NotExpandedError where it is damaged, or holds too much."""
    with _opened(path, label) as archive:
        own = _Tar(archive, label)
        entries = own.members(expansion)
        headers = [(entry.info.name, str(sorted(entry.written().items()))) for entry in entries]
        yield Contents(members=[own.member(entry) for entry in entries], written=lambda: iter(headers))


def _opened(path: Path, label: str) -> TarFile:
    try:
        return tarfile.open(path, "r:")
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise NotExpandedError(f"is a damaged tar file on {label}: {error}") from error


def _compare(parts: Parts, left: _Tar, right: _Tar, expansion: Expansion) -> None:
    entries = left.members(expansion), right.members(expansion)
    compare_members(
        parts,
        [left.member(entry) for entry in entries[0]],
        [right.member(entry) for entry in entries[1]],
        expansion,
    )
    a, b = ({entry.info.name: entry for entry in all_} for all_ in entries)
    for name in a.keys() & b.keys():
        _compare_fields(parts, a[name], b[name])
    parts.metadata("format", *(sorted({entry.info.type.decode("latin-1") for entry in all_}) for all_ in entries))
    if not (parts.findings or parts.set_aside or parts.has_gaps):
        parts.metadata("format", f"as on {left.label}", f"as on {right.label}")


def _compare_fields(parts: Parts, left_entry: _Entry, right_entry: _Entry) -> None:
    left, right = left_entry.info, right_entry.info
    for field, x, y in (
        ("times of members", left.mtime, right.mtime),
        (
            "owners of members",
            (left.uid, left.gid, left.uname, left.gname),
            (right.uid, right.gid, right.uname, right.gname),
        ),
        ("permissions of members", oct(left.mode), oct(right.mode)),
    ):
        if x != y:
            parts.metadata(field, f"{left.name}: {x}", f"{left.name}: {y}")
    own, other = left_entry.written(), right_entry.written()
    if own != other:
        parts.differs("artifact-content", left.name, "other extended headers of this member", str(own), str(other))
