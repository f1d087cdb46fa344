"""Events as rows, each its line of JSON: matched, and judged field by field, as the layer `events` does it.

The events of a step are aligned by what stands for them (`event_keys`). The k-th of a name that only one side has goes with the k-th of
that name that only the other has: these changed. An event that is in another place stands where it is on each side.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from osiris_core.parity.exhibit.forms import VOLATILE, Acting, event_form, line_of
from osiris_core.parity.exhibit.model import Row, Standing
from osiris_core.parity.exhibit.text_rows import lone_row, paired_row
from osiris_core.parity.layers.event_keys import key_of, stable
from osiris_core.parity.layers.events import event_differences
from osiris_core.parity.lines import Block, differing_blocks
from osiris_core.rules.model import RecordKind
from osiris_core.wire.records import STEP_COMPLETE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osiris_core.parity.declared.plan import Plan
    from osiris_core.parity.exhibit.forms import Tables
    from osiris_core.parity.pair import Pair


@dataclass(slots=True)
class Event:
    """One event of a side: `token` stands for it in the alignment, `faults` are its fields that do not keep their shape."""

    number: int
    value: dict[str, Any]
    plan: Plan | None
    token: str
    faults: frozenset[str]

    @property
    def name(self) -> str:
        """Its name, by which events are matched that are not equal."""
        return str(self.value.get("event"))


class EventRows:
    """The rows of one pair. Steps are to be asked for in their order, each once: declared rules keep account of what they saw."""

    def __init__(self, pair: Pair, faults: dict[int, set[str]], tables: dict[str | None, Tables]) -> None:
        """Take the fields that do not keep their shape, by `id` of their event, and how the tables of steps stand."""
        self._pair = pair
        self._faults = faults
        self._tables = tables

    def of_step(self, step: str | None, left: Sequence[dict[str, Any]], right: Sequence[dict[str, Any]]) -> list[Row]:
        """Return the rows of the events of one step, or of those that belong to none."""
        a = [self._event(step, number, event, is_left=True) for number, event in enumerate(left, start=1)]
        b = [self._event(step, number, event, is_left=False) for number, event in enumerate(right, start=1)]
        unequal = self._unequal(a, b)
        rows: list[Row] = []
        at_left = at_right = 0
        end = Block(len(a), len(a), len(b), len(b))
        for block in [*differing_blocks([each.token for each in a], [each.token for each in b]), end]:
            pairs = zip(a[at_left : block.left_start], b[at_right : block.right_start], strict=True)
            rows += [self._row(step, x, y, unequal) for x, y in pairs]
            rows += [self._alone(each, is_left=True) for each in a[block.left_start : block.left_end]]
            rows += [self._alone(each, is_left=False) for each in b[block.right_start : block.right_end]]
            at_left, at_right = block.left_end, block.right_end
        return rows

    def _event(self, step: str | None, number: int, value: dict[str, Any], *, is_left: bool) -> Event:
        plan = self._pair.rules.plan(RecordKind.EVENT, step, str(value.get("event")))
        key = key_of(value) if plan is None else plan.signature_of(stable(value), is_left=is_left)
        return Event(number, value, plan, key.hex(), frozenset(self._faults.get(id(value), ())))

    def _unequal(self, left: list[Event], right: list[Event]) -> dict[int, Acting]:
        """Judge the pairs that have to be looked into, and give those that changed one token; return what was said, by `id`."""
        said: dict[int, Acting] = {}
        for a, b in _matched(left, right):
            if a.plan is not None:
                said[id(a)] = said[id(b)] = self._looked_into(a, b)
        for a, b in _changed(left, right):
            said[id(a)] = said[id(b)] = self._looked_into(a, b)
            a.token = b.token = f"{a.token} {b.token}"
        return said

    def _looked_into(self, left: Event, right: Event) -> Acting:
        acting = Acting(self._pair)
        found = list(event_differences(self._pair, left.name, stable(left.value), stable(right.value)))
        acting.end(equal=not found)
        return acting

    def _row(self, step: str | None, left: Event, right: Event, unequal: dict[int, Acting]) -> Row:
        raw = line_of(left.value), line_of(right.value)
        looked = [unequal[id(each)] for each in (left, right) if id(each) in unequal]
        tables = self._tables_of(step, left, right)
        equal = all(each.equal for each in looked) and not left.faults and not right.faults
        equal = equal and (tables is None or tables.equal)
        if equal and raw[0] == raw[1]:
            return Row(Standing.SAME, left.number, right.number, *raw)
        names = dict.fromkeys(name for each in looked for name in each.rules)
        names.update(dict.fromkeys(tables.rules if tables else ()))
        tokens = [self._form(each, is_left=each is left, tables=tables) for each in (left, right)]
        if any(varies for _, varies in tokens):
            names[VOLATILE] = None
        forms = tokens[0][0], tokens[1][0]
        return paired_row((left.number, right.number), raw, forms, tuple(names), equal=equal)

    def _alone(self, event: Event, *, is_left: bool) -> Row:
        form, varies = self._form(event, is_left=is_left, tables=None)
        rules = (VOLATILE,) if varies else ()
        return lone_row(line_of(event.value), event.number, is_left=is_left, form=form, rules=rules)

    def _form(self, event: Event, *, is_left: bool, tables: Tables | None) -> tuple[str, bool]:
        return event_form(self._pair, event.value, event.plan, is_left=is_left, but=event.faults, tables=tables)

    def _tables_of(self, step: str | None, left: Event, right: Event) -> Tables | None:
        """Return how the tables stand that two events tell of, or None where they tell of none, or of the same."""
        if left.name != STEP_COMPLETE or left.value.get("tables") == right.value.get("tables"):
            return None
        return self._tables.get(step)


def _matched(left: list[Event], right: list[Event]) -> Iterator[tuple[Event, Event]]:
    """Yield the events of equal tokens, first with first."""
    waiting: dict[str, deque[Event]] = defaultdict(deque)
    for each in right:
        waiting[each.token].append(each)
    for each in left:
        if waiting[each.token]:
            yield each, waiting[each.token].popleft()


def _changed(left: list[Event], right: list[Event]) -> list[tuple[Event, Event]]:
    """Return the k-th of each name that only the left side has with the k-th that only the right one has."""
    waiting: dict[str, deque[Event]] = defaultdict(deque)
    for each in _surplus(right, Counter(event.token for event in left)):
        waiting[each.name].append(each)
    return [
        (each, waiting[each.name].popleft())
        for each in _surplus(left, Counter(event.token for event in right))
        if waiting[each.name]
    ]


def _surplus(events: list[Event], others: Counter[str]) -> list[Event]:
    """Return the events that the other side does not have, or not as often: the later ones."""
    surplus = []
    for each in events:
        others[each.token] -= 1
        if others[each.token] < 0:
            surplus.append(each)
    return surplus
