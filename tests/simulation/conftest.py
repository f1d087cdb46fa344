from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from osiris_core.testing.simulation import broken, play, scratch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from osiris_core.testing.simulation import Played, Schedule


@pytest.fixture
def place() -> Iterator[Path]:
    """An empty directory, in memory where that is possible."""
    with scratch() as directory:
        yield directory


@pytest.fixture
def played(place: Path) -> Callable[[Schedule], Played]:
    """A function that plays a schedule; every invariant is then held against it."""
    numbers = iter(range(1000))

    def run(schedule: Schedule) -> Played:
        directory = place / str(next(numbers))
        directory.mkdir()
        result = play(schedule, directory)
        assert not broken(result), f"{broken(result)}\n{schedule}"
        return result

    return run
