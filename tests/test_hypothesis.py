"""What `conftest.py` keeps Hypothesis from doing: a version that does it in another way is seen here, and not in examples that nobody can repeat."""

from __future__ import annotations

import sys
import types
from typing import TYPE_CHECKING

from hypothesis import given, settings, strategies
from hypothesis.internal.conjecture import providers

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_it_reads_none_of_our_modules(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Not even one that it has not met before."""
    file = tmp_path / "ours.py"
    file.write_text("NUMBER = 12345678901\n")
    ours = types.ModuleType("ours")
    ours.__file__ = str(file)
    monkeypatch.setitem(sys.modules, "ours", ours)
    read: list[str] = []

    def reading(module: types.ModuleType) -> providers.Constants:
        read.append(module.__name__)
        return providers.Constants()

    monkeypatch.setattr(providers, "constants_from_module", reading)
    drawn: list[int] = []

    @settings(database=None, derandomize=True)
    @given(strategies.lists(strategies.integers(), min_size=20))
    def look(numbers: list[int]) -> None:
        drawn.extend(numbers)

    look()
    assert len(drawn) > 1_000  # of twenty numbers it takes one from a module
    assert read == []
