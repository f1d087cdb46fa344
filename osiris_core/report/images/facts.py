"""What is known of a picture before anybody decodes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MOST_PIXELS: Final = 16_000_000
"""Of one picture: a browser takes four bytes for each, however few the file has."""
MOST_SIDE: Final = 16_384
"""Pixels of either side: beyond it browsers begin to draw in pieces, or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """A picture's format with its MIME type, and its size in pixels; `unfit` says why no browser should be given it.

    `damage` says what is wrong with a file that a browser may be given all the same.
    """

    kind: str
    mime: str
    width: int = 0
    height: int = 0
    unfit: str = ""
    damage: str = ""

    @property
    def pixels(self) -> int:
        """How many pixels it has."""
        return self.width * self.height


def too_large(width: int, height: int) -> str:
    """Return why a picture of this size is not shown; empty where it may be."""
    if width * height > MOST_PIXELS:
        return f"it would take {width * height:,} pixels, and {MOST_PIXELS:,} are shown at most"
    if max(width, height) > MOST_SIDE:
        return f"it is {max(width, height):,} pixels long, and {MOST_SIDE:,} are shown at most"
    return ""
