"""What is true of two sessions that were found to agree: the one with the right to differ taken out.

Agreeing is not being equal. Times are each target's own, and text may agree only once paths, durations and
the like are replaced. A test that asserted on such a thing would hold on one target and not on the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from osiris_core.parity.side import labels, view
from osiris_core.parity.text import TextRules
from osiris_core.parity.values import signature
from osiris_core.session.volatile import is_volatile_metric, volatile_fields

if TYPE_CHECKING:
    from osiris_core.session.reader import Session

_ABSENT = object()


class Agreement:
    """Two agreeing sessions as one."""

    def __init__(self, left: Session, right: Session) -> None:
        names = labels(left, right)
        sides = view(left, names[0], is_left=True), view(right, names[1], is_left=False)
        self._left, self._right = left, right
        self._rules = TextRules(*sides, enabled=True)

    def events(self) -> tuple[dict[str, Any], ...]:
        """Return the events without volatile fields; a value that is not the same on both is left out."""
        pairs = zip(map(_lasting, self._left.events), map(_lasting, self._right.events), strict=True)
        return tuple(self._common(left, right) for left, right in pairs)

    def metrics(self) -> tuple[dict[str, Any], ...]:
        """Return the metrics that are the same on both: not those of time, the volatile ones, and those near by a rule."""
        there = Counter(signature(_untimed(metric)) for metric in self._right.metrics)
        agreed = []
        for metric in map(_untimed, self._left.metrics):
            key = signature(metric)
            if not is_volatile_metric(metric) and there[key]:
                there[key] -= 1
                agreed.append(metric)
        return tuple(agreed)

    def text(self, left: Mapping[str, bytes], right: Mapping[str, bytes]) -> dict[str, str]:
        """Return text by step; a line that is not equal on both has its normalized form, as `<temporary>/x`."""
        return {step: self._agreed_text(left[step], right.get(step, b"")) for step in left}

    def _agreed_text(self, left: bytes, right: bytes) -> str:
        if left == right:
            return readable(left)
        pairs = zip(readable(left).split("\n"), readable(right).split("\n"), strict=False)
        return "\n".join(a if a == b else self._rules.left_key(a) for a, b in pairs)

    def _common(self, left: Any, right: Any) -> Any:
        """Return what two values share; `_ABSENT` where that is nothing."""
        if left == right:
            return left
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            shared = {name: self._common(left[name], right[name]) for name in left if name in right}
            return {name: value for name, value in shared.items() if value is not _ABSENT}
        if isinstance(left, str) and isinstance(right, str):
            agreed = self._rules.left_key(left)
            return agreed if agreed == self._rules.right_key(right) else _ABSENT
        return _ABSENT


def readable(data: bytes) -> str:
    """Return what a step wrote as text; bytes that are no UTF-8 are shown as escapes."""
    return data.decode("utf-8", "backslashreplace")


def _untimed(metric: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in metric.items() if name != "ts"}


def _lasting(event: Mapping[str, Any]) -> dict[str, Any]:
    volatile = volatile_fields("events", str(event.get("event")))
    return {name: value for name, value in event.items() if name not in volatile}
