"""Metrics as rows, each its line of JSON: a multiset by name and tags, matched and judged as the layer `metrics` does it.

Rows come in the order of the left side; what only the right side has stands where it is there. That the two are in another order is no
difference.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from osiris_core.parity.exhibit.forms import VOLATILE, Acting, line_of, named
from osiris_core.parity.exhibit.model import Row, Standing
from osiris_core.parity.exhibit.text_rows import lone_row, paired_row
from osiris_core.parity.layers.metrics import group_of, matched, sample_of
from osiris_core.rules.model import RecordKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from osiris_core.parity.declared.plan import Plan
    from osiris_core.parity.layers.metrics import Group, Sample
    from osiris_core.parity.pair import Pair

_VALUE = "value"


@dataclass(frozen=True, slots=True)
class _Metric:
    number: int
    value: dict[str, Any]
    group: Group
    sample: Sample
    faulty: bool


class MetricRows:
    """The rows of one pair; `faulty` are the metrics, by `id`, that do not keep their shape. Steps are to be asked for in their order."""

    def __init__(self, pair: Pair, faulty: Collection[int]) -> None:
        self._pair = pair
        self._faulty = faulty

    def of_step(self, left: Sequence[dict[str, Any]], right: Sequence[dict[str, Any]]) -> list[Row]:
        """Return the rows of the metrics of one step, or of those that belong to none."""
        a = [self._metric(number, each, is_left=True) for number, each in enumerate(left, start=1)]
        b = [self._metric(number, each, is_left=False) for number, each in enumerate(right, start=1)]
        partners: dict[int, tuple[_Metric, Acting]] = {}
        paired: set[int] = set()
        groups: dict[Group, tuple[list[_Metric], list[_Metric]]] = defaultdict(lambda: ([], []))
        for side, metrics in enumerate((a, b)):
            for each in metrics:
                groups[each.group][side].append(each)
        for group in sorted(groups, key=lambda group: group[1:]):
            for x, y, acting in self._pairs(group, *groups[group]):
                partners[x.number] = y, acting
                paired.add(y.number)
        return list(self._rows(a, b, partners, paired))

    def _metric(self, number: int, value: dict[str, Any], *, is_left: bool) -> _Metric:
        group = group_of(value)
        return _Metric(
            number, value, group, sample_of(self._pair, group, value, is_left=is_left), id(value) in self._faulty
        )

    def _plan(self, group: Group) -> Plan | None:
        return self._pair.rules.plan(RecordKind.METRIC, group[0], group[1])

    def _pairs(
        self, group: Group, left: list[_Metric], right: list[_Metric]
    ) -> Iterator[tuple[_Metric, _Metric, Acting]]:
        """Yield the metrics of a group that belong together, with what was said of them."""
        plan = self._plan(group)
        found: dict[int, _Metric] = {}
        if plan is not None:
            on_right = {id(each.sample): each for each in right}
            found = {id(x): on_right[id(y)] for x, y in matched([e.sample for e in left], [e.sample for e in right])}
        taken = {each.number for each in found.values()}
        waiting: dict[bytes, deque[_Metric]] = defaultdict(deque)
        for each in right:
            if each.number not in taken:
                waiting[each.sample.key].append(each)
        lone: list[_Metric] = []
        for each in left:
            if id(each.sample) in found:
                yield each, found[id(each.sample)], self._said(plan, each, found[id(each.sample)])
            elif waiting[each.sample.key]:
                yield each, waiting[each.sample.key].popleft(), Acting(self._pair)
            else:
                lone.append(each)
        rest = sorted((each for some in waiting.values() for each in some), key=lambda each: each.number)
        for x, y in zip(lone, rest, strict=False):
            a, b = x.sample, y.sample
            alike = (a.unit, a.volatile, a.by_shape) == (b.unit, b.volatile, b.by_shape)
            yield x, y, self._said(plan if alike else None, x, y)

    def _said(self, plan: Plan | None, left: _Metric, right: _Metric) -> Acting:
        acting = Acting(self._pair)
        differences = (
            [] if plan is None else list(plan.differences(left.sample.value, right.sample.value, _VALUE, inside=_VALUE))
        )
        acting.end(equal=plan is not None and not differences)
        return acting

    def _rows(
        self, left: list[_Metric], right: list[_Metric], partners: dict[int, tuple[_Metric, Acting]], paired: set[int]
    ) -> Iterator[Row]:
        lone = deque(each for each in right if each.number not in paired)
        for each in left:
            if each.number not in partners:
                yield self._alone(each, is_left=True)
                continue
            other, acting = partners[each.number]
            while lone and lone[0].number < other.number:
                yield self._alone(lone.popleft(), is_left=False)
            yield self._both(each, other, acting)
        for each in lone:
            yield self._alone(each, is_left=False)

    def _both(self, left: _Metric, right: _Metric, acting: Acting) -> Row:
        raw = line_of(left.value), line_of(right.value)
        equal = acting.equal and not left.faulty and not right.faulty
        if equal and raw[0] == raw[1]:
            return Row(Standing.SAME, left.number, right.number, *raw)
        forms = self._form(left, is_left=True), self._form(right, is_left=False)
        return paired_row((left.number, right.number), raw, forms, (*acting.rules, VOLATILE), equal=equal)

    def _alone(self, metric: _Metric, *, is_left: bool) -> Row:
        form = self._form(metric, is_left=is_left)
        return lone_row(line_of(metric.value), metric.number, is_left=is_left, form=form, rules=(VOLATILE,))

    def _form(self, metric: _Metric, *, is_left: bool) -> str:
        if metric.faulty:
            return line_of(metric.value)
        shown = {**metric.value, "ts": "<time>", "session": "<session>"}
        plan = self._plan(metric.group)
        if metric.sample.by_shape:
            shown[_VALUE] = "<volatile>"
        elif plan is not None:
            shown[_VALUE] = named(plan.form(metric.sample.value, is_left=is_left, inside=_VALUE), plan)
        return line_of(shown)
