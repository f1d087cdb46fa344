"""The declared rules of lines of text: of one step's log, of what it printed, or of the text of an error.

Values found by a rule's `match` are taken out first; what is left is held under the rules of whole lines, known values
before canonical forms, and in the end under the default rules (`parity/text.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osiris_core.parity.declared.ruling import Said, canonical
from osiris_core.parity.declared.stretches import Cut, cut, settle
from osiris_core.rules.model import RuleKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.parity.declared.ruling import Ruling

_CLAIMED: Final = re.compile(r"<<|<#(\d+)>")
"""A literal `<`, or the number of the rule that claimed a value."""


@dataclass(frozen=True, slots=True)
class Line:
    """A text under the declared rules: what is compared, what was cut out of it, and its form after each rule of whole lines."""

    cut: Cut
    forms: tuple[str, ...]

    @property
    def text(self) -> str:
        """What is compared; every literal `<` in it is doubled."""
        return self.forms[-1] if self.forms else self.cut.text


class LineRules:
    """The declared rules of one kind of line at one step."""

    def __init__(self, rulings: Sequence[Ruling]) -> None:
        self.stretches = tuple(each for each in rulings if each.rule.scope.match)
        self.whole = tuple(each for each in rulings if not each.rule.scope.match)

    def line(self, text: str, *, is_left: bool) -> Line:
        """Return a text of one side under the rules; nothing is counted."""
        if not self.stretches and not self.whole:
            return Line(Cut(text.replace("<", "<<")), ())
        body = text.removesuffix("\n")  # the end of a line is no part of a value
        taken = cut(body, self.stretches, is_left=is_left)
        taken = taken if body is text else Cut(f"{taken.text}\n", taken.values, taken.fault)
        forms: list[str] = []
        current = taken.text
        for each in self.whole:
            if each.rule.kind is RuleKind.KNOWN_VALUE:
                current = each.known_text(current, is_left=is_left)
            elif each.rule.kind is RuleKind.CANONICAL:
                current = canonical(each.rule.form, current)
            forms.append(current)
        return Line(taken, tuple(forms))

    def shown(self, line: Line, text: str) -> tuple[str, tuple[str, ...]]:
        """Return `text`, what became of a line, with the names of rules for their numbers, and the names of those that changed the line."""
        names = [each.rule.id for each in self.stretches]
        acting = {names[number]: None for number, _ in line.cut.values}
        before = line.cut.text
        for each, after in zip(self.whole, line.forms, strict=True):
            if before != after:
                acting[each.rule.id] = None
            before = after
        named = _CLAIMED.sub(lambda match: f"<{names[int(match[1])]}>" if match[1] else match[0], text)
        return named, tuple(acting)

    def settle(self, place: str, texts: tuple[str, str], left: Line, right: Line) -> Said | None:
        """Judge two texts that are equal once what the rules claim is taken out; count, and return what is not equal."""
        fault = left.cut.fault or right.cut.fault
        if fault:
            return Said(equal=False, code="rule-shape", fault=fault)
        said = settle(place, self.stretches, left.cut, right.cut)
        before = left.cut.text, right.cut.text
        for each, *after in zip(self.whole, left.forms, right.forms, strict=True):
            each.meet()
            if before[0] != before[1] and after[0] == after[1]:
                each.set_aside(place, *texts)
            before = after[0], after[1]
        return said
