"""Times from run to run as a small drawing: a line over the runs, with a dot for each time that is known, from nothing up to the longest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH: Final = 160
HEIGHT: Final = 32
_EDGE: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparkline:
    """A drawing in pixels: `dots` are the places of the times, left to right."""

    dots: tuple[tuple[int, int], ...]
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def points(self) -> str:
        """The line through all dots, as SVG writes it."""
        return " ".join(f"{x},{y}" for x, y in self.dots)


def sparkline(times: Sequence[float | None]) -> Sparkline:
    """Return the drawing of times, one for each run; None leaves its place empty."""
    longest = max((each for each in times if each is not None), default=0.0) or 1.0
    step = (WIDTH - 2 * _EDGE) / max(1, len(times) - 1)
    return Sparkline(
        dots=tuple(
            (round(_EDGE + place * step), round(HEIGHT - _EDGE - (HEIGHT - 2 * _EDGE) * max(0.0, each) / longest))
            for place, each in enumerate(times)
            if each is not None
        )
    )
