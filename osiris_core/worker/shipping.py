"""Which way an artifact takes to a host that is elsewhere: in the record stream, in a pack, or as the file it is.

A small one is sent as `content` records while the run's share of the stream lasts, and behind that written to a pack,
which a `pack` record announces when it is full, and at the end of the step. Both have the bytes that were hashed. A
large one stays where it is and is fetched from there.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO

from osiris_core.wire import records
from osiris_core.wire.limits import CONTENT_BYTES
from osiris_core.wire.pack import PackWriter
from osiris_core.wire.values import field, state
from osiris_core.worker.outbox import FoundFile, SkippedFile, created

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from osiris_core.wire.limits import ArtifactLimits
    from osiris_core.worker.outbox import Found


@state
class Shipping:
    """Makes the records of what steps left; only with `travels` do files take another way than staying.

    `streamed_bytes` of the run's share of the stream are used up. Without `packs` small files behind it stay too.
    """

    directory: Path
    limits: ArtifactLimits
    travels: bool
    streamed_bytes: int = 0
    packs: bool = True
    _pack: _OpenPack | None = field(default=None, init=False)

    def records(self, step: str, found: Iterable[Found]) -> Iterator[dict[str, Any]]:
        """Yield the records of what a step left, and of the packs that hold it."""
        for each in found:
            yield from self._sent(step, each)
        yield from self._announced(step)

    def _sent(self, step: str, found: Found) -> Iterator[dict[str, Any]]:
        content = found.content if self.travels and isinstance(found, FoundFile) else None
        streams = content is not None and self.streamed_bytes + len(content) <= self.limits.stream_bytes
        if content is not None and streams:
            yield from self._streamed(step, found.path, content)
        yield from created(step, found)
        if isinstance(found, FoundFile) and content is not None and not streams:
            yield from self._packed(step, found)

    def _streamed(self, step: str, path: str, content: bytes) -> Iterator[dict[str, Any]]:
        self.streamed_bytes += len(content)
        for offset in range(0, max(1, len(content)), CONTENT_BYTES):
            piece = content[offset : offset + CONTENT_BYTES]
            yield records.content(ts=records.timestamp(), step=step, path=path, offset=offset, data=piece)

    def _packed(self, step: str, file: FoundFile) -> Iterator[dict[str, Any]]:
        """Put a small file into the open pack; one that is full is announced."""
        if not self.packs or file.content is None:
            return
        try:
            if self._pack is None:
                self._pack = _OpenPack.make(self.directory / "packs")
            self._pack.add(file, file.content)
        except OSError:
            self._give_up_packs()
            return
        if self._pack.size_bytes >= self.limits.pack_bytes or self._pack.members >= self.limits.pack_files:
            yield from self._announced(step)

    def _announced(self, step: str) -> Iterator[dict[str, Any]]:
        if self._pack is None:
            return
        try:
            sha256 = self._pack.close()
        except OSError:
            self._give_up_packs()
            return
        pack, self._pack = self._pack, None
        yield records.pack(
            ts=records.timestamp(),
            step=step,
            path=pack.path.relative_to(self.directory).as_posix(),
            size_bytes=pack.size_bytes,
            sha256=sha256,
            members=pack.members,
        )

    def _give_up_packs(self) -> None:
        """Leave small files where they are, because the disk is full: they can be fetched from there, one by one."""
        pack, self._pack, self.packs = self._pack, None, False
        if pack is not None:
            pack.discard()


@state
class Freight:
    """What the records so far say of artifacts: which have one, and how much of the stream's share is used up."""

    recorded: set[str] = field(default_factory=set)
    streamed_bytes: int = 0

    def note(self, kind: str, payload: bytes) -> None:
        """Take in a record, encoded."""
        if kind == "content":
            self.streamed_bytes += len(json.loads(payload)["data"]) * 3 // 4  # or a byte or two less
        elif kind == "artifact":
            self.recorded.add(json.loads(payload)["path"])

    def forget_but(self, recorded: set[str]) -> None:
        """Forget the artifacts whose records were taken back."""
        self.recorded &= recorded


def noted(found: Iterable[Found], skipped: list[SkippedFile]) -> Iterator[Found]:
    """Pass on what was found, and put what is skipped into a list."""
    for each in found:
        if isinstance(each, SkippedFile):
            skipped.append(each)
        yield each


class _OpenPack:
    """A pack that is being written; its digest is taken on the way."""

    def __init__(self, path: Path, out: BinaryIO) -> None:
        self.path = path
        self.size_bytes = 0
        self.members = 0
        self._out = out
        self._digest = hashlib.sha256()
        self._writer = PackWriter(self)

    @classmethod
    def make(cls, directory: Path) -> _OpenPack:
        """Open a new pack beside those that are there."""
        directory.mkdir(mode=0o700, exist_ok=True)
        path = directory / f"{sum(1 for _ in directory.iterdir()):08d}.pack"
        return cls(path, path.open("xb"))

    def write(self, data: bytes) -> None:
        """Take bytes from the writer."""
        self._digest.update(data)
        self.size_bytes += len(data)
        self._out.write(data)

    def add(self, file: FoundFile, content: bytes) -> None:
        """Append a file."""
        self._writer.add(path=file.path, mode=file.mode, sha256=file.sha256, content=content)
        self.members += 1

    def discard(self) -> None:
        """Remove what was written; it was announced to nobody."""
        with suppress(OSError):  # what the disk did not take before cannot be written now either
            self._out.close()
        self.path.unlink(missing_ok=True)

    def close(self) -> str:
        """Write the end, and return the SHA-256 of the whole."""
        with self._out:
            self._writer.end()
        return self._digest.hexdigest()
