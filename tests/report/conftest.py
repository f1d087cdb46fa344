from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.report.samples import sample

if TYPE_CHECKING:
    from osiris_core.parity.record import RecordSet


@pytest.fixture(scope="session")
def records() -> RecordSet:
    """A run with every kind of result; records are frozen, so that all tests can share it."""
    return sample()
