"""Which differences are causes and which follow from them, and which of them are the same thing many times over.

A step is a cause where it differs although nothing that it takes anything from does. Everything else is an effect: at
steps downstream, and at those that were skipped because of one that differs. Differences of one layer, code and place,
numbers in the place aside, are one group.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osiris_core.parity.record import FindingGroup

if TYPE_CHECKING:
    from collections.abc import Collection

    from osiris_core.parity.pair import Pair
    from osiris_core.parity.record import Finding, Layer

MOST_GROUPS: Final = 500
"""Groups that are kept; what is of a further kind is counted with the rest of its step and layer."""

_NUMBER: Final = re.compile(r"\d+")

_Signature = tuple["Layer", str | None, str, str]


@dataclass(slots=True)
class _Group:
    first: Finding
    count: int = 0


class Grouping:
    """Counts findings by their signature, as they come."""

    def __init__(self) -> None:
        self._groups: dict[_Signature, _Group] = {}

    def add(self, finding: Finding) -> None:
        """Count a finding."""
        signature = _signature(finding)
        if signature not in self._groups and len(self._groups) >= MOST_GROUPS:
            signature = (finding.layer, finding.step, finding.code, "…")
        self._groups.setdefault(signature, _Group(finding)).count += 1

    def groups(self, pair: Pair, causes: Collection[str]) -> tuple[FindingGroup, ...]:
        """Return the groups in the order of the steps; `causes` are the steps whose groups are no effects."""
        found = sorted(self._groups.items(), key=lambda item: pair.rank(item[0][1]))
        return tuple(
            FindingGroup(
                layer=layer,
                step=step,
                code=code,
                pattern=pattern,
                count=group.count,
                message=group.first.message,
                hint=group.first.hint,
                effect=bool(causes) and step not in causes,
            )
            for (layer, step, code, pattern), group in found
        )


def causing_steps(pair: Pair, diverging: Collection[str]) -> tuple[str, ...]:
    """Return the diverging steps that no other diverging step leads to, in the order of execution.

    In a graph that runs in a circle, which only a foreign session can have, it is the first of them.
    """
    led_to = {name for step in diverging for name in pair.downstream(step)} | _skipped_because_of(pair, diverging)
    ordered = sorted(diverging, key=pair.rank)
    return tuple(step for step in ordered if step not in led_to) or tuple(ordered[:1])


def _skipped_because_of(pair: Pair, diverging: Collection[str]) -> set[str]:
    states = (*pair.left.session.steps, *pair.right.session.steps)
    return {state.id for state in states if state.cause in diverging and state.cause != state.id}


def _signature(finding: Finding) -> _Signature:
    return finding.layer, finding.step, finding.code, _NUMBER.sub("#", finding.path)
