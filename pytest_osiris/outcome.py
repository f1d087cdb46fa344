"""What the end of a run has to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.parity.record import RecordSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The records of a run, where its report is, and why something is not there although it was asked for.

    `remarks` are sentences that whoever reads the end of the run should know, and that do not fail it.
    """

    records: RecordSet
    report: Path | None
    problems: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
