"""The declared rules of one pair of files, applied to what is in them; each rule counts what it did itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.declared.plan import Plan, covers_place
from osiris_core.parity.kinds.json_places import differing_places
from osiris_core.parity.kinds.json_values import plain
from osiris_core.parity.kinds.protocol import SetAside
from osiris_core.parity.values import same_leaf

if TYPE_CHECKING:
    from collections.abc import Sequence

_INDEX: Final = re.compile(r"\[\d+\]")


def json_differences(
    plan: Plan, left: Any, right: Any
) -> tuple[list[tuple[str, Any, Any, str, str]], tuple[SetAside, ...]]:
    """Return what differs between two documents in spite of the rules, as (path, left, right, code, fault), and what they did.

    The rules see Python's own numbers; where these hide a difference and no rule covers the place, it stays one.
    ValueError or RecursionError where a document cannot be had as these.
    """
    before = _decided(plan)
    places = [
        (each.path, each.left, each.right, each.code, each.fault)
        for each in plan.differences(plain(left), plain(right))
    ]
    did = list(_did(plan, before))
    for path, a, b in differing_places(left, right):
        if not (isinstance(a, tuple) and isinstance(b, tuple) and same_leaf(plain(a), plain(b))):
            continue
        place = _INDEX.sub("[*]", path)
        rule = next((each.rule for each in plan.rulings if covers_place(each.rule.scope.path, place)), None)
        if rule is None:
            places.append((path, a, b, "", ""))
        else:
            did.append(SetAside(rule=rule.id, reason=rule.reason, path=path, left=a[1], right=b[1]))
    return places, tuple(did)


def same_but_for_stretches(plan: Plan, left: str, right: str) -> tuple[SetAside, ...]:
    """Return the rules about stretches of text that make two texts equal; none where they do not."""
    stretches = Plan([each for each in plan.rulings if each.rule.scope.match])
    if not stretches.rulings:
        return ()
    before = _decided(stretches)
    return () if any(stretches.differences(left, right)) else _did(stretches, before)


def _decided(plan: Plan) -> Sequence[int]:
    return [each.decided for each in plan.rulings]


def _did(plan: Plan, before: Sequence[int]) -> tuple[SetAside, ...]:
    return tuple(
        SetAside(rule=each.rule.id, reason=each.rule.reason, counted=True)
        for each, count in zip(plan.rulings, before, strict=True)
        if each.decided > count
    )
