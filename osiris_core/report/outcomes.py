"""How the targets ended, side by side: where their errors differ, the part that differs is marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osiris_core.report.explained import outcome_explained
from osiris_core.report.marks import state_symbol
from osiris_core.report.text import capped
from osiris_core.report.words import Marked, marked_pair, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osiris_core.parity.record import ParityRecord, TargetRun


_Texts = tuple[tuple[Marked, ...], tuple[Marked, ...]]
"""The error and the frames of one target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How one target ended, or several alike: the outcome and what it means, the step that failed and its row's address, the error.

    `places` counts the targets from 1. `error` and `frames` are texts in pieces, those that differ from the other target's marked.
    """

    targets: str
    places: tuple[int, ...]
    symbol: str
    outcome: str
    meaning: str
    failed_step: str
    row: str
    error: tuple[Marked, ...]
    frames: tuple[Marked, ...]


def endings(record: ParityRecord, rows: Mapping[str, str]) -> tuple[Ending, ...]:
    """Return how the targets of a record ended, alike ones as one; nothing where all of them succeeded.

    `rows` has the addresses of the steps that have one.
    """
    runs = record.targets
    if all(run.outcome == "succeeded" and not run.error for run in runs):
        return ()
    if len(runs) > 1 and len({_told(run) for run in runs}) == 1:
        places = tuple(range(1, len(runs) + 1))
        return (_ending(runs[0], " and ".join(run.target for run in runs), places, rows, _plain(runs[0])),)
    texts = _against_each_other(*runs) if len(runs) == 2 else [_plain(run) for run in runs]  # noqa: PLR2004 - a pair
    return tuple(
        _ending(run, run.target, (place,), rows, text)
        for place, (run, text) in enumerate(zip(runs, texts, strict=True), 1)
    )


def _told(run: TargetRun) -> tuple[str | None, str | None, str, str]:
    return run.outcome, run.failed_step, _error(run), _frames(run)


def _error(run: TargetRun) -> str:
    return capped(f"{run.error_type}: {run.error}" if run.error_type else run.error) if run.error else ""


def _frames(run: TargetRun) -> str:
    return capped("\n".join(run.traceback)) if run.traceback else ""


def _plain(run: TargetRun) -> _Texts:
    return whole(_error(run)), whole(_frames(run))


def _against_each_other(left: TargetRun, right: TargetRun) -> list[_Texts]:
    """Return the texts of both, what differs marked; where one has none there is nothing to compare the other with."""
    found = []
    for text in (_error, _frames):
        pair = text(left), text(right)
        found.append(marked_pair(*pair) if all(pair) else (whole(pair[0]), whole(pair[1])))
    (left_error, right_error), (left_frames, right_frames) = found
    return [(left_error, left_frames), (right_error, right_frames)]


def _ending(run: TargetRun, targets: str, places: tuple[int, ...], rows: Mapping[str, str], texts: _Texts) -> Ending:
    return Ending(
        targets=targets,
        places=places,
        symbol=state_symbol(run.outcome or ""),
        outcome=run.outcome or "no outcome",
        meaning=outcome_explained(run.outcome),
        failed_step=run.failed_step or "",
        row=rows.get(run.failed_step or "", ""),
        error=texts[0],
        frames=texts[1],
    )
