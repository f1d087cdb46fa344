"""Artifacts on their way to the host: on its disk, verified one by one, and not yet shown.

Small ones come as `content` records, in the order of the journal; so what is here can be made again from the journal,
and is when a directory is taken over from an owner that died. The others lie in files of the worker's run directory,
packs or artifacts themselves: `Wanted` says which can be fetched, a `Reception` takes their bytes. Every limit is
held against the bytes that come, and no name and no link leads out of the directory.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

from osiris_core.errors import WireError
from osiris_core.session.files import FILE_MODE, file_facts, refused
from osiris_core.session.reception import Reception, tree_writer
from osiris_core.session.wanted import Wanted
from osiris_core.wire.errors import WireProtocolError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from osiris_core.session.records import Content, Pack
    from osiris_core.wire.limits import ArtifactLimits

_PACK_PATH = re.compile(r"packs/[0-9]{8}\.pack")
_MEMBER_BYTES = 1 << 14
"""So many bytes a pack may have for each of its files beside what is in it: a path has 4,096 at most."""


@dataclass(slots=True)
class _Stream:
    """A file whose content is coming."""

    path: str
    out: BinaryIO
    digest: Any = field(default_factory=hashlib.sha256)
    size_bytes: int = 0


class Incoming:
    """Filled record by record, in order, and by receptions; one thread at a time tells it records."""

    def __init__(self, directory: Path, limits: ArtifactLimits) -> None:
        self.tree = directory / "tree"
        self._parts = directory / "parts"
        self._limits = limits
        self._stream: _Stream | None = None
        self._streamed_bytes = 0
        self._files = 0
        self._total_bytes = 0
        self._waiting: list[Mapping[str, Any]] = []
        self._wanted: list[Wanted] = []
        self._numbered = 0
        self._recorded: set[str] = set()

    def note_content(self, content: Content) -> None:
        """Take the next bytes of a small artifact. WireError where they do not go on where the last ones ended."""
        stream = self._stream
        if content.offset == 0:
            stream = self._begun(content)
        elif stream is None or (stream.path, stream.size_bytes) != (content.path, content.offset):
            raise WireError(f"the content of {content.path!r} does not go on at byte {content.offset}")
        self._streamed_bytes += len(content.data)
        stream.size_bytes += len(content.data)
        if not self._limits.is_small(stream.size_bytes) or self._streamed_bytes > self._limits.stream_bytes:
            raise WireError(f"the content of {content.path!r} is more than the record stream may bring")
        stream.digest.update(content.data)
        with refused(self.tree / content.path, "cannot be written"):
            stream.out.write(content.data)

    def note_artifact(self, artifact: Mapping[str, Any]) -> None:
        """Take the record of an artifact, whose path was checked. WireError for one too many, and for other content."""
        path, size_bytes = artifact["path"], artifact["size_bytes"]
        self._files += 1
        self._total_bytes += size_bytes
        breach = self._limits.breach(files=self._files, size_bytes=size_bytes, total_bytes=self._total_bytes)
        if breach is not None:
            raise WireError(f"the artifact {path!r} is over a limit: {breach}")
        self._recorded.add(path)
        stream = self._stream
        if stream is not None and stream.path == path:
            self._end_stream(mode=int(artifact["mode"], 8))
            if (stream.size_bytes, stream.digest.hexdigest()) != (size_bytes, artifact["sha256"]):
                raise WireError(f"the content of the artifact {path!r} is not what its record says")
        elif self._limits.is_small(size_bytes):
            self._waiting.append(artifact)
        else:
            self._want(f"outbox/{path}", size_bytes, artifact["sha256"], (artifact,), is_pack=False)

    def note_pack(self, pack: Pack) -> None:
        """Take the announcement of a pack: it has the small artifacts whose content did not come, and no others."""
        members, self._waiting = tuple(self._waiting), []
        most_bytes = sum(each["size_bytes"] + _MEMBER_BYTES for each in members) + _MEMBER_BYTES
        if (
            not _PACK_PATH.fullmatch(pack.path)
            or pack.members != len(members)
            or not 0 < pack.size_bytes <= most_bytes
            or any(each["step"] != pack.step for each in members)
        ):
            raise WireError(f"the pack {pack.path!r} of step {pack.step!r} does not match the artifacts before it")
        self._want(pack.path, pack.size_bytes, pack.sha256, members, is_pack=True)

    def note_end(self) -> None:
        """Take the end of the run: small artifacts whose content did not come, and no pack, lie where they were made."""
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            self._want(f"outbox/{each['path']}", each["size_bytes"], each["sha256"], (each,), is_pack=False)

    def take_wanted(self) -> list[Wanted]:
        """Return what can be fetched and was not returned before."""
        wanted, self._wanted = self._wanted, []
        return wanted

    def is_here(self, wanted: Wanted) -> bool:
        """Whether all that it holds has come already: to an earlier owner of this directory. Reads the files."""
        return all(self._holds(each) for each in wanted.members)

    def receive(self, wanted: Wanted) -> Reception:
        """Return what takes its bytes, from where they ended the last time. SessionError when the disk refuses."""
        self._parts.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Reception(part=self._parts / f"{wanted.number:08d}", tree=self.tree, wanted=wanted, limits=self._limits)

    def take_copy(self, artifact: Mapping[str, Any], source: Path) -> None:
        """Take an artifact from a file of this host that is equal to it. SessionError when the disk refuses."""
        self._parts.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = self._parts / hashlib.sha256(artifact["path"].encode()).hexdigest()
        with refused(part, "cannot be written"), tree_writer(self.tree) as tree:
            shutil.copyfile(source, part, follow_symlinks=False)
            tree.place(part, artifact["path"], mode=int(artifact["mode"], 8))

    def close(self) -> None:
        """Let go of a file whose content did not come to its end; a second time is harmless."""
        if self._stream is not None:
            self._abandon()

    def _begun(self, content: Content) -> _Stream:
        """Open the file of an artifact anew; what came of it, or of another one, and was never recorded is forgotten."""
        if content.path in self._recorded:
            raise WireError(f"content of {content.path!r} comes behind its record")
        if self._stream is not None:
            self._abandon()
        try:
            with refused(self.tree, "cannot be written"), tree_writer(self.tree) as tree:
                tree.discard(content.path)
                self._stream = _Stream(content.path, tree.open_new(content.path))
        except WireProtocolError as error:
            raise WireError(str(error)) from error
        return self._stream

    def _end_stream(self, *, mode: int) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            with refused(self.tree / stream.path, "cannot be written"), stream.out as out:
                os.fchmod(out.fileno(), mode)

    def _abandon(self) -> None:
        stream = self._stream
        self._end_stream(mode=FILE_MODE)
        if stream is not None:
            with refused(self.tree, "cannot be written"), tree_writer(self.tree) as tree:
                tree.discard(stream.path)

    def _want(
        self, path: str, size_bytes: int, sha256: str, members: Sequence[Mapping[str, Any]], *, is_pack: bool
    ) -> None:
        self._wanted.append(
            Wanted(
                number=self._numbered,
                path=path,
                size_bytes=size_bytes,
                sha256=sha256,
                is_pack=is_pack,
                members=tuple(members),
            )
        )
        self._numbered += 1

    def _holds(self, artifact: Mapping[str, Any]) -> bool:
        try:
            facts = file_facts(self.tree / artifact["path"])
        except OSError:
            return False
        return tuple(facts) == (artifact["size_bytes"], artifact["mode"], artifact["sha256"])
