"""What two records of one manifest count: differences by their kind, sentences, rules, waivers, what was compared."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import fields
from typing import TYPE_CHECKING, Final

from osiris_core.parity.since.model import Recount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osiris_core.parity.record import Comparison, ParityRecord

VARYING: Final = re.compile(
    r"\b\d{8}T\d{6}Z-[0-9a-f]{8}\b"
    r"|\b(?=[a-f]*\d)[0-9a-f]{8,}\b"
    r"|\b(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{16,}\b"
    r"|(?<![A-Za-z_])\d+"
)
"""Ids of sessions, digests, ids of sandboxes, and numbers that do not belong to a word, as that of `e2b` does."""

_OF_ONE: Final = frozenset({"finding", "problem"})
"""What is told where one of two records has no comparison; that it compared nothing goes without saying."""


def recounts(old: ParityRecord, new: ParityRecord) -> Iterator[Recount]:
    """Yield what is not there as often as it was."""
    before, after = Counter(dict(_counts(old))), Counter(dict(_counts(new)))
    both = old.comparison is not None and new.comparison is not None
    for kind, name in dict.fromkeys((*before, *after)):
        if before[kind, name] != after[kind, name] and (both or kind in _OF_ONE):
            yield Recount(kind=kind, name=name, old=before[kind, name], new=after[kind, name])


def _counts(record: ParityRecord) -> Iterator[tuple[tuple[str, str], int]]:
    """Yield what a record counts, and a sentence that it says as one."""
    for sentence in (
        *record.expectation_failures,
        *(f"{run.target}: {run.error}" for run in record.targets if run.error),
    ):
        yield ("problem", steady(sentence)), 1
    if record.fails and not (
        record.comparison or record.expectation_failures or any(run.error for run in record.targets)
    ):
        yield ("problem", steady(record.headline)), 1
    if record.comparison:
        yield from _compared(record.comparison, "")
    for held in record.baseline.held if record.baseline else ():
        yield from _compared(held.comparison, f"baseline and {held.target}: ")


def _compared(comparison: Comparison, prefix: str) -> Iterator[tuple[tuple[str, str], int]]:
    yield from ((("finding", f"{prefix}{name}"), number) for name, number in _findings(comparison).items())
    yield from ((("problem", f"{prefix}{steady(each)}"), 1) for each in comparison.problems)
    yield from ((("not compared", f"{prefix}{steady(each)}"), 1) for each in comparison.not_compared)
    for rule in comparison.rules:
        yield ("rule", f"{prefix}{rule.rule}"), max(rule.left_hits, rule.right_hits)
        if rule.complaint:
            yield ("problem", f"{prefix}the rule {rule.rule} {steady(rule.complaint)}"), 1
    for waiver in comparison.waivers:
        yield ("waiver", f"{prefix}{waiver.name}"), waiver.hits
        if waiver.complaint:
            yield ("waiver", f"{prefix}{waiver.name} {waiver.complaint}"), 1
    for each in fields(comparison.compared):
        yield ("compared", f"{prefix}{each.name.replace('_', ' ')}"), max(getattr(comparison.compared, each.name))


def _findings(comparison: Comparison) -> Counter[str]:
    """Return how many differences there are of each signature: layer, code, place but for numbers, step."""
    found: Counter[str] = Counter()
    for group in comparison.groups:
        found[_signature(group.layer, group.step, group.code, group.pattern)] += group.count
    if not comparison.groups:  # as in records that were made elsewhere
        for each in comparison.findings:
            if not each.locates and not each.waived_by:
                found[_signature(each.layer, each.step, each.code, steady(each.path))] += 1
    return found


def _signature(layer: str, step: str | None, code: str, pattern: str) -> str:
    return f"{layer}: {code} at {pattern}{f' in step {step}' if step else ''}"


def steady(sentence: str) -> str:
    """Return a sentence with `#` for what varies in it by itself: numbers, digests, ids of sessions and sandboxes."""
    return VARYING.sub("#", sentence)
