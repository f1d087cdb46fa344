from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from osiris_core.parity.kinds.tables.connections import one_engine

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", autouse=True)
def _one_engine() -> Iterator[None]:
    """Compare all tables of these tests in one engine, as a comparison of two sessions compares all of theirs."""
    with one_engine():
        yield
