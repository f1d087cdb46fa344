"""The streams of a session, one a step: read from disk when they are asked for, so that their size does not matter."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from typing import TYPE_CHECKING

from osiris_core.session.files import open_regular, refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHUNK_BYTES = 1 << 20


class StepStreams(Mapping[str, bytes]):
    """Step -> the bytes of its file `<step><suffix>` in a directory; steps without a file are not in it.

    Nor is anything else of that name: a link could lead out of the session, a pipe has no end.
    """

    __slots__ = ("_paths",)

    def __init__(self, directory: Path, suffix: str) -> None:
        found = sorted(directory.glob(f"*{suffix}")) if directory.is_dir() else []
        self._paths = {path.name.removesuffix(suffix): path for path in found if _is_readable_file(path)}

    def __getitem__(self, step: str) -> bytes:
        """Read a step's stream whole."""
        path = self._paths[step]
        with refused(path, "cannot be read"), open_regular(path) as source:
            return source.read()

    def __iter__(self) -> Iterator[str]:
        """Yield the steps in order of their names."""
        return iter(self._paths)

    def __len__(self) -> int:
        """Return how many steps have a stream."""
        return len(self._paths)

    def path(self, step: str) -> Path:
        """Return the file of a step's stream."""
        return self._paths[step]

    def size_bytes(self, step: str) -> int:
        """Return the size of a step's stream without reading it."""
        return self._paths[step].stat().st_size

    def line_count(self, step: str) -> int:
        """Return how many lines of a step's stream have an end, holding only a piece of it."""
        return sum(chunk.count(b"\n") for chunk in self.chunks(step))

    def chunks(self, step: str) -> Iterator[bytes]:
        """Yield a step's stream in pieces of at most 1 MiB."""
        path = self._paths[step]
        with refused(path, "cannot be read"), open_regular(path) as source:
            while chunk := source.read(_CHUNK_BYTES):
                yield chunk


def _is_readable_file(path: Path) -> bool:
    return stat.S_ISREG(path.lstat().st_mode) and os.access(path, os.R_OK)
