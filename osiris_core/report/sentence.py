"""The first sentence of a report: how many manifests behave the same, and what became of the others."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from osiris_core.report.marks import compared_alike, mark_of
from osiris_core.report.units import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.parity.record import ParityRecord

_BECAME = {  # mark -> (one manifest, several)
    "divergent": ("diverges", "diverge"),
    "nondeterministic": ("differs from itself", "differ from themselves"),
    "inconclusive": ("could not be decided", "could not be decided"),
    "infra": ("could not run", "could not run"),
    "unexpected": ("agrees but is not as expected", "agree but are not as expected"),
    "xfailed": ("fails as expected", "fail as expected"),
}


def report_sentence(records: Sequence[ParityRecord]) -> str:
    """Return the sentence, without a final stop: `11 of 12 manifests behave the same; 1 diverges`."""
    compared = [record for record in records if record.verdict is not None]
    single = [record for record in records if record.verdict is None and record.targets]
    unstarted = [record for record in records if record.verdict is None and not record.targets]
    parts = [*_about_compared(compared), *_about_single(single), *_about_unstarted(unstarted)]
    return "; ".join(parts) if parts else "No manifest was checked"


def _about_compared(records: Sequence[ParityRecord]) -> list[str]:
    if not records:
        return []
    alike = sum(compared_alike(record) for record in records)
    counts = Counter(mark_of(record).key for record in records)
    others = [f"{counts[key]} {words[counts[key] > 1]}" for key, words in _BECAME.items() if counts[key]]
    return [f"{_share(alike, len(records))} {_verb(alike, len(records), 'behaves', 'behave')} the same", *others]


def _about_single(records: Sequence[ParityRecord]) -> list[str]:
    if not records:
        return []
    good = sum(record.passed for record in records)
    targets = sorted({run.target for record in records for run in record.targets})
    failed, expected = sum(record.fails for record in records), sum(record.expected_failure for record in records)
    others = [*([f"{failed} failed"] if failed else []), *([f"{expected} failed as expected"] if expected else [])]
    where = " or ".join(targets)
    return [f"{_share(good, len(records))} ran as expected on {where}, compared with {_counterpart(records)}", *others]


def _counterpart(records: Sequence[ParityRecord]) -> str:
    """Return what records of one target were compared with: their baselines, as far as they have some."""
    held = sum(bool(record.baseline and record.baseline.held) for record in records)
    if not held:
        return "nothing"
    if held < len(records):
        return f"{plural(held, 'baseline')}, the others with nothing"
    return "its baseline" if held == 1 else "their baselines"


def _about_unstarted(records: Sequence[ParityRecord]) -> list[str]:
    return [f"{plural(len(records), 'manifest')} could not be started"] if records else []


def _share(part: int, whole: int) -> str:
    if whole == 1:
        return "The manifest" if part else "0 of 1 manifests"
    return f"All {whole:,} manifests" if part == whole else f"{part:,} of {whole:,} manifests"


def _verb(part: int, whole: int, one: str, several: str) -> str:
    return one if part == 1 and whole == 1 else several
