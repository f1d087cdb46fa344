from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.testing.simulation import scratch
from tests.session.tape import TARGET_FACTS, healthy, open_writer, outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from osiris_core.session.reader import Session
    from osiris_core.session.writer import SessionWriter
    from tests.session.tape import Tape


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """An empty directory, in memory where that is possible: these tests wait for a disk half of their time.

    What a loss of power would leave is asked of the disk that `tests/simulation` watches.
    """
    with scratch() as directory:
        yield directory


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[SessionWriter]:
    """An open session of the tapes."""
    writer = open_writer(tmp_path)
    yield writer
    writer.release()


@pytest.fixture
def record_session(tmp_path: Path) -> Callable[..., Session]:
    """A function that records a tape, its files and its close as a session."""

    def record(tape: Tape | None = None, files: Any = None, **closing: Any) -> Session:
        writer = open_writer(tmp_path)
        writer.feed((tape or healthy()).data)
        writer.adopt_artifacts(outbox(writer.host_directory / "run" / "outbox", files))
        return writer.close(**{"target_facts": TARGET_FACTS, **closing})

    return record
