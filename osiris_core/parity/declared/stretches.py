"""The stretches of a text that rules claim: a text falls apart into what is compared as it stands, and claimed values.

Rules are asked in their order; the first one that claims a stretch has it. In what is compared each claimed value is
`<#3>`, the number of its rule; a literal `<` is doubled, so that no text can pretend to be one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osiris_core.parity.declared.ruling import Said
from osiris_core.rules.patterns import bounded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.parity.declared.ruling import Ruling


@dataclass(frozen=True, slots=True)
class Cut:
    """A text without its claimed values; `values` are (number of the rule, raw value) in their order.

    `fault` says what keeps a value that was found from its rule's shape; such a value is not claimed.
    """

    text: str
    values: tuple[tuple[int, str], ...] = ()
    fault: str = ""


def cut(text: str, rulings: Sequence[Ruling], *, is_left: bool) -> Cut:
    """Cut the claimed values out of a text of one side; `rulings` are those whose rule has a `match`."""
    claimed: list[tuple[int, int, int]] = []
    fault = ""
    for number, ruling in enumerate(rulings):
        for start, end in bounded(ruling.rule.scope.match).values(text):
            if any(start < other_end and other_start < end for other_start, other_end, _ in claimed):
                continue
            wrong = ruling.shape_fault(text[start:end], is_left=is_left)
            if wrong:
                label = ruling.left.label if is_left else ruling.right.label
                fault = fault or f"on {label} {wrong}, as `{ruling.rule.id}` demands"
            else:
                claimed.append((start, end, number))
    if not claimed:
        return Cut(text.replace("<", "<<"), (), fault)
    claimed.sort()
    pieces, at = [], 0
    for start, end, number in claimed:
        pieces += [text[at:start].replace("<", "<<"), f"<#{number}>"]
        at = end
    pieces.append(text[at:].replace("<", "<<"))
    return Cut("".join(pieces), tuple((number, text[start:end]) for start, end, number in claimed), fault)


def settle(place: str, rulings: Sequence[Ruling], left: Cut, right: Cut) -> Said | None:
    """Judge the claimed values of two texts that are equal without them; return the first that is not equal."""
    if [number for number, _ in left.values] != [number for number, _ in right.values]:
        return Said(equal=False, fault="other rules claim the values on the two sides")
    told = [rulings[number].judge(place, a, b) for (number, a), (_, b) in zip(left.values, right.values, strict=True)]
    return next((said for said in told if not said.equal), None)
