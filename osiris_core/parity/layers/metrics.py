"""Metrics: per step a multiset by name and tags, then by value; times and volatile ones by shape alone.

The place of a declared rule is `value`; it has nothing to say of a metric that is judged by shape.
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
from osiris_core.parity.values import show, signature
from osiris_core.rules.model import RecordKind
from osiris_core.session.volatile import is_volatile_metric
from osiris_core.wire.canon import canonical_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from osiris_core.parity.declared.plan import Plan
    from osiris_core.parity.pair import Pair
    from osiris_core.parity.side import Side


@dataclass(frozen=True, slots=True)
class _Sample:
    """One measured value; `key` decides equality."""

    value: Any
    unit: Any
    volatile: Any
    by_shape: bool
    key: bytes


_Group = tuple[str | None, str, str]  # step, metric name, tags as text
_Samples = dict[_Group, list[_Sample]]
_VALUE: Final = "value"


def compare_metrics(pair: Pair) -> Iterator[Finding]:
    """Yield the findings of all metrics: faulty shapes first, then each group of samples."""
    for side in (pair.left, pair.right):
        yield from _shapes(side)
    left, right = _samples(pair, pair.left), _samples(pair, pair.right)
    for group in sorted(left.keys() | right.keys(), key=lambda group: (pair.rank(group[0]), group[1:])):
        yield from _compare_group(pair, group, left.get(group, []), right.get(group, []))


def _samples(pair: Pair, side: Side) -> _Samples:
    groups: _Samples = defaultdict(list)
    for metric in side.session.metrics:
        unit, volatile, value = metric.get("unit"), metric.get("volatile"), metric.get("value")
        by_shape = is_volatile_metric(metric)
        group = (metric.get("step"), str(metric.get("metric")), _tags(metric))
        plan = None if by_shape else _plan(pair, group)
        form = None if by_shape else value if plan is None else plan.form(value, is_left=side.is_left, inside=_VALUE)
        key = signature([unit, volatile, form])
        groups[group].append(_Sample(value, unit, volatile, by_shape, key))
    return groups


def _plan(pair: Pair, group: _Group) -> Plan | None:
    return pair.rules.plan(RecordKind.METRIC, group[0], group[1])


def _tags(metric: dict[str, Any]) -> str:
    tags = metric.get("tags")
    return canonical_json(tags).decode("ascii") if tags else ""


def _compare_group(pair: Pair, group: _Group, left: list[_Sample], right: list[_Sample]) -> Iterator[Finding]:
    step, name, tags = group
    path = f"{name}{tags}"
    finding = partial(Finding, layer=Layer.METRICS, step=step, path=path)
    plan = _plan(pair, group)
    if plan is not None:
        for a, b in _matched(left, right):
            yield from _held(pair, finding, plan, (a, b))
    only_left, only_right = _surplus(left, right), _surplus(right, left)
    for a, b in zip(only_left, only_right, strict=False):
        if plan is not None and (a.unit, a.volatile, a.by_shape) == (b.unit, b.volatile, b.by_shape):
            yield from _held(pair, finding, plan, (a, b))
        else:
            yield _changed(pair, finding, a, b)
    shared = min(len(only_left), len(only_right))
    for sample in only_left[shared:]:
        yield _alone(finding, pair, sample, missing=True, doubled=any(sample.key == twin.key for twin in right))
    for sample in only_right[shared:]:
        yield _alone(finding, pair, sample, missing=False, doubled=any(sample.key == twin.key for twin in left))


def _matched(left: list[_Sample], right: list[_Sample]) -> Iterator[tuple[_Sample, _Sample]]:
    """Yield the samples that are equal but for what a rule may set aside; near values belong together."""
    waiting: dict[bytes, list[_Sample]] = defaultdict(list)
    for sample in sorted(right, key=lambda sample: rank(sample.value), reverse=True):
        waiting[sample.key].append(sample)
    for sample in sorted(left, key=lambda sample: rank(sample.value)):
        if waiting[sample.key] and not sample.by_shape:
            yield sample, waiting[sample.key].pop()


def _held(
    pair: Pair, finding: Callable[..., Finding], plan: Plan, samples: tuple[_Sample, _Sample]
) -> Iterator[Finding]:
    """Hold two samples of one group against each other under the rules that cover them."""
    a, b = samples
    found = _changed(pair, finding, a, b)
    for each in plan.differences(a.value, b.value, found.path, inside=_VALUE):
        message = f"{found.message}: {each.fault}" if each.fault else found.message
        yield replace(found, code=each.code or found.code, message=message)


def _changed(pair: Pair, finding: Callable[..., Finding], a: _Sample, b: _Sample) -> Finding:
    x, y = _forms(a, b)
    found = finding(code="metric-changed", message="", left=x, right=y)
    return replace(found, message=f"{found.path} is {x} on {pair.left.label} and {y} on {pair.right.label}")


def _surplus(samples: list[_Sample], others: list[_Sample]) -> list[_Sample]:
    there = Counter(sample.key for sample in others)
    surplus = []
    for sample in samples:
        there[sample.key] -= 1
        if there[sample.key] < 0:
            surplus.append(sample)
    return surplus


def _forms(a: _Sample, b: _Sample) -> tuple[str, str]:
    """Return both samples in words; unit and volatile mark only where they differ."""
    left, right = show(a.value), show(b.value)
    if a.unit != b.unit:
        left, right = f"{left} in {show(a.unit)}", f"{right} in {show(b.unit)}"
    if a.volatile != b.volatile:
        left, right = f"{left} (volatile: {show(a.volatile)})", f"{right} (volatile: {show(b.volatile)})"
    return left, right


def _alone(finding: Callable[..., Finding], pair: Pair, sample: _Sample, *, missing: bool, doubled: bool) -> Finding:
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
    latest = None
    for metric in side.session.metrics:
        when = moment(metric.get("ts"))
        fault = time_fault(metric.get("ts"), when, side.window, latest)
        latest = when or latest
        if not fault and is_volatile_metric(metric):
            value = metric.get("value")
            fault = "" if is_count(value) else f"{show(value)} is no finite number >= 0"
        if fault:
            yield Finding(
                layer=Layer.METRICS,
                step=metric.get("step"),
                code="metric-shape",
                path=str(metric.get("metric")),
                message=f"on {side.label} {fault}",
                left=show(metric.get("value")) if side.is_left else "",
                right="" if side.is_left else show(metric.get("value")),
            )
