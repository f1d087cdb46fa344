"""Two files that hold one compressed file each: gzip, bzip2, xz, and Zstandard where the standard library has it.

Each is read to its end, stream after stream, with its checksums. What follows the last stream is no padding unless it is zeros.
"""

from __future__ import annotations

import bz2
import hashlib
import lzma
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.kinds.containers.gzip_header import GZIP, read_header
from osiris_core.parity.kinds.containers.members import Contents, Member, Parts, compare_content
from osiris_core.parity.kinds.expansion import Expansion, NotExpandedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from osiris_core.parity.kinds.containers.gzip_header import GzipHeader
    from osiris_core.parity.kinds.containers.members import CompareFiles
    from osiris_core.parity.kinds.protocol import FileComparison, FilePair

_CHUNK_BYTES: Final = 256 * 1024
_LZMA_BYTES: Final = 256 * 1024 * 1024
"""What xz may ask for, to read one file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """One way to compress: how messages call it, its first bytes, the suffixes of its files, and what those leave behind."""

    name: str
    magic: bytes
    suffixes: dict[str, str]
    decompressor: Callable[[], Any]


def _zstandard() -> Any:
    if find_spec("compression") is None:
        raise NotExpandedError("is Zstandard, which this Python cannot read")
    return import_module("compression.zstd").ZstdDecompressor()


CODECS: Final = (
    Codec(name="gzip", magic=GZIP, suffixes={".gz": "", ".tgz": ".tar"}, decompressor=lambda: zlib.decompressobj(31)),
    Codec(name="bzip2", magic=b"BZh", suffixes={".bz2": "", ".tbz2": ".tar"}, decompressor=bz2.BZ2Decompressor),
    Codec(
        name="xz",
        magic=b"\xfd7zXZ\0",
        suffixes={".xz": "", ".txz": ".tar"},
        decompressor=lambda: lzma.LZMADecompressor(memlimit=_LZMA_BYTES),
    ),
    Codec(name="Zstandard", magic=b"\x28\xb5\x2f\xfd", suffixes={".zst": "", ".zstd": ""}, decompressor=_zstandard),
)


@dataclass(frozen=True, slots=True)
class StreamComparer:
    """Compares two compressed files by what they hold."""

    codec: Codec
    compare_files: CompareFiles

    @property
    def name(self) -> str:
        """How messages call such a file."""
        return self.codec.name

    def claims(self, path: str, head: bytes) -> bool:
        """Go by the first bytes alone."""
        del path
        return head.startswith(self.codec.magic)

    def compare(self, pair: FilePair) -> FileComparison:
        """Compare what both hold, and name what differs about how they hold it."""
        parts = Parts(pair, self.compare_files)
        streams = [
            Streams(path, self.codec, label) for path, label in zip((pair.left, pair.right), pair.labels, strict=True)
        ]
        name = _inner_name(pair.path, self.codec)
        members = [
            Member(name=name, kind="file", size_bytes=each.path.stat().st_size, content=each.pieces) for each in streams
        ]
        same = compare_content(parts, "", members[0], members[1], pair.expansion or Expansion())
        _compare_metadata(parts, streams[0], streams[1], same=same)
        return parts.comparison()


@contextmanager
def stream_contents(path: Path, codec: Codec, label: str) -> Iterator[Contents]:
    """Give the one file that a compressed file holds; what stands around it is known once that was read."""
    streams = Streams(path, codec, label)
    member = Member(name="", kind="file", size_bytes=path.stat().st_size, content=streams.pieces)

    def written() -> Iterator[tuple[str, str]]:
        yield "surplus", streams.surplus
        for number, header in enumerate(streams.headers):
            if any(header.content()):
                yield str(number), str(header.content())

    yield Contents(members=[member], written=written)


@dataclass(slots=True)
class Streams:
    """A compressed file, read to its end once; the rest is known then: how many streams, their headers, what follows them."""

    path: Path
    codec: Codec
    label: str
    headers: list[GzipHeader] = field(default_factory=list)
    count: int = 0
    padding: int = 0
    surplus: str = ""
    complete: bool = False

    def pieces(self) -> Iterator[bytes]:
        """Yield what the file holds. NotExpandedError where it is damaged or cut off."""
        self.headers, self.count, self.padding, self.surplus, self.complete = [], 0, 0, "", False
        try:
            with self.path.open("rb") as source:
                while self._begins(source):
                    yield from self._stream(source)
        except (zlib.error, lzma.LZMAError, EOFError, ValueError) as error:
            raise NotExpandedError(f"is a damaged {self.codec.name} file on {self.label}: {error}") from error
        except OSError as error:
            if error.errno is not None:  # else it is bzip2's word for damage
                raise
            raise NotExpandedError(f"is a damaged {self.codec.name} file on {self.label}: {error}") from error
        self.complete = True

    def _begins(self, source: BinaryIO) -> bool:
        """Say whether another stream begins here; what is no stream is noted."""
        start = source.tell()
        if source.read(len(self.codec.magic)) == self.codec.magic:
            source.seek(start)
            if self.codec.magic == GZIP:
                self.headers.append(read_header(source))
                source.seek(start)
            self.count += 1
            return True
        source.seek(start)
        digest, length, zeros = hashlib.sha256(), 0, True
        while rest := source.read(_CHUNK_BYTES):
            digest.update(rest)
            length, zeros = length + len(rest), zeros and not rest.strip(b"\0")
        self.padding = length if zeros else 0
        self.surplus = "" if zeros else f"{length:,} bytes, sha256 {digest.hexdigest()[:12]}"
        return False

    def _stream(self, source: BinaryIO) -> Iterator[bytes]:
        machine = self.codec.decompressor()
        while not machine.eof:
            data = source.read(_CHUNK_BYTES)
            if not data:
                raise EOFError("it ends inside a stream")
            while True:
                if piece := machine.decompress(data, _CHUNK_BYTES):
                    yield piece
                data = getattr(machine, "unconsumed_tail", b"")
                if machine.eof or not (data or piece) or (not data and getattr(machine, "needs_input", False)):
                    break
        source.seek(-len(machine.unused_data), 1)


def _compare_metadata(parts: Parts, left: Streams, right: Streams, *, same: bool) -> None:
    if not (left.complete and right.complete):
        if same:
            parts.gap(f"{parts.pair.path} was not read to its end")
        return
    if left.surplus != right.surplus:
        message = "other bytes after the end of what is compressed"
        parts.differs("artifact-content", "", message, left.surplus or "(none)", right.surplus or "(none)")
    for a, b in zip(left.headers, right.headers, strict=False):
        for name, x, y in a.differences(b):
            parts.metadata(name, x, y)
    for a, b in zip_longest(left.headers, right.headers):
        here, there = (each.content() if each else (b"", b"") for each in (a, b))
        if here != there:
            message = "another comment or extra field in the gzip header"
            parts.differs("artifact-content", "", message, str(here), str(there))
    parts.metadata("number of streams", left.count, right.count)
    parts.metadata("padding", left.padding, right.padding)
    if same and not parts.findings and not parts.set_aside:
        parts.metadata(
            "compression",
            *(
                f"{each.path.stat().st_size:,} bytes, {side}"
                for each, side in zip((left, right), parts.pair.labels, strict=True)
            ),
        )


def _inner_name(path: str, codec: Codec) -> str:
    name = path.rpartition("/")[2]
    for suffix, left in codec.suffixes.items():
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)] + left
    return f"{name}.content"
