"""Two zip files, and what is one under another name (XLSX, DOCX, JAR): compared member by member."""

from __future__ import annotations

import lzma
import stat
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osiris_core.parity.kinds.containers.members import Contents, Member, Parts, compare_members, same_pieces
from osiris_core.parity.kinds.containers.zip_layout import between, check_size, layout, unknown_fields
from osiris_core.parity.kinds.containers.zip_streams import behind_the_end
from osiris_core.parity.kinds.expansion import Expansion, NotExpandedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO
    from zipfile import ZipFile, ZipInfo

    from osiris_core.parity.kinds.containers.members import CompareFiles
    from osiris_core.parity.kinds.containers.zip_layout import Layout, Local
    from osiris_core.parity.kinds.protocol import FileComparison, FilePair

_STARTS: Final = (b"PK\3\4", b"PK\5\6")
_CHUNK_BYTES: Final = 256 * 1024
_ENCRYPTED: Final = 1
_WITH_MODES: Final = frozenset({0, 3, 19})
"""Systems in whose entries tools look for a mode: DOS (Python on Windows, PKZIP for Unix), Unix, macOS."""
_DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)


@dataclass(frozen=True, slots=True)
class ZipComparer:
    """Compares two zip files by what they hold."""

    compare_files: CompareFiles
    name: str = "zip"

    def claims(self, path: str, head: bytes) -> bool:
        """Go by the first bytes alone."""
        del path
        return is_zip(head)

    def compare(self, pair: FilePair) -> FileComparison:
        """Compare what both hold, and name what differs about how they hold it."""
        parts = Parts(pair, self.compare_files)
        try:
            expansion = pair.expansion or Expansion()
            with (
                _opened(pair.left, pair.labels[0], expansion) as left,
                _opened(pair.right, pair.labels[1], expansion) as right,
            ):
                _compare(parts, _Zip(left, pair.labels[0]), _Zip(right, pair.labels[1]), expansion)
        except NotExpandedError as error:
            parts.not_looked_into(error)
        return parts.comparison()


@dataclass(frozen=True, slots=True)
class _Zip:
    archive: ZipFile
    label: str

    @property
    def source(self) -> BinaryIO:
        if self.archive.fp is None:
            raise NotExpandedError(f"was closed on {self.label}")
        return self.archive.fp  # type: ignore[return-value]  # any seekable source

    def layout(self) -> Layout:
        try:
            return layout(self.source, self.archive.infolist(), self.archive.start_dir)
        except NotExpandedError as error:
            raise NotExpandedError(f"{error} (on {self.label})") from error

    def member(self, info: ZipInfo) -> Member:
        mode = info.external_attr >> 16 if info.create_system in _WITH_MODES else 0
        special = stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK}
        kind = "directory" if info.is_dir() else "link" if stat.S_ISLNK(mode) else "special file" if special else "file"
        return Member(
            name=info.orig_filename.rstrip("/") if kind == "directory" else info.orig_filename,
            kind=kind,
            size_bytes=info.compress_size,
            expanded_bytes=info.file_size,
            content=lambda: self._pieces(info),
            mode=mode,
        )

    def _pieces(self, info: ZipInfo) -> Iterator[bytes]:
        if info.flag_bits & _ENCRYPTED:
            raise NotExpandedError(f"is encrypted on {self.label}")
        try:
            with self.archive.open(info) as source:
                while piece := source.read(_CHUNK_BYTES):
                    yield piece
        except _DAMAGE as error:
            raise NotExpandedError(f"cannot be read on {self.label}: {error}") from error


def is_zip(head: bytes) -> bool:
    """Whether a file that begins so is a zip file."""
    return head.startswith(_STARTS)


@contextmanager
def zip_contents(path: Path, label: str, expansion: Expansion) -> Iterator[Contents]:
    """Open a zip file and give what it holds. NotExpandedError where it is damaged, or holds too much."""
    with _opened(path, label, expansion) as archive:
        own = _Zip(archive, label)
        infos, where = archive.infolist(), own.layout()

        def written() -> Iterator[tuple[str, str]]:
            yield "unclaimed", where.unclaimed
            yield "comment", archive.comment.hex()
            for info, place in zip(infos, where.locals, strict=True):
                raw = between(own.source, place.data, place.data + info.compress_size)
                extra = unknown_fields(info.extra) + unknown_fields(place.extra)
                try:
                    behind = behind_the_end(raw, info)
                except _DAMAGE as error:
                    raise NotExpandedError(f"holds {info.filename}, which cannot be read: {error}") from error
                yield info.orig_filename, f"{info.comment.hex()} {extra.hex()} {behind}"

        yield Contents(members=[own.member(info) for info in infos], written=written)


def _opened(path: Path, label: str, expansion: Expansion) -> ZipFile:
    try:
        check_size(path, expansion)
        return zipfile.ZipFile(path)
    except _DAMAGE as error:
        raise NotExpandedError(f"is a damaged zip file on {label}: {error}") from error


def _compare(parts: Parts, left: _Zip, right: _Zip, expansion: Expansion) -> None:
    layouts = left.layout(), right.layout()
    infos = left.archive.infolist(), right.archive.infolist()
    compare_members(
        parts,
        [left.member(info) for info in infos[0]],
        [right.member(info) for info in infos[1]],
        expansion,
    )
    if layouts[0].unclaimed != layouts[1].unclaimed:
        parts.differs(
            "artifact-content",
            "",
            "other bytes that belong to no member",
            *(each.unclaimed or "(none)" for each in layouts),
        )
    if left.archive.comment != right.archive.comment:
        parts.differs(
            "artifact-content",
            "",
            "another comment of the archive",
            *(repr(each.archive.comment[:80]) for each in (left, right)),
        )
    a, b = (
        {info.orig_filename: (info, own) for info, own in zip(all_, where.locals, strict=True)}
        for all_, where in zip(infos, layouts, strict=True)
    )
    for name in a.keys() & b.keys():
        _compare_fields(parts, name, a[name], b[name])
        if not parts.has_gaps:  # else some member is more than may be expanded, and told
            _compare_streams(parts, name, (left, *a[name]), (right, *b[name]))


def _compare_streams(
    parts: Parts, name: str, left: tuple[_Zip, ZipInfo, Local], right: tuple[_Zip, ZipInfo, Local]
) -> None:
    """Tell what one member has behind the end of its compressed stream: who reads the member stops there."""
    raw = [between(zip_.source, where.data, where.data + info.compress_size) for zip_, info, where in (left, right)]
    if same_pieces(*raw):
        return
    hidden = []
    for zip_, info, where in (left, right):
        data = between(zip_.source, where.data, where.data + info.compress_size)
        try:
            hidden.append(behind_the_end(data, info))
        except _DAMAGE as error:
            raise NotExpandedError(f"holds {name}, which cannot be read on {zip_.label}: {error}") from error
    if hidden[0] != hidden[1]:
        parts.differs(
            "artifact-content",
            name,
            "other bytes behind the end of this member",
            *(each or "(none)" for each in hidden),
        )


def _compare_fields(parts: Parts, name: str, left: tuple[ZipInfo, Local], right: tuple[ZipInfo, Local]) -> None:
    """Set aside what says how a member was made, and tell what somebody wrote into its entry."""
    (a, own), (b, other) = (left[0], left[1].extra), (right[0], right[1].extra)
    for field, x, y in (
        ("times of members", a.date_time, b.date_time),
        ("compression", (a.compress_type, a.compress_size), (b.compress_type, b.compress_size)),
        ("system that made it", (a.create_system, a.create_version), (b.create_system, b.create_version)),
        ("version to read it with", a.extract_version, b.extract_version),
        ("flags", a.flag_bits, b.flag_bits),
        ("permissions of members", a.external_attr, b.external_attr),
        ("internal attributes", a.internal_attr, b.internal_attr),
        ("extra fields", (a.extra, own), (b.extra, other)),
    ):
        if x != y:
            parts.metadata(field, f"{name}: {x}", f"{name}: {y}")
    written = [
        (info.comment, unknown_fields(info.extra) + unknown_fields(extra)) for info, extra in ((a, own), (b, other))
    ]
    for what, here, there in zip(("comment", "extra field"), *written, strict=True):
        if here != there:
            parts.differs("artifact-content", name, f"another {what} of this member", repr(here[:80]), repr(there[:80]))
