"""One declared rule between two sides: what it says of two values, and the count of what it did.

A value outside the rule's shape is a fault on its side, also where both sides have the same: what was declared to be a time
and is none is no time on either. Equal values need no rule, but they count as met, and a bijection takes note of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.declared.distance import distance
from osiris_core.parity.declared.known import known_replacer
from osiris_core.parity.declared.shapes import as_number, is_scalar, shape_fault
from osiris_core.parity.record import RuleUse
from osiris_core.parity.values import same_leaf, show, signature
from osiris_core.rules.forms import TEXT_FORMS, Form
from osiris_core.rules.model import RuleKind, Shape
from osiris_core.rules.writing import rule_data

if TYPE_CHECKING:
    from collections.abc import Callable

    from osiris_core.parity.side import Side
    from osiris_core.rules.model import Rule

EXAMPLES: Final = 20
"""Raw pairs kept for each rule; of many rules each has a share of what a record holds."""
_OWN: Final = ("manifest", "marker")
"""Who declares a rule for one manifest: others declare them for many, where one may well have nothing to do."""
_ANYTHING: Final = Shape()


@dataclass(frozen=True, slots=True)
class Said:
    """What a rule says of two values: equal, or not, with the reason code and the reason where the rule knows more."""

    equal: bool
    code: str = ""
    fault: str = ""


_EQUAL: Final = Said(equal=True)
_DIFFERENT: Final = Said(equal=False)


@dataclass(slots=True)
class Ruling:
    """A rule at work; `met` are the values in its scope and `hits` those that it set aside, by side.

    `seen` says that something in its scope was there whose values nobody counted, such as a file that is equal;
    `idle_at` is the first table file of which it covers a column, where it can do nothing.
    """

    rule: Rule
    left: Side
    right: Side
    met: list[int] = field(default_factory=lambda: [0, 0])
    hits: list[int] = field(default_factory=lambda: [0, 0])
    seen: bool = False
    idle_at: str = ""
    decided: int = 0
    examples: list[tuple[str, str, str]] = field(default_factory=list)
    largest: tuple[float, float] = (0.0, 0.0)  # of the distances seen: the share of what is allowed, and the distance
    forward: dict[Any, Any] = field(default_factory=dict)
    backward: dict[Any, Any] = field(default_factory=dict)
    replacers: dict[bool, Callable[[str], str]] = field(default_factory=dict)  # of known values, by whether of the left

    def shape_fault(self, value: Any, *, is_left: bool) -> str:
        """Say what keeps a value of one side from the rule's shape; a rule without a shape asks nothing."""
        if self.rule.shape == _ANYTHING:
            return ""
        side = self.left if is_left else self.right
        return shape_fault(self.rule.shape, value, side.window)

    def form(self, value: Any, *, is_left: bool) -> Any:
        """Return what stands for a value where two sides are matched; the value itself where the rule cannot have it."""
        kind = self.rule.kind
        if kind is RuleKind.CANONICAL:
            return canonical(self.rule.form, value)
        if kind is RuleKind.KNOWN_VALUE:
            return self._known(value, is_left=is_left)
        if not is_scalar(value) or self.shape_fault(value, is_left=is_left):
            return value
        if kind is RuleKind.TOLERANCE and as_number(value) is None:
            return value
        return _Token(f"{self.rule.id}:{type(value).__name__}")

    def applies(self, value: Any, *, is_left: bool) -> bool:
        """Whether the rule has anything to say of a value in its scope."""
        if self.rule.kind in {RuleKind.CANONICAL, RuleKind.KNOWN_VALUE}:
            return not same_value(self.form(value, is_left=is_left), _unformed(self.rule, value))
        return True

    def judge(self, place: str, left: Any, right: Any) -> Said:
        """Say whether two values at a place count as equal; everything is counted."""
        self.meet()
        for value, is_left in ((left, True), (right, False)):
            if fault := self.shape_fault(value, is_left=is_left):
                label = self.left.label if is_left else self.right.label
                return Said(equal=False, code="rule-shape", fault=f"on {label} {fault}, as `{self.rule.id}` demands")
        if self.rule.kind is RuleKind.BIJECTION and is_scalar(left) and is_scalar(right):
            said = self._renamed(left, right)
        elif same_value(left, right):
            return _EQUAL
        else:
            said = self._apart(left, right)
        if said.equal and not same_value(left, right):
            self.set_aside(place, left, right)
        return said

    def meet(self, count: int = 1) -> None:
        """Count values in the rule's scope, on both sides."""
        self.met[0] += count
        self.met[1] += count

    def set_aside(self, place: str, left: Any, right: Any, *, count: int = 1) -> None:
        """Count that this rule made two values equal."""
        self.hits[0] += count
        self.hits[1] += count
        self.decided += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append((place, show(left), show(right)))

    def complaint(self) -> str:
        """Say what is wrong with the rule after all was compared: it hid too much, or never met a value."""
        bounds, hits, met = self.rule.bounds, max(self.hits), max(self.met)
        if bounds.max_hits is not None and hits > bounds.max_hits:
            return f"set {hits:,} values aside, at most {bounds.max_hits:,} are allowed"
        if bounds.max_share is not None and met and hits / met > bounds.max_share:
            return f"set {hits:,} of {met:,} values aside, at most {bounds.max_share:.4g} of them are allowed"
        if self.idle_at and not max(met, hits):
            return f"does nothing for cells of table files: {self.idle_at}"
        if not self.fired and (self.rule.bounds.must_fire or self.rule.source.startswith(_OWN)):
            return "never met a value: it is out of date, or its scope is wrong"
        return ""

    @property
    def fired(self) -> bool:
        """Whether there was anything in its scope."""
        return self.seen or bool(max(self.met))

    @property
    def breaks_bounds(self) -> bool:
        """Whether the complaint fails the check."""
        counted = bool(max(self.met)) or (self.seen and not self.idle_at)
        return bool(self.complaint()) and (counted or self.rule.bounds.must_fire)

    def use(self) -> RuleUse:
        """Return what the rule did, for the record."""
        return RuleUse(
            rule=self.rule.id,
            reason=self.rule.reason,
            left_hits=self.hits[0],
            right_hits=self.hits[1],
            decided=self.decided,
            examples=tuple(self.examples),
            source=self.rule.source,
            complaint=self.complaint(),
            covered=(self.met[0], self.met[1]),
            note=self._note(),
            declared=rule_data(self.rule),
        )

    def _note(self) -> str:
        share, absolute = self.largest
        if self.rule.kind is not RuleKind.TOLERANCE or not share:
            return ""
        return f"the largest distance seen was {absolute:.3g}, {share:.0%} of what is allowed"

    def _known(self, value: Any, *, is_left: bool) -> Any:
        return self.known_text(value.replace("<", "<<"), is_left=is_left) if isinstance(value, str) else value

    def known_text(self, text: str, *, is_left: bool) -> str:
        """Return a text of one side, in which every `<` is doubled, with tokens for known values."""
        if is_left not in self.replacers:
            self.replacers[is_left] = known_replacer(self.left if is_left else self.right, self.rule.known)
        return self.replacers[is_left](text)

    def _renamed(self, left: Any, right: Any) -> Said:
        """Demand that each value of one side always stands for the same value of the other."""
        if type(left) is not type(right):
            return Said(equal=False, code="rule-bijection", fault=f"the types of {show(left)} and {show(right)} differ")
        a, b = signature(left), signature(right)
        if self.forward.setdefault(a, b) == b and self.backward.setdefault(b, a) == a:
            return _EQUAL
        if self.forward[a] == b:  # new on the left, known on the right: take the note back
            del self.forward[a]
            fault = f"{show(right)} on {self.right.label} stands for another value than {show(left)} elsewhere"
        else:
            fault = f"{show(left)} on {self.left.label} stands for another value than {show(right)} elsewhere"
        return Said(equal=False, code="rule-bijection", fault=f"{fault}, so `{self.rule.id}` finds no renaming")

    def _apart(self, left: Any, right: Any) -> Said:
        """Judge two values that differ as they stand."""
        kind = self.rule.kind
        if kind in {RuleKind.CANONICAL, RuleKind.KNOWN_VALUE}:
            forms = self.form(left, is_left=True), self.form(right, is_left=False)
            return _EQUAL if same_value(*forms) else _DIFFERENT
        if type(left) is not type(right) or not is_scalar(left) or not is_scalar(right):
            return _DIFFERENT
        if kind is RuleKind.TOLERANCE:
            return self._near(left, right)
        return _EQUAL if kind is RuleKind.TOKEN else _DIFFERENT

    def near(self, left: float | None, right: float | None) -> bool:
        """Whether two numbers are within the tolerance; the largest distance is kept."""
        if left is None or right is None:
            return False
        apart = distance(left, right, self.rule.tolerance)
        if apart.within:
            self.largest = max(self.largest, (apart.share, apart.absolute))
        return apart.within

    def _near(self, left: Any, right: Any) -> Said:
        a, b = as_number(left), as_number(right)
        if a is None or b is None:
            return _DIFFERENT
        if self.near(a, b):
            return _EQUAL
        apart = distance(a, b, self.rule.tolerance)
        return Said(equal=False, fault=f"{apart.absolute:.3g} apart, more than `{self.rule.id}` allows")


@dataclass(frozen=True, slots=True)
class _Token:
    """Stands for a value that a rule claims; no text can pretend to be one."""

    name: str


def unwrapped(value: Any) -> Any:
    """Return a value with tokens spelled as one member objects, so that it has a signature."""
    if isinstance(value, _Token):
        return {"\0": value.name}
    if isinstance(value, dict):
        return {name: unwrapped(each) for name, each in value.items()}
    return [unwrapped(each) for each in value] if isinstance(value, list | tuple) else value


def canonical(form: str, value: Any) -> Any:
    """Return the canonical form of a value; a value that the form is not about is its own."""
    chosen = Form(form)
    if chosen is Form.WHOLE_FLOATS:
        whole = isinstance(value, float) and value.is_integer() and not same_leaf(value, -0.0)
        return int(value) if whole else value
    if chosen is Form.EMPTY_IS_NULL:
        return None if value == "" and isinstance(value, str) else value
    change = TEXT_FORMS.get(chosen)
    return change(value) if change is not None and isinstance(value, str) else value


def same_value(left: Any, right: Any) -> bool:
    """Whether two values of any depth are the same, types and all."""
    if isinstance(left, dict | list | tuple) and isinstance(right, dict | list | tuple):
        return signature(left) == signature(right)
    return same_leaf(left, right)


def _unformed(rule: Rule, value: Any) -> Any:
    """Return the form that a value has where a rule finds nothing in it."""
    if rule.kind is RuleKind.KNOWN_VALUE and isinstance(value, str):
        return value.replace("<", "<<")
    return value
