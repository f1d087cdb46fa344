"""The declared rules between two sides: which of them cover a place, what they say of two values, and what they did.

Nothing is set aside anywhere else but by the schema's volatile fields, the text rules, and named findings of the comparers
of files. How a layer uses it, once for each record kind, step and name:

    plan = pair.rules.plan(RecordKind.EVENT, step, "page_made")    # None: no rule covers anything there
    key = plan.signature_of(fields, is_left=True)                  # instead of `signature(fields)`, to match records
    for each in plan.differences(left, right, "page_made"): ...    # for every matched pair, equal or not

`differences` takes the place of `leaf_differences`: a `code` of its own and a `fault` are the rule's, and everything is
counted there. So it is called once for a pair, for pairs with equal keys too: renamings, shapes and counts need them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from osiris_core.parity.record import Finding, Layer, RuleUse
from osiris_core.parity.text import EXAMPLES
from osiris_core.parity.values import same_leaf, show
from osiris_core.rules.model import ANY, TEXT_RECORDS, RecordKind
from osiris_core.rules.patterns import glob, path_glob

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from osiris_core.parity.declared.plan import Plan
    from osiris_core.parity.declared.ruling import Ruling
    from osiris_core.parity.side import Side
    from osiris_core.rules.model import Rule, Scope

__all__ = ["EXAMPLES", "Leaf", "Place", "Rulebook"]

_LAYERS: Final = {
    RecordKind.EVENT: Layer.EVENTS,
    RecordKind.METRIC: Layer.METRICS,
    RecordKind.LOG: Layer.LOGS,
    RecordKind.PRINTED: Layer.LOGS,
    RecordKind.ERROR: Layer.OUTCOME,
    RecordKind.TABLE: Layer.TABLES,
    RecordKind.ARTIFACT: Layer.ARTIFACTS,
}
_NO_RULINGS: Final[tuple[Ruling, ...]] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """One place in a session: the kind of record, its step, its name, and the path inside (see `rules.model.Scope`)."""

    record: RecordKind
    step: str | None
    name: str
    path: str = ""

    def __str__(self) -> str:
        """Return how a report names the place."""
        return ".".join(part for part in (self.name, self.path) if part)


@dataclass(frozen=True, slots=True)
class Leaf:
    """What is to be said of two values: whether they count as equal, or by which reason code and why they do not."""

    equal: bool
    code: str = ""
    fault: str = ""


@dataclass(slots=True)
class _Tally:
    """What a rule did that was not declared, but is named by a comparer of files."""

    reason: str
    decided: int = 0
    examples: list[tuple[str, str, str]] = field(default_factory=list)


class Rulebook:
    """The rules of one comparison. Not for two threads."""

    def __init__(self, rules: Sequence[Rule], left: Side, right: Side) -> None:
        self.rules = tuple(rules)
        self.rulings = _rulings(self.rules, left, right)
        _share_renamings(self.rulings)
        self._by_kind = {
            kind: tuple(sorted((each for each in self.rulings if each.rule.scope.record is kind), key=_stage))
            for kind in RecordKind
        }
        self._plans: dict[tuple[RecordKind, str | None, str], Plan | None] = {}
        self._tallies: dict[str, _Tally] = {}

    def plan(self, record: RecordKind, step: str | None, name: str) -> Plan | None:
        """Return the rules for values of one name, or None where no rule covers any place in them."""
        if not self._by_kind[record]:
            return None
        key = (record, step, name)
        if key not in self._plans:
            from osiris_core.parity.declared.plan import Plan

            covering = self.covering_text(record, step, name)
            self._plans[key] = Plan(covering) if covering else None
        return self._plans[key]

    def leaf(self, place: Place, left: Any, right: Any) -> Leaf:
        """Say whether two values at `place` count as equal; what a rule did is counted."""
        plan = self.plan(place.record, place.step, place.name)
        if plan is None:
            return Leaf(equal=same_leaf(left, right))
        found = next(plan.differences(left, right, str(place), inside=place.path), None)
        return Leaf(equal=True) if found is None else Leaf(equal=False, code=found.code, fault=found.fault)

    def covering(self, place: Place) -> tuple[Rule, ...]:
        """Return the rules whose scope covers a place, in the order in which they are asked.

        With an empty path those for anything inside: the rules that a comparer of a whole file has to know.
        """
        rulings = self.covering_text(place.record, place.step, place.name)
        return tuple(each.rule for each in rulings if _covers_path(each, place.path))

    def covering_text(self, record: RecordKind, step: str | None, name: str) -> tuple[Ruling, ...]:
        """Return the rules at work on records of one kind, step and name, in the order in which they are asked."""
        found = self._by_kind[record]
        return tuple(each for each in found if _covers(each.rule.scope, step, name)) if found else _NO_RULINGS

    def meet(self, place: Place) -> None:
        """Note that there is something in the scope of the rules covering a place, whose values nobody counts."""
        for each in self.covering_text(place.record, place.step, place.name):
            if _covers_path(each, place.path):
                each.seen = True

    def credit(self, rule: str, reason: str, place: str, left: Any, right: Any) -> None:
        """Count that `rule` made two values at `place` equal, which are not equal as they stand."""
        declared = next((each for each in self.rulings if each.rule.id == rule), None)
        if declared is not None:
            declared.meet()
            declared.set_aside(place, left, right)
            return
        tally = self._tallies.setdefault(rule, _Tally(reason))
        tally.decided += 1
        if len(tally.examples) < EXAMPLES:
            tally.examples.append((place, show(left), show(right)))

    def note_idle(self, rules: Sequence[str], place: str) -> None:
        """Note that rules cover something at `place` that differs, and can do nothing there."""
        for each in self.rulings:
            if each.rule.id in rules:
                each.idle_at = each.idle_at or place

    def broken(self) -> Iterator[Finding]:
        """Yield a finding for every declared rule that hid more than its bounds allow, or had to fire and did not."""
        for each in self.rulings:
            if each.breaks_bounds:
                yield Finding(
                    layer=_LAYERS[each.rule.scope.record],
                    step=None,
                    code="rule-bound",
                    path=each.rule.id,
                    message=f"the rule `{each.rule.id}` {each.complaint()}",
                )

    def uses(self) -> tuple[RuleUse, ...]:
        """Return what each rule did: the declared ones in their order, then what comparers of files named."""
        named = tuple(
            RuleUse(
                rule=name,
                reason=tally.reason,
                left_hits=tally.decided,
                right_hits=tally.decided,
                decided=tally.decided,
                examples=tuple(tally.examples),
            )
            for name, tally in self._tallies.items()
        )
        fired = {each.rule.source for each in self.rulings if each.fired}
        return (*(_use(each, fired) for each in self.rulings), *named)


def _rulings(rules: Sequence[Rule], left: Side, right: Side) -> tuple[Ruling, ...]:
    if not rules:
        return _NO_RULINGS
    from osiris_core.parity.declared.ruling import Ruling

    return tuple(Ruling(each, left, right) for each in rules)


def _covers_path(ruling: Ruling, path: str) -> bool:
    from osiris_core.parity.declared.plan import covers_place

    return not path or covers_place(ruling.rule.scope.path, path)


def _share_renamings(rulings: Sequence[Ruling]) -> None:
    """Let rules of one space keep one account of what was renamed to what."""
    first: dict[str, Ruling] = {}
    for each in rulings:
        if each.rule.space:
            owner = first.setdefault(each.rule.space, each)
            each.forward, each.backward = owner.forward, owner.backward


def _use(ruling: Ruling, fired: set[str]) -> RuleUse:
    """Return what a rule did; of a preset's rules one that met values speaks for all."""
    use = ruling.use()
    quiet = ", preset " in use.source and use.source in fired and not ruling.fired
    return replace(use, complaint="") if quiet else use


def _stage(ruling: Ruling) -> int:
    return ruling.rule.stage


def _covers(scope: Scope, step: str | None, name: str) -> bool:
    """Whether a scope covers records of a step and name; what belongs to no step is covered by `*` alone."""
    if scope.step != ANY and (step is None or not glob(scope.step, step)):
        return False
    if scope.record in TEXT_RECORDS or scope.name == ANY:
        return True
    return path_glob(scope.name, name) if scope.record is RecordKind.ARTIFACT else glob(scope.name, name)
