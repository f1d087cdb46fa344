"""What became of each manifest from run to run: since when it fails, whether it is flaky, whether it takes longer.

Flaky is what went between passing and failing more than once in the last `SHOWN_RUNS` runs while the same was asked of it: an edited manifest, other targets
and another provider begin anew. A run in which a target could not run says nothing about the manifest and is no turn, nor is one that it was not part of.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Final

from osiris_core.parity.since.changing import LARGE_RATIO, LEAST_MS
from osiris_core.parity.since.past import History, Strip, Trend

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osiris_core.parity.since.past import PastRun, Seen

SHOWN_RUNS: Final = 20
"""So many runs are shown, and looked at for what is flaky or takes longer; since when something fails is looked for in all that are known."""
LAST_TIMES: Final = 3
"""The median of so many times is held against the one of those before, which are at least as many."""


def history(past: Sequence[PastRun], now: PastRun, *, left_out: Sequence[str] = ()) -> History:
    """Return what became of the manifests of `now`, as far as a run of the `past`, the oldest first, had them; `left_out` is what was not read, in sentences."""
    runs = (*past, now)
    names = [each.made or each.name for each in runs]
    strips = (_strip([_sight(run, seen) for run in runs], names) for same in now.seen.values() for seen in same)
    shown = runs[-SHOWN_RUNS:]
    return History(
        total=len(runs),
        since=names[0],
        runs=tuple((each.name, each.made) for each in shown),
        strips=tuple(each for each in strips if any(each.sights[:-1])),
        left_out=tuple(left_out),
    )


def _sight(run: PastRun, now: Seen) -> Seen | None:
    """Return the result of a manifest in a run: with the targets of now, or else the worst of those with others."""
    same = run.seen.get((now.manifest, now.case), ())
    alike = next((each for each in same if each.targets == now.targets), None)
    return alike or max(same, key=lambda each: each.weight, default=None)


def _strip(sights: Sequence[Seen | None], names: Sequence[str]) -> Strip:
    breaks = list(_breaks(sights))
    shown = sights[-SHOWN_RUNS:]
    begins = max((place for place, each in enumerate(breaks[-SHOWN_RUNS:]) if each), default=0)
    alike = [None] * begins + list(shown[begins:])
    now = sights[-1]
    assert now is not None  # noqa: S101 - the last run is the one whose manifests are asked for
    failing = _failing(sights)
    return Strip(
        manifest=now.manifest,
        case=now.case,
        targets=now.targets,
        sights=tuple(shown),
        breaks=tuple(breaks[-SHOWN_RUNS:]),
        turns=_turns(alike),
        fails_since=names[failing[0]] if failing else "",
        failing_runs=len(failing),
        never_passed=all(each.fails for each in sights if each),
        trends=tuple(_trends(alike)),
    )


def _breaks(sights: Sequence[Seen | None]) -> Iterator[str]:
    """Yield for each result what was asked otherwise than before it, or an empty string; what did not start is not known to be another."""
    fingerprint = ""
    targets: tuple[str, ...] = ()
    providers: dict[str, str] = {}
    for seen in sights:
        reasons: list[str] = []
        if seen is not None:
            if targets and seen.targets != targets:
                reasons.append(f"it ran on {' and '.join(targets)}, now on {' and '.join(seen.targets)}")
            if fingerprint and seen.fingerprint and seen.fingerprint != fingerprint:
                reasons.append("the manifest was edited")
            there = {target: name for target, name in zip(seen.targets, seen.providers, strict=True) if name}
            reasons += [
                f"{target} was served by {providers[target]}, now by {name}"
                for target, name in there.items()
                if providers.get(target, name) != name
            ]
            fingerprint, targets, providers = seen.fingerprint or fingerprint, seen.targets, {**providers, **there}
        yield "; ".join(reasons)


def _turns(sights: Sequence[Seen | None]) -> int:
    told = [each.fails for each in sights if each and each.ran]
    return sum(before != after for before, after in pairwise(told))


def _failing(sights: Sequence[Seen | None]) -> list[int]:
    """Return the places of the last results as far as they fail in a row, the oldest first; runs without one neither count nor end it."""
    found: list[int] = []
    for place in reversed(range(len(sights))):
        seen = sights[place]
        if seen is not None and not seen.fails:
            break
        found += [place] if seen else []
    return found[::-1]


def _trends(sights: Sequence[Seen | None]) -> Iterator[Trend]:
    """Yield the targets whose last times are far above those before."""
    now = sights[-1]
    for place, target in enumerate(now.targets if now else ()):
        times = [each.elapsed_ms[place] if each else None for each in sights]
        known = [each for each in times if each is not None]
        before, last = known[:-LAST_TIMES], known[-LAST_TIMES:]
        if times[-1] is None or len(before) < LAST_TIMES:
            continue
        old, new = median(before), median(last)
        if old > 0 and new >= LARGE_RATIO * old and new - old >= LEAST_MS:
            yield Trend(target=target, old_ms=old, new_ms=new, before=len(before), times=tuple(times))
