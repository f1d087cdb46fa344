"""Metrics: per step a multiset by name and tags, then by value; times and volatile ones by shape alone.

Of each group only its keys are counted, and what one side has oftener is read again: a million equal samples cost no memory.
Groups that a declared rule covers are held. The place of a declared rule is `value`; it has nothing to say of a metric that is judged by shape.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.declared.multiset import rank
from osiris_core.parity.record import Finding, Layer
from osiris_core.parity.shapes import is_count, time_fault
from osiris_core.parity.side import moment
from osiris_core.parity.values import kind_of, show, signature
from osiris_core.rules.model import RecordKind
from osiris_core.session.volatile import is_volatile_metric
from osiris_core.wire.canon import canonical_json

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from osiris_core.parity.declared.plan import Plan
    from osiris_core.parity.pair import Pair
    from osiris_core.parity.side import Side


@dataclass(frozen=True, slots=True)
class Sample:
    """One measured value; `key` decides equality."""

    value: Any
    unit: Any
    volatile: Any
    by_shape: bool
    key: bytes


Group = tuple[str | None, str, str]  # step, metric name, tags as text
_VALUE: Final = "value"


@dataclass(frozen=True, slots=True)
class _Groups:
    """One side's samples by group: how many there are of each key, and of groups that rules cover all of them."""

    counts: dict[Group, Counter[bytes]]
    held: dict[Group, list[Sample]]


def compare_metrics(pair: Pair) -> Iterator[Finding]:
    """Yield the findings of all metrics: faulty shapes first, then each group of samples."""
    for side in (pair.left, pair.right):
        yield from _shapes(side)
    left, right = _groups(pair, pair.left), _groups(pair, pair.right)
    everywhere = left.counts.keys() | right.counts.keys()
    differing = {group for group in everywhere if left.counts.get(group) != right.counts.get(group)}
    surplus = (
        _surplus(_samples(pair, pair.left, differing), right.counts),
        _surplus(_samples(pair, pair.right, differing), left.counts),
    )
    held = left.held.keys() | right.held.keys()
    for group in sorted(differing | held, key=lambda group: (pair.rank(group[0]), group[1:])):
        only = surplus[0].get(group, []), surplus[1].get(group, [])
        yield from _compare_group(pair, group, (left, right), only)


def _groups(pair: Pair, side: Side) -> _Groups:
    found = _Groups(counts=defaultdict(Counter), held=defaultdict(list))
    for group, sample in _samples(pair, side):
        found.counts[group][sample.key] += 1
        if _plan(pair, group) is not None:
            found.held[group].append(sample)
    return found


def _samples(pair: Pair, side: Side, wanted: Collection[Group] | None = None) -> Iterator[tuple[Group, Sample]]:
    """Yield all samples of one side in order, or those of some groups."""
    for metric in side.session.metrics if wanted is None or wanted else ():
        group = group_of(metric)
        if wanted is None or group in wanted:
            yield group, sample_of(pair, group, metric, is_left=side.is_left)


def group_of(metric: dict[str, Any]) -> Group:
    """Return the group of a metric: only those of one group are held against each other."""
    return metric.get("step"), str(metric.get("metric")), _tags(metric)


def sample_of(pair: Pair, group: Group, metric: dict[str, Any], *, is_left: bool) -> Sample:
    """Return a metric of one side as what is held against the other's."""
    unit, volatile, value = metric.get("unit"), metric.get("volatile"), metric.get("value")
    by_shape = is_volatile_metric(metric)
    plan = None if by_shape else _plan(pair, group)
    form = None if by_shape else value if plan is None else plan.form(value, is_left=is_left, inside=_VALUE)
    return Sample(value, unit, volatile, by_shape, signature([unit, volatile, form]))


def _plan(pair: Pair, group: Group) -> Plan | None:
    return pair.rules.plan(RecordKind.METRIC, group[0], group[1])


def _tags(metric: dict[str, Any]) -> str:
    tags = metric.get("tags")
    return canonical_json(tags).decode("ascii") if tags else ""


def _compare_group(
    pair: Pair, group: Group, sides: tuple[_Groups, _Groups], surplus: tuple[list[Sample], list[Sample]]
) -> Iterator[Finding]:
    step, name, tags = group
    path = f"{name}{tags}"
    finding = partial(Finding, layer=Layer.METRICS, step=step, path=path)
    plan = _plan(pair, group)
    if plan is not None:
        for a, b in matched(*(side.held.get(group, []) for side in sides)):
            yield from _held(pair, finding, plan, (a, b))
    only_left, only_right = surplus
    for a, b in zip(only_left, only_right, strict=False):
        if plan is not None and (a.unit, a.volatile, a.by_shape) == (b.unit, b.volatile, b.by_shape):
            yield from _held(pair, finding, plan, (a, b))
        else:
            yield _changed(pair, finding, a, b)
    shared = min(len(only_left), len(only_right))
    left_keys, right_keys = (side.counts.get(group, Counter()) for side in sides)
    for sample in only_left[shared:]:
        yield _alone(finding, pair, sample, missing=True, doubled=sample.key in right_keys)
    for sample in only_right[shared:]:
        yield _alone(finding, pair, sample, missing=False, doubled=sample.key in left_keys)


def matched(left: list[Sample], right: list[Sample]) -> Iterator[tuple[Sample, Sample]]:
    """Yield the samples that are equal but for what a rule may set aside; near values belong together."""
    waiting: dict[bytes, list[Sample]] = defaultdict(list)
    for sample in sorted(right, key=lambda sample: rank(sample.value), reverse=True):
        waiting[sample.key].append(sample)
    for sample in sorted(left, key=lambda sample: rank(sample.value)):
        if waiting[sample.key] and not sample.by_shape:
            yield sample, waiting[sample.key].pop()


def _held(pair: Pair, finding: Callable[..., Finding], plan: Plan, samples: tuple[Sample, Sample]) -> Iterator[Finding]:
    """Hold two samples of one group against each other under the rules that cover them."""
    a, b = samples
    found = _changed(pair, finding, a, b)
    for each in plan.differences(a.value, b.value, found.path, inside=_VALUE):
        message = f"{found.message}: {each.fault}" if each.fault else found.message
        yield replace(found, code=each.code or found.code, message=message)


def _changed(pair: Pair, finding: Callable[..., Finding], a: Sample, b: Sample) -> Finding:
    x, y = _forms(a, b)
    found = finding(code="metric-changed", message="", left=x, right=y, kinds=(kind_of(a.value), kind_of(b.value)))
    return replace(found, message=f"{found.path} is {x} on {pair.left.label} and {y} on {pair.right.label}")


def _surplus(
    samples: Iterator[tuple[Group, Sample]], others: Mapping[Group, Counter[bytes]]
) -> dict[Group, list[Sample]]:
    """Return, by group, the samples that the other side does not have as often: of equal ones the last."""
    there: dict[Group, Counter[bytes]] = {}
    surplus: dict[Group, list[Sample]] = defaultdict(list)
    for group, sample in samples:
        if group not in there:
            there[group] = Counter(others.get(group, ()))
        there[group][sample.key] -= 1
        if there[group][sample.key] < 0:
            surplus[group].append(sample)
    return surplus


def _forms(a: Sample, b: Sample) -> tuple[str, str]:
    """Return both samples in words; unit and volatile mark only where they differ."""
    left, right = show(a.value), show(b.value)
    if a.unit != b.unit:
        left, right = f"{left} in {show(a.unit)}", f"{right} in {show(b.unit)}"
    if a.volatile != b.volatile:
        left, right = f"{left} (volatile: {show(a.volatile)})", f"{right} (volatile: {show(b.volatile)})"
    return left, right


def _alone(finding: Callable[..., Finding], pair: Pair, sample: Sample, *, missing: bool, doubled: bool) -> Finding:
    side = pair.left if missing else pair.right
    code = "metric-doubled" if doubled else "metric-missing" if missing else "metric-extra"
    message = f"{side.label} logs it more often" if doubled else f"only {side.label} logs it"
    shown = show(sample.value)
    return finding(
        code=code,
        message=message,
        left=shown if missing else "(absent)",
        right="(absent)" if missing else shown,
    )


def _shapes(side: Side) -> Iterator[Finding]:
    for metric, fault in shape_faults(side, side.session.metrics):
        yield Finding(
            layer=Layer.METRICS,
            step=metric.get("step"),
            code="metric-shape",
            path=str(metric.get("metric")),
            message=f"on {side.label} {fault}",
            left=show(metric.get("value")) if side.is_left else "",
            right="" if side.is_left else show(metric.get("value")),
        )


def shape_faults(side: Side, metrics: Iterable[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield `(metric, what is wrong)` for every time, and value judged by shape, that does not keep it; `metrics` are those of a side, in order."""
    latest = None
    for metric in metrics:
        when = moment(metric.get("ts"))
        fault = time_fault(metric.get("ts"), when, side.window, latest)
        latest = when or latest
        if not fault and is_volatile_metric(metric):
            value = metric.get("value")
            fault = "" if is_count(value) else f"{show(value)} is no finite number >= 0"
        if fault:
            yield metric, fault
