"""What changed around the manifests: the hosts of the runs, who served a target and how, its environment, the declared rules."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from osiris_core.parity.facts import flattened
from osiris_core.parity.since.model import Fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from osiris_core.parity.record import ParityRecord, RecordSet


def run_facts(old: RecordSet, new: RecordSet) -> Iterator[Fact]:
    """Yield what is different about the hosts of two sets."""
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


def shared_facts(pairs: Iterable[tuple[ParityRecord, ParityRecord]]) -> Iterator[Fact]:
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
