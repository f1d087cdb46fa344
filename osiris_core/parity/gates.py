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
    from collections.abc import Iterable, Sequence

    from osiris_core.parity.record import Comparison, ParityRecord, WaiverUse

_STRENGTH: Final = (Verdict.ACCEPTED, Verdict.EQUIVALENT, Verdict.IDENTICAL)
_COMPARED: Final = frozenset({*_STRENGTH, Verdict.DIVERGENT, Verdict.NONDETERMINISTIC})
_WILDCARD: Final = re.compile(r"[*?[]")
SOON_DAYS: Final = 14
"""A waiver that ends within so many days is warned of."""


def unheld(comparison: Comparison, headline: str, *, strict: bool, require: str) -> tuple[str, ...]:
    """Return what one comparison lacks: with `strict` rules and waivers that are up to date, with `require` a verdict as strong.

    `headline` says what the verdict rests on.
    """
    weak = _too_weak(comparison.verdict, headline, require)
    if not strict:
        return weak
    rules = tuple(f"the rule `{use.rule}` {use.complaint}" for use in comparison.rules if use.complaint)
    waivers = tuple(_stale(use) for use in comparison.waivers if use.complaint and not _is_shared(use))
    return (*weak, *rules, *waivers)


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

    A manifest counts once, however many of its cases or tests ran, and only where a comparison came to an end: DIVERGENT counts,
    INCONCLUSIVE and INFRA do not, nor does one target alone, nor what could not be started.
    """
    number = len({record.manifest for record in records if record.verdict in _COMPARED})
    if least is None or number >= least:
        return ()
    were = "manifest was" if number == 1 else "manifests were"
    return (f"{number:,} {were} compared, and at least {least:,} have to be",)


def stale_waivers(records: Sequence[ParityRecord], *, whole: bool) -> tuple[str, ...]:
    """Return a sentence for each waiver of many manifests that has expired or that no record needed.

    That it was not needed can only be said of a `whole` run: another manifest may need it. A waiver of one manifest is a matter of its check.
    """
    uses: dict[tuple[str, str], list[WaiverUse]] = {}
    for record in records:
        for use in record.comparison.waivers if record.comparison else ():
            if _is_shared(use):
                uses.setdefault((use.name, use.manifest), []).append(use)
    return tuple(
        _stale(each[0])
        for each in uses.values()
        if all(use.complaint for use in each) and (whole or _has_expired(each[0]))
    )


def ending_soon(records: Iterable[ParityRecord]) -> tuple[WaiverUse, ...]:
    """Return the waivers that end within `SOON_DAYS` of the day of their check, once each, the next to end first."""
    uses = {
        (use.name, use.expires): use
        for record in records
        if record.comparison
        for use in record.comparison.waivers
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


def _stale(use: WaiverUse) -> str:
    return f"the waiver {use.name} ({use.owner}) {use.complaint}"
