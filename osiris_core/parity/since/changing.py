"""What became of each manifest between two sets of records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.record import Verdict
from osiris_core.parity.since.counting import recounts
from osiris_core.parity.since.model import Became, Change, Since, Slower
from osiris_core.parity.since.surroundings import run_facts, shared_facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from osiris_core.parity.record import ParityRecord, RecordSet
    from osiris_core.parity.since.model import Recount

LARGE_RATIO: Final = 2.0
"""A time is told of where it is so many times what it was, or the other way round; machines differ by less on their own."""
LEAST_MS: Final = 1_000.0
"""And where it is longer or shorter by so much: twice of nearly nothing is nothing."""

_HARMLESS: Final = frozenset({"rule", "compared"})
"""What may be counted otherwise without another cause: how often a rule was asked, how much there was to compare."""

_Identity = tuple[str, str, tuple[str, ...]]


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
        facts=(*run_facts(old, new), *shared_facts(pairs)),
    )


def _by_identity(records: Iterable[ParityRecord]) -> dict[_Identity, ParityRecord]:
    """Return the worst record of each manifest."""
    found: dict[_Identity, ParityRecord] = {}
    for record in records:
        identity = (record.manifest, record.case, tuple(run.target for run in record.targets))
        if identity not in found or weight_of(record) > weight_of(found[identity]):
            found[identity] = record
    return found


def weight_of(record: ParityRecord) -> tuple[bool, bool, int]:
    """Return what orders results of one manifest in one run: the heaviest is the worst, and stands for it."""
    weight = list(Verdict).index(record.verdict) if record.verdict else -1
    return record.fails, not record.passed, weight


def _change(identity: _Identity, old: ParityRecord | None, new: ParityRecord | None) -> Change:
    standing = new or old
    assert standing is not None  # noqa: S101 - an identity is one of either set
    facts: dict[str, Any] = {"name": standing.name, "targets": identity[2], "old": old, "new": new}
    if old is None or new is None:
        became = Became.GONE if new is None else Became.NEW_AND_FAILS if new.fails else Became.NEW
        return Change(became=became, **facts)
    counted = tuple(recounts(old, new))
    return Change(
        became=_became(old, new, counted),
        edited=old.fingerprint != new.fingerprint,
        recounts=counted,
        times=tuple(_times(old, new)),
        **facts,
    )


def _became(old: ParityRecord, new: ParityRecord, counted: Sequence[Recount]) -> Became:
    if old.fails != new.fails:
        return Became.NEWLY_FAILS if new.fails else Became.FIXED
    other = _standing(old) != _standing(new) or any(
        each.kind not in _HARMLESS for each in counted if not each.old or not each.new
    )
    if new.fails:
        return Became.FAILS_OTHERWISE if other else Became.FAILS_STILL
    return Became.PASSES_OTHERWISE if other or counted else Became.PASSES_STILL


def _standing(record: ParityRecord) -> tuple[Any, ...]:
    """Return what a verdict comes down to."""
    cause = record.triage.cause if record.triage else record.cause
    return record.verdict, record.passed, record.expected_failure, record.first_diverging_step, cause


def _times(old: ParityRecord, new: ParityRecord) -> Iterator[Slower]:
    for before, after in zip(old.targets, new.targets, strict=True):
        shorter, longer = sorted((before.elapsed_ms, after.elapsed_ms))
        if shorter > 0 and longer >= LARGE_RATIO * shorter and longer - shorter >= LEAST_MS:
            yield Slower(target=after.target, old_ms=before.elapsed_ms, new_ms=after.elapsed_ms)
