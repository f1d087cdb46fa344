"""A step's stream piece by piece, so that a gigabyte of output is compared without being held."""

from __future__ import annotations

import io
from itertools import zip_longest
from typing import TYPE_CHECKING, BinaryIO, Final

from osiris_core.session.streams import StepStreams

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LINE_BYTES: Final = 1024 * 1024
"""A longer line is walked in pieces of this size."""


def size_bytes(streams: Mapping[str, bytes], step: str) -> int:
    """Return the size of a step's stream, 0 where it has none."""
    if step not in streams:
        return 0
    return streams.size_bytes(step) if isinstance(streams, StepStreams) else len(streams[step])


def line_ends(streams: Mapping[str, bytes], step: str) -> int:
    """Return how many lines of a step's stream have an end."""
    return streams.line_count(step) if isinstance(streams, StepStreams) else streams[step].count(b"\n")


def lines(streams: Mapping[str, bytes], step: str) -> Iterator[bytes]:
    """Yield the lines of a step's stream with their line feeds; only line feeds end a line."""
    if step not in streams:
        return
    with _opened(streams, step) as source:
        while line := source.readline(LINE_BYTES):
            yield line


def same_bytes(left: Mapping[str, bytes], right: Mapping[str, bytes], step: str) -> bool:
    """Whether a step's streams hold the same bytes; a missing one holds none. Of each only a piece is held."""
    if size_bytes(left, step) != size_bytes(right, step):
        return False
    return all(a == b for a, b in zip_longest(_pieces(left, step), _pieces(right, step)))


def _pieces(streams: Mapping[str, bytes], step: str) -> Iterator[bytes]:
    if step not in streams:
        return
    with _opened(streams, step) as source:
        while piece := source.read(LINE_BYTES):
            yield piece


def _opened(streams: Mapping[str, bytes], step: str) -> BinaryIO:
    if isinstance(streams, StepStreams):
        return streams.path(step).open("rb")
    return io.BytesIO(streams[step])
