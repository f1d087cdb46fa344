"""Looks for secrets in files while they are hashed: artifacts are user data, so they are looked through and never rewritten.

A look is a stream: it is fed what the hash is fed, and finds a secret across the borders of pieces. Gzip, bzip2 and xz
are looked into as they pass, zip at the end, each up to a limit of what comes out. What cannot be looked into says why.
"""

from __future__ import annotations

import bz2
import fnmatch
import lzma
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from osiris_core.wire.values import field, state, value

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from osiris_core.wire.masking import MaskTable

INSIDE_BYTES: Final = 64 << 20
"""Most bytes that one file is unpacked to, to look at them."""
_PIECE_BYTES: Final = 1 << 20
_HEAD_BYTES: Final = 16
"""So many bytes tell every format."""
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_UNREADABLE: Final = (
    (0, b"PAR1", "Parquet"),
    (0, b"\x28\xb5\x2f\xfd", "Zstandard"),
    (0, b"\x04\x22\x4d\x18", "LZ4"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (0, b"ORC", "ORC"),
    (0, b"Obj\x01", "Avro"),
    (8, b"DUCK", "DuckDB"),
    (0, b"\xff\x06\x00\x00sNaPpY", "Snappy"),
)
"""Formats whose compressed parts the standard library cannot read: only what is plain in them is looked at."""


def _gzip() -> Any:
    return zlib.decompressobj(wbits=31)


_PACKED: Final[tuple[tuple[bytes, Callable[[], Any]], ...]] = (
    (b"\x1f\x8b", _gzip),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\x00", lzma.LZMADecompressor),
)


@value
class Seen:
    """What a look found: names of secrets, sorted, and why not everything was looked at, or nothing."""

    secrets: tuple[str, ...] = ()
    unscanned: str = ""


@value
class Leaks:
    """Looks for the secrets of a table; artifacts whose path fits a pattern of `waived` may hold them."""

    table: MaskTable
    waived: Collection[str] = ()
    inside_bytes: int = INSIDE_BYTES

    def in_path(self, path: str) -> tuple[str, ...]:
        """Return the names of the secrets that a path holds: these no pattern waives."""
        return tuple(sorted(self.table.names_in(path.encode("utf-8", "surrogateescape"))))

    def allows(self, path: str) -> bool:
        """Say whether a file may hold secrets; in a pattern, `*` also stands for `/`."""
        return any(fnmatch.fnmatchcase(path, each) for each in self.waived)

    def look(self) -> Look:
        """Return a look at a file."""
        return Look(table=self.table, left=self.inside_bytes)


@state
class Look:
    """One look at one file: feed it the whole file, in order, then ask what it has seen."""

    table: MaskTable
    left: int
    """How many bytes may still come out of what is packed."""
    _secrets: set[str] = field(default_factory=set)
    _unscanned: str = ""
    _head: bytes = b""
    _tail: bytes = b""
    _inside: _Inside | None = None
    _zip: bool = False
    _begun: bool = False

    def feed(self, data: bytes) -> None:
        """Look at the next bytes."""
        if not self._begun:
            data = self._head + data
            self._head = data if len(data) < _HEAD_BYTES else b""
            if self._head:
                return
            self._begin(data)
        self._see(data)

    def _see(self, data: bytes) -> None:
        seen = self._tail + data
        self._secrets |= self.table.names_in(seen)
        self._tail = seen[max(0, len(seen) - self.table.longest + 1) :]
        if self._inside is not None:
            self._inside.feed(data)

    def done(self, source: BinaryIO | None = None) -> Seen:
        """Return what was seen; a zip needs its file once more, open for reading."""
        if self._head:
            self._begin(self._head)
            self._see(self._head)
        if self._inside is not None:
            self._take(self._inside.look, self._inside.ended())
        if self._zip and source is not None:
            self._look_into_zip(source)
        return Seen(secrets=tuple(sorted(self._secrets)), unscanned=self._unscanned)

    def _begin(self, data: bytes) -> None:
        self._begun = True
        self._zip = data.startswith(_ZIP)
        for offset, magic, name in _UNREADABLE:
            if data[offset:].startswith(magic):
                self._unscanned = f"what {name} compresses is not looked into"
        for magic, make in _PACKED:
            if data.startswith(magic) and self.left > 0:
                self._inside = _Inside(make=make, look=Look(table=self.table, left=0), left=self.left)

    def _take(self, look: Look, unscanned: str) -> None:
        seen = look.done()
        self._secrets |= {*seen.secrets}
        self._unscanned = self._unscanned or unscanned or seen.unscanned

    def _look_into_zip(self, source: BinaryIO) -> None:
        """Look at the members of a zip, one after the other, within the limit of the file."""
        try:
            source.seek(0)
            with zipfile.ZipFile(source) as archive:
                for member in archive.infolist():
                    self._secrets |= self.table.names_in(member.filename.encode("utf-8", "surrogatepass"))
                    look = Look(table=self.table, left=0)
                    with archive.open(member) as packed:
                        while self.left > 0 and (data := packed.read(min(_PIECE_BYTES, self.left))):
                            self.left -= len(data)
                            look.feed(data)
                    self._take(look, "" if self.left > 0 else _too_much())
        except (
            zipfile.BadZipFile,
            zlib.error,
            lzma.LZMAError,
            OSError,
            RuntimeError,
            NotImplementedError,
            ValueError,
            EOFError,
        ):
            self._unscanned = self._unscanned or "it cannot be unpacked"


@state
class _Inside:
    """What comes out of a packed stream, member after member, up to a limit."""

    make: Callable[[], Any]
    look: Look
    left: int
    _unpacking: Any = None
    _problem: str = ""

    def feed(self, data: bytes) -> None:
        """Unpack the next bytes and look at what comes out, a bounded piece at a time."""
        while data and not self._problem:
            if self._unpacking is None or self._unpacking.eof:
                self._unpacking = self.make()
            try:
                out = self._unpacking.decompress(data, _PIECE_BYTES)
            except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError):
                self._problem = "it cannot be unpacked to its end"
                return
            self.look.feed(out)
            self.left -= len(out)
            if self.left <= 0:
                self._problem = _too_much()
            elif self._unpacking.eof:
                data = self._unpacking.unused_data
                if not data.strip(b"\0"):
                    return
            else:
                data = self._more(out)

    def _more(self, out: bytes) -> bytes:
        """Return what is to be given again: zlib says so, the others keep it."""
        tail = getattr(self._unpacking, "unconsumed_tail", None)
        if tail is not None:
            return bytes(tail)
        while out and not self._unpacking.needs_input and not self._unpacking.eof and self.left > 0:
            out = self._unpacking.decompress(b"", _PIECE_BYTES)
            self.look.feed(out)
            self.left -= len(out)
        return self._unpacking.unused_data if self._unpacking.eof else b""

    def ended(self) -> str:
        """Return why not everything was seen, or nothing."""
        if not self._problem and self._unpacking is not None and not self._unpacking.eof:
            return "it cannot be unpacked to its end"
        return self._problem


def _too_much() -> str:
    return f"only the first {INSIDE_BYTES >> 20} MiB of what it unpacks to are looked at"
