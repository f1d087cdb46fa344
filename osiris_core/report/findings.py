"""The differences of a record as the page shows them: the first of the first cause in sight, what follows from it folded behind.

A record may have thousands of differences of a few kinds. Those of one file of JSON are one table of its places, and those of one
signature (layer, code, place but for numbers, step) one bundle, of which the first is shown and the others unfold.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from osiris_core.parity.hints import hint_rank, of_its_file
from osiris_core.report.arranging import Arranging, signature_of
from osiris_core.report.trees import artifact_tree
from osiris_core.report.units import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.parity.record import Comparison, Finding, TargetRun
    from osiris_core.report.finding_view import FindingGroup
    from osiris_core.report.images.gallery import ImagesOf
    from osiris_core.report.trees import Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """All differences of a comparison: `tally` is their number in words, `1 cause, 37 effects`; `tree` the files that differ."""

    tally: str = ""
    groups: tuple[FindingGroup, ...] = ()
    tree: Tree | None = None


def differences_of(
    comparison: Comparison, anchor: str, runs: Sequence[TargetRun], images: ImagesOf | None = None
) -> Differences:
    """Return the differences: those of the steps that differ by themselves, their effects, accepted ones, clues.

    `runs` are both targets; `anchor` begins every address. `images` returns the pictures of a finding.
    """
    names = _names(runs)
    first = comparison.first_diverging_step
    begins = comparison.causes or (first,)
    deciding = [finding for finding in comparison.findings if not finding.locates and not finding.waived_by]
    causes = [finding for finding in deciding if first is None or finding.step in begins]
    effects = [finding for finding in deciding if first is not None and finding.step not in begins]
    clues = [finding for finding in comparison.findings if finding.locates and not finding.waived_by]
    told = {finding.step for finding in causes}
    where_it_begins = [finding for finding in clues if finding.step in begins and finding.step not in told]
    causes = _first_thing_first([*causes, *where_it_begins], comparison)
    clues = [finding for finding in clues if finding not in where_it_begins]
    waived = [finding for finding in comparison.findings if finding.waived_by]
    also = f", and in {', '.join(comparison.causes[1:])}" if len(comparison.causes) > 1 else ""
    title = f"What differs in step {first}, where the targets part{also}" if first else "What differs"
    counts = {(each.layer, each.step, each.code, each.pattern): each for each in comparison.groups}
    arranged = Arranging(anchor, runs, names, {signature: each.count for signature, each in counts.items()}, images)
    held = {signature_of(finding) for finding in deciding}
    unheld = [each for signature, each in counts.items() if signature not in held]
    groups = (
        arranged.group("cause", title, causes, [each for each in unheld if not each.effect]),
        arranged.group(
            "effect", "What differs elsewhere, probably as an effect", effects, [each for each in unheld if each.effect]
        ),
        arranged.group("waived", "What differs and was accepted for now", waived),
        arranged.group("clue", "Clues: differences that decide nothing, and help to find the place", clues),
    )
    shown = [(finding, arranged.anchors.get(id(finding), "")) for finding in (*causes, *effects, *waived)]
    tree = artifact_tree(shown, runs, names, comparison.compared.artifacts[0])
    groups = (_with_hint(groups[0], groups[1]), *groups[1:])
    effect_count = max(comparison.effects, groups[1].total)
    effects_told = f", {plural(effect_count, 'effect')}" if effect_count else ""
    tally = f"{plural(max(1, len(comparison.causes)), 'cause')}{effects_told}"
    is_told = bool(deciding or where_it_begins)
    return Differences(
        tally=tally if is_told else "", groups=tuple(group for group in groups if group.total), tree=tree
    )


def _names(runs: Sequence[TargetRun]) -> tuple[str, str]:
    names = [run.target for run in runs]
    return (names[0] if names else "left", names[1] if len(names) > 1 else "right")


def _first_thing_first(findings: list[Finding], comparison: Comparison) -> list[Finding]:
    """Return findings in the order of the causes, the one that tells most first: with a hint at the first step, if there is one."""
    ranks = {step: rank for rank, step in enumerate(comparison.causes)}
    ordered = sorted(findings, key=lambda finding: ranks.get(finding.step or "", len(ranks)))
    there = [finding for finding in ordered if finding.step == comparison.first_diverging_step] or ordered
    hinted = [finding for finding in there if finding.hint and not finding.locates]
    lead = min(hinted, key=lambda finding: hint_rank(finding.hint), default=there[0] if there else None)
    lead = of_its_file(lead, there) if lead else None
    return sorted(ordered, key=lambda finding: finding is not lead)


def _with_hint(cause: FindingGroup, effect: FindingGroup) -> FindingGroup:
    """Lend causes without a hint that of an effect: what differs downstream may tell why better than where it began."""
    if any(each.finding.hint for each in cause.findings):
        return cause
    hinted = [each for each in effect.findings if each.finding.hint]
    return replace(cause, hint_from=min(hinted, key=lambda each: hint_rank(each.finding.hint), default=None))
