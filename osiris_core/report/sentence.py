"""The first sentence of a report: how many manifests behave the same, and what became of the others."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from osiris_core.report.marks import compared_alike, mark_of
from osiris_core.report.units import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.parity.record import ParityRecord

_BECAME: Final = {  # mark -> (one manifest, several)
    "divergent": ("diverges", "diverge"),
    "nondeterministic": ("differs from itself", "differ from themselves"),
    "inconclusive": ("could not be decided", "could not be decided"),
    "infra": ("could not run", "could not run"),
    "unexpected": ("agrees but is not as expected", "agree but are not as expected"),
    "xfailed": ("fails as expected", "fail as expected"),
}
_OF_TWO_SIDES: Final = {  # what a diff of two directories says, which no manifest was read for
    "divergent": "The two sides differ",
    "inconclusive": "Whether the two sides are the same could not be decided",
    "infra": "A side could not run, so nothing can be said about the two",
}


def report_sentence(records: Sequence[ParityRecord]) -> str:
    """Return the sentence, without a final stop: `42 of 45 manifests behave the same; 2 diverge, 1 could not run`."""
    if len(records) == 1 and not records[0].line and len(records[0].targets) > 1:
        return _OF_TWO_SIDES.get(mark_of(records[0]).key, "The two sides are the same")
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
    others = [(counts[key], words[counts[key] > 1]) for key, words in _BECAME.items() if counts[key]]
    if len(records) == 1 and not alike:  # what became of it says it all
        return [f"The manifest {others[0][1]}"]
    if counts["infra"] == len(records):
        return [f"None of {len(records):,} manifests could run"]
    told = ", ".join(f"{number:,} {words}" for number, words in others)
    return [_alike(alike, len(records)), *([told] if told else [])]


def _alike(part: int, whole: int) -> str:
    if not part:
        return f"None of {whole:,} manifests behaves the same"
    return f"{_share(part, whole)} {'behaves' if whole == 1 else 'behave'} the same"


def _about_single(records: Sequence[ParityRecord]) -> list[str]:
    if not records:
        return []
    good = sum(record.passed for record in records)
    failed, expected = sum(record.fails for record in records), sum(record.expected_failure for record in records)
    where = " or ".join(sorted({run.target for record in records for run in record.targets}))
    counterpart = f"compared with {_counterpart(records)}"
    if not good and len(records) == 1:
        return [f"The manifest failed{' as expected' if expected else ''} on {where}, {counterpart}"]
    others = [*([f"{failed:,} failed"] if failed else []), *([f"{expected:,} failed as expected"] if expected else [])]
    share = _share(good, len(records)) if good else f"None of {len(records):,} manifests"
    return [f"{share} ran as expected on {where}, {counterpart}", *([", ".join(others)] if others else [])]


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
        return "The manifest"
    return f"All {whole:,} manifests" if part == whole else f"{part:,} of {whole:,} manifests"
