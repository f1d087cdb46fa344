"""How much a run may leave, and how it travels: declared here, kept by the worker, and kept again by the host.

The host counts the bytes that really arrive, whatever the sender says of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from osiris_core.wire.errors import WireProtocolError
from osiris_core.wire.values import as_dict, value

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTENT_BYTES = 45_000
"""Most bytes of one `content` record: as base64 they fit one line."""


@value
class ArtifactLimits:
    """What the artifacts of one run may be, and by which way they reach a host that is elsewhere.

    At most `files` of them, `file_bytes` each (by the size that a file states, holes included) and `total_bytes`
    together. One of less than `small_bytes` travels in the record stream, up to `stream_bytes` a run, and behind that
    in packs of at most `pack_bytes` and `pack_files`; a larger one is fetched by itself.
    """

    files: int = 200_000
    file_bytes: int = 16 << 30
    total_bytes: int = 64 << 30
    small_bytes: int = 256 << 10
    stream_bytes: int = 8 << 20
    pack_bytes: int = 32 << 20
    pack_files: int = 10_000

    def is_small(self, size_bytes: int) -> bool:
        """Whether an artifact of this size travels with others, and not by itself."""
        return size_bytes < self.small_bytes

    def breach(self, *, files: int, size_bytes: int, total_bytes: int) -> str | None:
        """Return which limit an artifact of `size_bytes` breaks as number `files`, with `total_bytes` in all; or None."""
        if size_bytes > self.file_bytes:
            return f"it has {size_bytes} bytes, and an artifact may have {self.file_bytes}"
        if files > self.files:
            return f"a run may leave {self.files} files"
        if total_bytes > self.total_bytes:
            return f"with it there are {total_bytes} bytes, and a run may leave {self.total_bytes}"
        return None

    def to_json(self) -> dict[str, int]:
        """Return the limits as a placement carries them."""
        return as_dict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote. WireProtocolError when it is something else."""
        try:
            return cls(**values)
        except TypeError as error:
            raise WireProtocolError(f"limits of artifacts cannot be read: {error}") from error


WARM_LIMITS = ArtifactLimits(small_bytes=1 << 40, stream_bytes=1 << 40)
"""Everything travels in the stream, where a run has an answer and no fetching: see `backends/warm.py`."""
