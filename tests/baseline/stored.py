"""Stores sessions of hand-made drafts, and holds others against them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from osiris_core.baseline.holding import Holding, hold
from osiris_core.baseline.making import Making, make_baseline
from osiris_core.baseline.reading import read_baseline
from osiris_core.baseline.writing import write_baseline

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.baseline.reading import StoredBaseline
    from osiris_core.parity.record import Comparison
    from osiris_core.session.model import Session

NAME = "flights.osiris.yaml"


def stored(directory: Path, session: Session, **making: Any) -> StoredBaseline:
    """Write a session's baseline to a directory, and read it back."""
    files = make_baseline(session, Making(name=NAME, **making))
    write_baseline(directory, files, place="flights", secrets=None)
    return read_baseline(directory, name=NAME, place="flights")


def held(directory: Path, left: Session, right: Session, *, rules: tuple[Any, ...] = (), **how: Any) -> Comparison:
    """Store the left session, and hold the right one against it."""
    return hold(stored(directory, left, rules=rules, **how), right, Holding(rules=rules, **how))
