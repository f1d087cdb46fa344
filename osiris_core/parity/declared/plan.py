"""All declared rules of one kind of record, step and name, over values of any depth.

A layer asks for the plan of what it compares. There is none where no rule covers anything there, and then rules cost
nothing. Where there is one, values are matched by `signature_of`, which has tokens for what may vary, and every matched
pair, equal or not, is walked by `differences`: that is where shapes are checked, renamings noted and everything counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from osiris_core.parity.declared.multiset import match
from osiris_core.parity.declared.ruling import unwrapped
from osiris_core.parity.declared.stretches import cut, settle
from osiris_core.parity.values import ABSENT, MAX_DEPTH, same_leaf, signature
from osiris_core.rules.model import ANY, RuleKind
from osiris_core.rules.patterns import place_glob

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osiris_core.parity.declared.ruling import Ruling, Said


@dataclass(frozen=True, slots=True)
class Difference:
    """One leaf that differs; `code` is a rule's own reason code, or empty, and `fault` what the rule knows more."""

    path: str
    left: Any
    right: Any
    code: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class _Claims:
    """The rules that cover a place: of whole values, of stretches of texts, and of lists without order."""

    whole: tuple[Ruling, ...]
    stretches: tuple[Ruling, ...]
    lists: tuple[Ruling, ...]


class Plan:
    """The rules that cover some place in values of one name; `rulings` are in the order in which they are asked."""

    def __init__(self, rulings: Sequence[Ruling]) -> None:
        self.rulings = tuple(rulings)
        self._claims: dict[str, _Claims] = {}

    def form(self, value: Any, *, is_left: bool, inside: str = "") -> Any:
        """Return a JSON value that is equal for values that may be the same under the rules: with tokens for what may vary.

        It matches records of two sides; `differences` has the last word.
        """
        return unwrapped(self._form(value, inside, is_left=is_left))

    def signature_of(self, value: Any, *, is_left: bool, inside: str = "") -> bytes:
        """Return the signature of `form`."""
        return signature(self.form(value, is_left=is_left, inside=inside))

    def differences(self, left: Any, right: Any, path: str = "", *, inside: str = "") -> Iterator[Difference]:
        """Yield what differs between two values in spite of the rules, with what each rule did counted.

        `path` is how the differences name the value, `inside` is its place for the rules: both usually grow together.
        """
        yield from self._walk(left, right, path, inside, 0)

    def covers(self, inside: str) -> bool:
        """Whether a rule covers one place."""
        claims = self._at(inside)
        return bool(claims.whole or claims.stretches or claims.lists)

    def covered_by(self, ruling: Ruling, inside: str) -> bool:
        """Whether one of the rules covers a place."""
        return covers_place(ruling.rule.scope.path, inside)

    def _walk(self, left: Any, right: Any, path: str, inside: str, depth: int) -> Iterator[Difference]:
        if isinstance(left, dict) and isinstance(right, dict) and depth < MAX_DEPTH:
            for name in sorted(left.keys() | right.keys(), key=str):
                shown, place = (f"{base}.{name}" if base else str(name) for base in (path, inside))
                a, b = left.get(name, ABSENT), right.get(name, ABSENT)
                yield from self._walk(a, b, shown, place, depth + 1)
        elif isinstance(left, list | tuple) and isinstance(right, list | tuple) and depth < MAX_DEPTH:
            unordered = self._at(inside).lists
            if unordered:
                yield from self._multiset(unordered[0], (left, right), path, inside, depth)
            else:
                yield from self._lists(left, right, path, inside, depth)
        elif isinstance(left, dict | list | tuple) or isinstance(right, dict | list | tuple):
            if type(left) is not type(right) or signature(left) != signature(right):
                yield self._kinds(left, right, path, inside)
        else:
            yield from self._leaf(left, right, path, inside)

    def _lists(
        self, left: Sequence[Any], right: Sequence[Any], path: str, inside: str, depth: int
    ) -> Iterator[Difference]:
        for index in range(max(len(left), len(right))):
            a = left[index] if index < len(left) else ABSENT
            b = right[index] if index < len(right) else ABSENT
            yield from self._walk(a, b, f"{path}[{index}]", f"{inside}[*]", depth + 1)

    def _multiset(
        self, ruling: Ruling, both: tuple[Sequence[Any], Sequence[Any]], path: str, inside: str, depth: int
    ) -> Iterator[Difference]:
        left, right = both
        item = f"{inside}[*]"
        forms = (
            lambda value: self.signature_of(value, is_left=True, inside=item),
            lambda value: self.signature_of(value, is_left=False, inside=item),
        )
        ruling.meet(max(len(left), len(right)))
        matched = match(left, right, ruling.rule.by, forms)
        if matched.fault:
            yield Difference(path, left, right, "rule-shape", f"{matched.fault}, by which `{ruling.rule.id}` matches")
            return
        equal = True
        for name, a, b in matched.pairs:
            for each in self._walk(a, b, f"{path}{name}", item, depth + 1):
                equal = False
                yield each
        if matched.moved and equal:
            ruling.set_aside(path, left, right, count=matched.moved)

    def _kinds(self, left: Any, right: Any, path: str, inside: str) -> Difference:
        """Return the difference of a list or object and something else; a covering rule demands something else."""
        claims = self._at(inside)
        claiming = next(iter((*claims.whole, *claims.lists)), None)
        if claiming is None:
            return Difference(path, left, right)
        said = claiming.judge(path, left, right)
        return Difference(path, left, right, said.code, said.fault)

    def _leaf(self, left: Any, right: Any, path: str, inside: str) -> Iterator[Difference]:
        claims = self._at(inside)
        if left is ABSENT or right is ABSENT:
            yield Difference(path, left, right)
            return
        for ruling in claims.whole:
            if ruling.applies(left, is_left=True) or ruling.applies(right, is_left=False):
                yield from _told(path, left, right, ruling.judge(path, left, right))
                return
        if claims.stretches and isinstance(left, str) and isinstance(right, str):
            yield from self._text(left, right, path, claims.stretches)
        elif not same_leaf(left, right):
            yield Difference(path, left, right)

    def _text(self, left: str, right: str, path: str, rulings: tuple[Ruling, ...]) -> Iterator[Difference]:
        a, b = cut(left, rulings, is_left=True), cut(right, rulings, is_left=False)
        fault = a.fault or b.fault
        if fault:
            yield Difference(path, left, right, "rule-shape", fault)
        elif a.text != b.text:
            yield Difference(path, left, right)
        else:
            said = settle(path, rulings, a, b)
            if said is not None:
                yield from _told(path, left, right, said)

    def _form(self, value: Any, inside: str, *, is_left: bool) -> Any:
        if isinstance(value, dict):
            return {
                name: self._form(each, f"{inside}.{name}" if inside else str(name), is_left=is_left)
                for name, each in value.items()
            }
        if isinstance(value, list | tuple):
            items = [self._form(each, f"{inside}[*]", is_left=is_left) for each in value]
            if self._at(inside).lists:
                items.sort(key=lambda each: signature(unwrapped(each)))
            return items
        claims = self._at(inside)
        for ruling in claims.whole:
            if ruling.applies(value, is_left=is_left):
                return ruling.form(value, is_left=is_left)
        if claims.stretches and isinstance(value, str):
            return cut(value, claims.stretches, is_left=is_left).text
        return value

    def _at(self, inside: str) -> _Claims:
        found = self._claims.get(inside)
        if found is None:
            covering = [each for each in self.rulings if covers_place(each.rule.scope.path, inside)]
            found = self._claims[inside] = _Claims(
                whole=tuple(each for each in covering if not _of_lists(each) and not each.rule.scope.match),
                stretches=tuple(each for each in covering if each.rule.scope.match),
                lists=tuple(each for each in covering if _of_lists(each)),
            )
        return found


def covers_place(pattern: str, inside: str) -> bool:
    """Whether a scope's path covers a place inside a value; `*` alone covers every place."""
    return pattern == ANY or place_glob(pattern, inside)


def _of_lists(ruling: Ruling) -> bool:
    return ruling.rule.kind is RuleKind.UNORDERED


def _told(path: str, left: Any, right: Any, said: Said) -> Iterator[Difference]:
    if not said.equal:
        yield Difference(path, left, right, said.code, said.fault)
