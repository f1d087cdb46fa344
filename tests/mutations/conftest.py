from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from tests.mutations import originals

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from osiris_core.sandbox.launch import ServerAddress


@pytest.fixture(scope="session")
def pairs(server: ServerAddress, tmp_path_factory: pytest.TempPathFactory) -> dict[bool, originals.Pair]:
    """Two pairs of real sessions, by whether a step fails in it: each the local one, and the one of a sandbox."""
    return originals.run(tmp_path_factory.mktemp("originals"), server)


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Give a path where nothing is yet, on the originals' file system, so that hard links are possible."""
    root, numbers = tmp_path_factory.mktemp("copies"), count()
    return lambda: root / str(next(numbers))
