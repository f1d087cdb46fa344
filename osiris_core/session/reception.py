"""Takes one file from a worker's run directory, in pieces and after interruptions, and lays what it holds in the tree.

What came is in a part file, so that another attempt, or another process, goes on behind it. Nothing of it is in the
tree before the whole has the size and the digest that its record states.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from osiris_core.errors import WireError
from osiris_core.session.files import DIRECTORY_MODE, open_private, refused
from osiris_core.wire.errors import WireProtocolError
from osiris_core.wire.pack import PackLimits, unpack_into
from osiris_core.wire.tree import TreeWriter

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.session.wanted import Wanted
    from osiris_core.wire.limits import ArtifactLimits
    from osiris_core.wire.pack import Unpacked

_CHUNK_BYTES = 1 << 20


def tree_writer(tree: Path) -> TreeWriter:
    """Return what writes files to the tree that will be shown."""
    return TreeWriter(tree, directory_mode=DIRECTORY_MODE)


class Reception:
    """`open` it, `take` bytes from `offset` on, then `finish`; `close` in any case.

    One thread at a time, which need not be the session's.
    """

    def __init__(self, *, part: Path, tree: Path, wanted: Wanted, limits: ArtifactLimits) -> None:
        self._part = part
        self._tree = tree
        self._wanted = wanted
        self._limits = limits
        self._descriptor = -1
        self._digest = hashlib.sha256()
        self.offset = 0
        """How many bytes are here: where the next ones belong."""

    def open(self) -> None:
        """Open the part, and read what is in it. SessionError when the disk refuses."""
        with refused(self._part, "cannot be written"):
            self._descriptor = open_private(self._part, os.O_RDWR | os.O_CREAT)
            while chunk := os.read(self._descriptor, _CHUNK_BYTES):
                self._digest.update(chunk)
                self.offset += len(chunk)
        if self.offset > self._wanted.size_bytes:
            self.begin_again()

    def close(self) -> None:
        """Close the part; what came stays in it. A second time is harmless."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    @property
    def left_bytes(self) -> int:
        """How many bytes have not come."""
        return self._wanted.size_bytes - self.offset

    def take(self, data: bytes) -> None:
        """Take the next bytes. WireError for more of them than were announced, SessionError when the disk is full."""
        if len(data) > self.left_bytes:
            raise WireError(f"{self._wanted.path} brings more than the {self._wanted.size_bytes} bytes announced")
        with refused(self._part, f"cannot take {len(data)} more bytes"):
            left = memoryview(data)
            while left:
                left = left[os.write(self._descriptor, left) :]
        self._digest.update(data)
        self.offset += len(data)

    def is_as_recorded(self) -> bool:
        """Whether all bytes are here, and are those whose digest was taken in the sandbox."""
        return not self.left_bytes and self._digest.hexdigest() == self._wanted.sha256

    def begin_again(self) -> None:
        """Throw away what came."""
        with refused(self._part, "cannot be written"):
            os.ftruncate(self._descriptor, 0)
            os.lseek(self._descriptor, 0, os.SEEK_SET)
        self._digest, self.offset = hashlib.sha256(), 0

    def finish(self) -> None:
        """Lay what it holds in the tree. WireError where that is not what was recorded of it."""
        if not self.is_as_recorded():
            raise WireError(f"{self._wanted.path} does not have the digest that was recorded of it")
        if self._wanted.is_pack:
            self._unpack()
            return
        [artifact] = self._wanted.members
        with refused(self._tree, "cannot be written"), tree_writer(self._tree) as tree:
            tree.place(self._part, artifact["path"], mode=int(artifact["mode"], 8))

    def _unpack(self) -> None:
        limits = PackLimits(
            members=len(self._wanted.members),
            member_bytes=self._limits.small_bytes,
            total_bytes=self._wanted.size_bytes,
        )
        recorded = {each["path"]: each for each in self._wanted.members}

        def admit(member: Unpacked) -> None:
            record = recorded.pop(member.path, None)
            stated = (member.size_bytes, f"{member.mode:04o}", member.sha256)
            if record is None or stated != (record["size_bytes"], record["mode"], record["sha256"]):
                raise WireProtocolError(f"{member.path!r} is not what was recorded to be in the pack")

        try:
            with refused(self._tree, "cannot be written"), self._part.open("rb") as stream:
                with tree_writer(self._tree) as tree:
                    unpack_into(tree, stream, limits, admit=admit, replaces=True)
                self._part.unlink()
        except WireProtocolError as error:
            raise WireError(f"the pack {self._wanted.path} cannot be unpacked: {error}") from error
        if recorded:
            raise WireError(f"the pack {self._wanted.path} lacks {next(iter(recorded))!r}")
