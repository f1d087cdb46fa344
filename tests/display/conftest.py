from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.display.door import Door
from osiris_core.display.live import Live
from osiris_core.display.streams import behind
from tests.display.stage import Screen, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def stage() -> Iterator[Callable[..., Stage]]:
    """A function that makes a stage, which is open; no thread draws on it."""
    opened: list[Door] = []

    def make(columns: int = 80, rows: int = 24, **live: Any) -> Stage:
        screen, now, said = Screen(columns, rows), [112.0], []
        renderer: Any = Live(screen, colour=False, after_s=0.0, **live)  # type: ignore[arg-type]
        renderer.period_s = 3600.0
        door = Door(renderer, said.append, clock=lambda: now[0])
        door.start()
        opened.append(door)
        return Stage(screen=screen, door=door, now=now, out=behind(door, screen), said=said)  # type: ignore[arg-type]

    yield make
    for each in opened:
        each.close()
