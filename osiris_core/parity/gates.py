"""What a gate asks beyond a green verdict: of one check, and of all the checks of a run together.

Each function returns sentences that say what does not hold; none where all does.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Final

from osiris_core.choices import REQUIREMENTS
from osiris_core.parity.record import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from osiris_core.parity.record import Comparison, ParityRecord, WaiverUse

_STRENGTH: Final = (Verdict.ACCEPTED, Verdict.EQUIVALENT, Verdict.IDENTICAL)
_COMPARED: Final = frozenset({*_STRENGTH, Verdict.DIVERGENT, Verdict.NONDETERMINISTIC})
_WILDCARD: Final = re.compile(r"[*?[]")
SOON_DAYS: Final = 14
"""A waiver that ends within so many days is warned of."""


def unheld(comparison: Comparison, headline: str, *, strict: bool, require: str) -> tuple[str, ...]:
    """Return what one comparison lacks: with `strict` rules that are up to date, with `require` a verdict as strong.

    `headline` says what the verdict rests on. Waivers are judged over a run: another case, or a baseline, may need them.
    """
    weak = _too_weak(comparison.verdict, headline, require)
    rules = (f"the rule `{use.rule}` {use.complaint}" for use in comparison.rules if strict and use.complaint)
    return (*weak, *rules)


def stronger(one: str, other: str) -> str:
    """Return the stronger of two required verdicts; nothing is the weakest."""
    return max(one, other, key=("", *REQUIREMENTS).index)


def held_to(record: ParityRecord, require: str) -> ParityRecord:
    """Return a record that was made elsewhere, as it would be had `require` been asked for; it keeps its verdict."""
    weak = _too_weak(record.verdict, record.headline, require) if record.verdict and record.passed else ()
    if not weak:
        return record
    return dataclasses.replace(record, passed=False, headline=weak[0], expectation_failures=weak)


def too_few(records: Iterable[ParityRecord], least: int | None) -> tuple[str, ...]:
    """Return a sentence where fewer manifests than `least` were compared.

    A manifest counts once, however many of its cases or tests ran, and only where a comparison came to an end, of two targets or with a
    baseline: DIVERGENT counts, INCONCLUSIVE and INFRA do not, nor does one target alone, nor what could not be started.
    """
    number = len({record.manifest for record in records if _was_compared(record)})
    if least is None or number >= least:
        return ()
    were = "manifest was" if number == 1 else "manifests were"
    return (f"{number:,} {were} compared, and at least {least:,} have to be",)


def stale_waivers(records: Iterable[ParityRecord], *, whole: bool, each_whole: bool) -> tuple[str, ...]:
    """Return a sentence for each waiver that has expired or that no record needed, be it for its targets or its baseline.

    That it was not needed can only be said of a `whole` run, because another manifest may need it; of one that speaks of a single manifest
    also where of `each` that ran all cases did.
    """
    uses: dict[tuple[str, str], list[WaiverUse]] = {}
    for use in waiver_uses(records):
        uses.setdefault((use.name, use.manifest), []).append(use)
    return tuple(
        f"the waiver {each[0].name} ({each[0].owner}) {each[0].complaint}"
        for each in uses.values()
        if all(use.complaint for use in each)
        and (whole or _has_expired(each[0]) or (each_whole and not _is_shared(each[0])))
    )


def waiver_uses(records: Iterable[ParityRecord]) -> Iterator[WaiverUse]:
    """Yield what waivers did, in the comparisons of targets and in those with baselines."""
    for record in records:
        held = record.baseline.held if record.baseline else ()
        for comparison in (record.comparison, *(each.comparison for each in held)):
            if comparison is not None:
                yield from comparison.waivers


def ending_soon(records: Iterable[ParityRecord]) -> tuple[WaiverUse, ...]:
    """Return the waivers that end within `SOON_DAYS` of the day of their check, once each, the next to end first."""
    uses = {
        (use.name, use.expires): use
        for use in waiver_uses(records)
        if use.days_left is not None and 0 <= use.days_left <= SOON_DAYS
    }
    return tuple(sorted(uses.values(), key=lambda use: use.expires))


def _too_weak(verdict: Verdict, headline: str, require: str) -> tuple[str, ...]:
    if not require or not verdict.passes or _STRENGTH.index(verdict) >= _STRENGTH.index(Verdict(require)):
        return ()
    return (f"{verdict}, where {require} is required: {headline}",)


def _is_shared(use: WaiverUse) -> bool:
    return _WILDCARD.search(use.manifest) is not None


def _has_expired(use: WaiverUse) -> bool:
    return use.days_left is not None and use.days_left < 0


def _was_compared(record: ParityRecord) -> bool:
    held = record.baseline.held if record.baseline else ()
    return record.verdict in _COMPARED or any(each.comparison.verdict in _COMPARED for each in held)
