from __future__ import annotations

import logging
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import one_engine

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Step:
    """What a driver is given as `ctx`, and what it said through it."""

    output_dir: Path
    session_id: str = "20260101T000000Z-00000000"
    step_id: str = "step"
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    seed: int = 7
    rng: random.Random = field(default_factory=lambda: random.Random("7:step"))
    logger: logging.Logger = field(default_factory=lambda: logging.getLogger("tests.drivers"))
    metrics: list[tuple[str, float, str | None]] = field(default_factory=list)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def log_metric(self, name, value, unit=None, volatile=False, **tags):
        """Remember a metric."""
        self.metrics.append((name, value, unit))

    def log_event(self, name, /, **fields):
        """Remember an event."""
        self.events.append((name, fields))


@pytest.fixture(scope="module", autouse=True)
def _one_engine():
    with one_engine():
        yield


@pytest.fixture
def ctx(tmp_path: Path) -> Step:
    """The context of a step whose artifacts go to `out`."""
    directory = tmp_path / "out"
    directory.mkdir()
    return Step(output_dir=directory)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory that is the manifest's, and so the working directory."""
    directory = tmp_path / "project"
    directory.mkdir()
    monkeypatch.chdir(directory)
    return directory
