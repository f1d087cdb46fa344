"""How each step stands between the targets: the same, or where they part, or what follows from that; a word and a symbol each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osiris_core.report.baselines import decides, differing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from osiris_core.parity.record import Comparison, ParityRecord
    from osiris_core.report.alignment import AlignedStep

UPSTREAM_FAILED: Final = "upstream-failed"
_ONLY: Final = ("◧", "◨")
_PARTS_OF_A_STEP: Final = (".log:", ".out:", "/", ".df")
"""What stands behind a step's id in the place of a log line, a printed one, an artifact, or a table."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a step stands: `key` names its style; `of_note` where a reader should look at it."""

    key: str
    symbol: str
    word: str
    of_note: bool = True


SAME: Final = Standing("same", "=", "the same", of_note=False)
ASIDE: Final = Standing("aside", "≈", "the same, with values set aside by rules", of_note=False)
RAN: Final = Standing("ran", "✓", "succeeded", of_note=False)
UNCOMPARED: Final = Standing("uncompared", "?", "not compared", of_note=False)
ACCEPTED: Final = Standing("accepted", "◐", "differs, and was accepted")
CAUSE: Final = Standing("cause", "≠", "the targets part here")
EFFECT: Final = Standing("effect", "⇢", "differs, probably as an effect")
FAILED: Final = Standing("failed", "✗", "failed")
STOPPED: Final = Standing("failed", "■", "was stopped")
SKIPPED: Final = Standing("skipped", "⊘", "skipped", of_note=False)
NOT_REACHED: Final = Standing("unreached", "◌", "not reached", of_note=False)


def standings(record: ParityRecord, steps: Sequence[AlignedStep]) -> dict[str, Standing]:
    """Return how each of the aligned `steps` of a record stands, by id."""
    comparison = _spoken_of(record)
    counts = differences_by_step(comparison)
    causes = _causes(record, comparison)
    accepted = {each.step for each in comparison.findings if each.waived_by} if comparison else set()
    aside = _steps_with_rules(comparison, (step.id for step in steps))
    targets = [run.target for run in record.targets]
    found = {}
    for step in steps:
        if step.id in causes:
            found[step.id] = causes[step.id]
        elif step.id in counts:
            found[step.id] = EFFECT
        else:
            by_state = _by_state(step, targets)
            if by_state is not None:
                found[step.id] = by_state
            elif comparison is None:
                found[step.id] = RAN if len(targets) == 1 else UNCOMPARED
            else:
                found[step.id] = ACCEPTED if step.id in accepted else ASIDE if step.id in aside else SAME
    return found


def differences_by_step(comparison: Comparison | None) -> Mapping[str, int]:
    """Return how many differences decide at each step."""
    counts: Counter[str] = Counter()
    if comparison is None:
        return counts
    for group in comparison.groups:
        if group.step is not None:
            counts[group.step] += group.count
    if not comparison.groups:
        counts.update(
            each.step
            for each in comparison.findings
            if each.step is not None and not each.locates and not each.waived_by
        )
    return counts


def _spoken_of(record: ParityRecord) -> Comparison | None:
    """Return the comparison that decides about the record: of the targets, or with its baseline."""
    held = differing(record) if decides(record) or record.comparison is None else None
    return held.comparison if held is not None else record.comparison


def _causes(record: ParityRecord, comparison: Comparison | None) -> dict[str, Standing]:
    """Return the steps where a difference begins, each in the words of what parts from what."""
    if comparison is not None and (comparison.causes or comparison.first_diverging_step):
        first = comparison.first_diverging_step
        own = (
            CAUSE
            if comparison is record.comparison
            else Standing(CAUSE.key, CAUSE.symbol, "parts from its baseline here")
        )
        return dict.fromkeys(comparison.causes or ((first,) if first else ()), own)
    if record.triage is not None and record.triage.step:
        word = f"{' and '.join(record.triage.unstable) or 'a target'} differs from itself here"
        return {record.triage.step: Standing(CAUSE.key, "↻", word)}
    return {}


def _by_state(step: AlignedStep, targets: Sequence[str]) -> Standing | None:
    """Return what the states of a step say by themselves, or None where it ran well everywhere."""
    there = [target for target, run in zip(targets, step.runs, strict=True) if run is not None]
    if len(there) < len(targets):
        side = targets.index(there[0])
        return Standing(f"only-{side + 1}", _ONLY[min(side, 1)], f"only on {' and '.join(there)}")
    states = {run.state for run in step.runs if run is not None}
    if "failed" in states:
        where = [target for target, run in zip(targets, step.runs, strict=True) if run and run.state == "failed"]
        everywhere = len(where) == len(targets)
        return FAILED if everywhere else Standing(FAILED.key, FAILED.symbol, f"failed on {' and '.join(where)}")
    if "cancelled" in states:
        return STOPPED
    if "skipped" in states:
        reasons = {run.reason for run in step.runs if run is not None}
        return NOT_REACHED if reasons == {UPSTREAM_FAILED} else SKIPPED
    return None


def _steps_with_rules(comparison: Comparison | None, steps: Iterable[str]) -> set[str]:
    """Return the steps of which an example of a rule at work is known; others may have some, too."""
    rules = comparison.rules if comparison else ()
    places = [path for rule in rules if rule.decided for path, _, _ in rule.examples]
    return {
        step
        for step in steps
        if any(place.startswith(tuple(step + part for part in _PARTS_OF_A_STEP)) for place in places)
    }
