from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.conftest import one_engine

sys.path.insert(0, str(Path(__file__).parent / "code"))


@pytest.fixture(scope="module", autouse=True)
def _one_engine():
    with one_engine():
        yield
