"""Reads an exhibit from the session directories that a record names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osiris_core.parity.exhibit.model import Exhibit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from osiris_core.parity.record import ParityRecord


def read_exhibit(record: ParityRecord, roots: Sequence[Path]) -> Exhibit:
    """Return what the sessions of `record` hold, below one of the project `roots`; never raises for what is missing: it says so."""
    targets = tuple(run.target for run in record.targets)
    if not roots:
        return Exhibit(targets=targets, problems=("it was made from the records alone",))
    return Exhibit(targets=targets, problems=("the sessions were not read",))
