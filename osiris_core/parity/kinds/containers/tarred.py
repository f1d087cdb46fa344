"""Two tar files: compared member by member."""

from __future__ import annotations

import tarfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osiris_core.parity.kinds.containers.members import Contents, Member, Parts, compare_members
from osiris_core.parity.kinds.expansion import MEMBERS, Expansion, NotExpandedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from tarfile import TarFile, TarInfo

    from osiris_core.parity.kinds.containers.members import CompareFiles
    from osiris_core.parity.kinds.protocol import FileComparison, FilePair

_MAGIC: Final = slice(257, 262)
_BLOCK_BYTES: Final = 512
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


@dataclass(frozen=True, slots=True)
class _Tar:
    archive: TarFile
    label: str

    def members(self, expansion: Expansion) -> list[TarInfo]:
        """Return the members. NotExpandedError where the file is damaged, or hides something where only zeros belong."""
        found = []
        try:
            for info in self.archive:
                found.append(info)
                if len(found) > MEMBERS:
                    raise NotExpandedError(f"has more than {MEMBERS:,} members")
                end = info.offset_data + info.size if info.isreg() and not info.issparse() else 0
                if end and self._bytes(end, -end % _BLOCK_BYTES).strip(b"\0"):
                    raise NotExpandedError(f"holds something behind {info.name} that belongs to no member")
            at = self.archive.offset
            while piece := self._bytes(at, _CHUNK_BYTES):
                if piece.strip(b"\0"):
                    raise NotExpandedError(f"holds something behind its last member on {self.label}")
                at += len(piece)
        except (tarfile.TarError, EOFError, ValueError) as error:
            raise NotExpandedError(f"is a damaged tar file on {self.label}: {error}") from error
        expansion.count_members(len(found))
        return found

    def member(self, info: TarInfo) -> Member:
        """Return a member as it is compared."""
        kind = _KINDS.get(info.type, "file")
        if info.issym() or info.islnk():
            kind = f"{'hard ' if info.islnk() else ''}link to {info.linkname}"
        if info.ischr() or info.isblk():
            kind += f" {info.devmajor},{info.devminor}"
        return Member(
            name=info.name,
            kind=kind,
            size_bytes=info.size,
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

    def _bytes(self, start: int, length: int) -> bytes:
        source = self.archive.fileobj
        before = source.tell()
        source.seek(start)
        data = bytes(source.read(length))
        source.seek(before)
        return data


def is_tar(head: bytes) -> bool:
    """Whether a file that begins so is a tar file."""
    return head[_MAGIC] == b"ustar"


@contextmanager
def tar_contents(path: Path, label: str, expansion: Expansion) -> Iterator[Contents]:
    """Open a tar file and give what it holds. NotExpandedError where it is damaged, or holds too much."""
    with _opened(path, label) as archive:
        own = _Tar(archive, label)
        infos = own.members(expansion)
        headers = [(info.name, str(sorted(_own_headers(info).items()))) for info in infos]
        yield Contents(members=[own.member(info) for info in infos], written=lambda: iter(headers))


def _opened(path: Path, label: str) -> TarFile:
    try:
        return tarfile.open(path, "r:")
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise NotExpandedError(f"is a damaged tar file on {label}: {error}") from error


def _compare(parts: Parts, left: _Tar, right: _Tar, expansion: Expansion) -> None:
    infos = left.members(expansion), right.members(expansion)
    compare_members(
        parts,
        [left.member(info) for info in infos[0]],
        [right.member(info) for info in infos[1]],
        expansion,
    )
    a, b = ({info.name: info for info in all_} for all_ in infos)
    for name in a.keys() & b.keys():
        _compare_fields(parts, a[name], b[name])
    parts.metadata("format", *(sorted({info.type.decode("latin-1") for info in all_}) for all_ in infos))
    if not (parts.findings or parts.set_aside or parts.has_gaps):
        parts.metadata("format", f"as on {left.label}", f"as on {right.label}")


def _compare_fields(parts: Parts, left: TarInfo, right: TarInfo) -> None:
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
    own, other = _own_headers(left), _own_headers(right)
    if own != other:
        parts.differs("artifact-content", left.name, "other extended headers of this member", str(own), str(other))


def _own_headers(info: TarInfo) -> dict[str, str]:
    return {key: value for key, value in info.pax_headers.items() if key not in _TRACES}
