"""What changed between two sets of records: which manifests came to fail, which were mended, and what else is not as it was.

A manifest is the same one where name, case and targets are. Of several results of one manifest the worst stands for it, as
everywhere. What changed with it is counted under names in which `#` stands for a number, so that nothing that varies by itself
is a change.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.facts import flattened
from osiris_core.parity.record import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from osiris_core.parity.record import Comparison, ParityRecord, RecordSet

LARGE_RATIO: Final = 2.0
"""A time is told of where it is so many times what it was, or the other way round; machines differ by less on their own."""
LEAST_MS: Final = 1_000.0
"""And where it is longer or shorter by so much: twice of nearly nothing is nothing."""

_VARYING: Final = re.compile(
    r"\b\d{8}T\d{6}Z-[0-9a-f]{8}\b"
    r"|\b(?=[a-f]*\d)[0-9a-f]{8,}\b"
    r"|\b(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{16,}\b"
    r"|(?<![A-Za-z_])\d+"
)
"""Ids of sessions, digests, ids of sandboxes, and numbers that do not belong to a word, as that of `e2b` does."""
_HARMLESS: Final = frozenset({"rule", "compared"})
"""What may be counted otherwise without another cause: how often a rule was asked, how much there was to compare."""

_OF_ONE: Final = frozenset({"finding", "problem"})
"""What is told where one of two records has no comparison; that it compared nothing goes without saying."""

_Identity = tuple[str, str, tuple[str, ...]]


class Became(StrEnum):
    """What became of a manifest; the order of the members is that of a list: what needs a reader first."""

    NEWLY_FAILS = "newly fails"
    NEW_AND_FAILS = "is new and fails"
    FAILS_OTHERWISE = "fails otherwise"
    FAILS_STILL = "fails as before"
    GONE = "is gone"
    FIXED = "is fixed"
    NEW = "is new"
    PASSES_OTHERWISE = "passes otherwise"
    PASSES_STILL = "passes as before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recount:
    """Something of a manifest that was there `old` times and is there `new` times.

    `kind` is `finding`, `problem`, `not compared`, `rule`, `waiver` or `compared`; `name` says what, `#` standing for numbers.
    """

    kind: str
    name: str
    old: int
    new: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slower:
    """A time of a target that is far from what it was: `ratio` is the new one over the old one, and below 1 where it is faster."""

    target: str
    old_ms: float
    new_ms: float

    @property
    def ratio(self) -> float:
        """How many times the old time the new one is."""
        return self.new_ms / self.old_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One manifest that is not as it was: `old` and `new` are the records that stand for it, None where there is none.

    `edited` says that the manifest itself is another one.
    """

    became: Became
    name: str
    targets: tuple[str, ...]
    old: ParityRecord | None = None
    new: ParityRecord | None = None
    edited: bool = False
    recounts: tuple[Recount, ...] = ()
    times: tuple[Slower, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A fact of the surroundings that changed: values of JSON, None where there is none; in how many `manifests`, or 0 for the run itself."""

    name: str
    old: Any
    new: Any
    manifests: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What changed since `against`, the name of the older records, which were made at `made`.

    `changes` are in the order of `Became`; `as_before` counts the manifests that pass, and are as they were in everything that is told
    of here. `facts` are told once for all manifests that share them.
    """

    against: str
    made: str
    changes: tuple[Change, ...]
    as_before: int
    facts: tuple[Fact, ...]

    def count(self, *kinds: Became) -> int:
        """Return how many manifests became one of these."""
        return sum(change.became in kinds for change in self.changes)


def since(old: RecordSet, new: RecordSet, against: str) -> Since:
    """Return what changed from `old` to `new`."""
    before, after = _by_identity(old.records), _by_identity(new.records)
    changes = [_change(identity, before.get(identity), after.get(identity)) for identity in sorted({*before, *after})]
    told = [each for each in changes if each.became is not Became.PASSES_STILL or each.edited or each.times]
    order = list(Became)
    pairs = [(change.old, change.new) for change in changes if change.old and change.new]
    return Since(
        against=against,
        made=old.created_at,
        changes=tuple(sorted(told, key=lambda each: order.index(each.became))),
        as_before=len(changes) - len(told),
        facts=(*_run_facts(old, new), *_shared_facts(pairs)),
    )


def _by_identity(records: Iterable[ParityRecord]) -> dict[_Identity, ParityRecord]:
    """Return the worst record of each manifest."""
    found: dict[_Identity, ParityRecord] = {}
    for record in records:
        identity = (record.manifest, record.case, tuple(run.target for run in record.targets))
        if identity not in found or _weight(record) > _weight(found[identity]):
            found[identity] = record
    return found


def _weight(record: ParityRecord) -> tuple[bool, bool, int]:
    weight = list(Verdict).index(record.verdict) if record.verdict else -1
    return record.fails, not record.passed, weight


def _change(identity: _Identity, old: ParityRecord | None, new: ParityRecord | None) -> Change:
    standing = new or old
    assert standing is not None  # noqa: S101 - an identity is one of either set
    facts: dict[str, Any] = {"name": standing.name, "targets": identity[2], "old": old, "new": new}
    if old is None or new is None:
        became = Became.GONE if new is None else Became.NEW_AND_FAILS if new.fails else Became.NEW
        return Change(became=became, **facts)
    recounts = tuple(_recounts(old, new))
    return Change(
        became=_became(old, new, recounts),
        edited=old.fingerprint != new.fingerprint,
        recounts=recounts,
        times=tuple(_times(old, new)),
        **facts,
    )


def _became(old: ParityRecord, new: ParityRecord, recounts: Sequence[Recount]) -> Became:
    if old.fails != new.fails:
        return Became.NEWLY_FAILS if new.fails else Became.FIXED
    other = _standing(old) != _standing(new) or any(
        each.kind not in _HARMLESS for each in recounts if not each.old or not each.new
    )
    if new.fails:
        return Became.FAILS_OTHERWISE if other else Became.FAILS_STILL
    return Became.PASSES_OTHERWISE if other or recounts else Became.PASSES_STILL


def _standing(record: ParityRecord) -> tuple[Any, ...]:
    """Return what a verdict comes down to."""
    cause = record.triage.cause if record.triage else record.cause
    return record.verdict, record.passed, record.expected_failure, record.first_diverging_step, cause


def _recounts(old: ParityRecord, new: ParityRecord) -> Iterator[Recount]:
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
    return _VARYING.sub("#", sentence)


def _times(old: ParityRecord, new: ParityRecord) -> Iterator[Slower]:
    for before, after in zip(old.targets, new.targets, strict=True):
        shorter, longer = sorted((before.elapsed_ms, after.elapsed_ms))
        if shorter > 0 and longer >= LARGE_RATIO * shorter and longer - shorter >= LEAST_MS:
            yield Slower(target=after.target, old_ms=before.elapsed_ms, new_ms=after.elapsed_ms)


def _run_facts(old: RecordSet, new: RecordSet) -> Iterator[Fact]:
    before, after = _hosts(old), _hosts(new)
    if before and after:  # a set without any does not say where it was made
        yield from _differing(before, after)


def _hosts(records: RecordSet) -> dict[str, Any]:
    """Return the facts of the hosts of a set; of what they differ in, all values."""
    found: dict[str, set[str]] = {}
    for host in (records.host, *(each.host for each in records.origins)):
        for name, value in host.items():
            found.setdefault(name, set()).add(value)
    return {name: next(iter(values)) if len(values) == 1 else sorted(values) for name, values in found.items()}


def _shared_facts(pairs: Iterable[tuple[ParityRecord, ParityRecord]]) -> Iterator[Fact]:
    """Yield what changed around the manifests, with in how many of them; what is true of most of them first."""
    found: dict[str, Fact] = {}
    manifests: Counter[str] = Counter()
    for old, new in pairs:
        for fact in _surroundings(old, new):
            key = json.dumps([fact.name, fact.old, fact.new], sort_keys=True)
            found.setdefault(key, fact)
            manifests[key] += 1
    for key, number in manifests.most_common():
        yield replace(found[key], manifests=number)


def _surroundings(old: ParityRecord, new: ParityRecord) -> Iterator[Fact]:
    """Yield what is different around one manifest; a target that did not start is not known to be."""
    for before, after in zip(old.targets, new.targets, strict=True):
        for name in ("provider", "isolation", "network", "template"):
            was, now = getattr(before, name), getattr(after, name)
            if was and now and was != now:
                yield Fact(name=f"{after.target} {name}", old=was, new=now)
        if before.environment and after.environment and before.environment != after.environment:
            yield from _differing(flattened(before.environment), flattened(after.environment), f"{after.target} ")
    if old.comparison and new.comparison:
        was, now = old.comparison.rules_digest, new.comparison.rules_digest
        if was != now:
            yield Fact(name="declared rules", old=was or None, new=now or None)


def _differing(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> Iterator[Fact]:
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield Fact(name=f"{prefix}{name}", old=old.get(name), new=new.get(name))
