"""Text between two sides: whether it is equal, raw or under the default rules, and what the rules did.

The default rules are asked only where raw text differs; declared ones see every text that they cover. Each keeps its hits on both sides, how many pairs it
decided, and a few raw examples: a rule that made something equal makes the verdict EQUIVALENT at best.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from osiris_core.parity import noise
from osiris_core.parity.record import RuleUse
from osiris_core.parity.values import show_pair

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from osiris_core.parity.declared.lines import Line, LineRules
    from osiris_core.parity.declared.ruling import Ruling, Said
    from osiris_core.parity.side import Side

EXAMPLES: Final = 20
"""Raw pairs kept for each rule; of many rules each has a share of what a record holds."""

_CACHED_LINES: Final = 4096


@dataclass(slots=True)
class _Tally:
    left_hits: int = 0
    right_hits: int = 0
    decided: int = 0
    examples: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Normalized:
    """A text with tokens, and the raw values that each rule replaced in it."""

    text: str
    replaced: tuple[tuple[str, ...], tuple[str, ...]]  # by known-roots, by text-noise
    line: Line


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether two texts are equal under the rules, and per rule: hits left, hits right, whether it was needed."""

    equal: bool
    rules: tuple[tuple[int, int, bool], ...] = ()


_SAME = Judgement(equal=True)
_DIFFERENT = Judgement(equal=False)


class TextRules:
    """The default rules between two sides, and under them the declared ones of some lines (`under`).

    With `enabled` False the default rules are off.
    """

    def __init__(self, left: Side, right: Side, *, enabled: bool) -> None:
        self.enabled = enabled
        self._sides = left, right
        self._tallies = {name: _Tally() for name in (noise.KNOWN_ROOTS, noise.TEXT_NOISE)}
        self._declare(())

    def under(self, rulings: Sequence[Ruling]) -> TextRules:
        """Return the rules for lines that these declared ones cover; the default rules count in one place."""
        if not rulings:
            return self
        rules = TextRules(*self._sides, enabled=self.enabled)
        rules._tallies = self._tallies
        rules._declare(rulings)
        return rules

    @property
    def observes(self) -> bool:
        """Whether equal texts have to be settled as well, because a declared rule covers them."""
        return bool(self._declared)

    def same(self, path: str, left: str, right: str) -> bool:
        """Whether two texts are equal, raw or under the rules; what the rules did is counted under `path`."""
        judgement = self.judge(left, right)
        self.credit(path, left, right, judgement)
        return judgement.equal and self.settle(path, left, right) is None

    def judge(self, left: str, right: str) -> Judgement:
        """Compare two texts without counting anything, and without a look at the values that declared rules claim."""
        if left == right:
            return _SAME
        if not self.enabled and not self._declared:
            return _DIFFERENT
        a, b = self._left(left), self._right(right)
        if a.text != b.text:
            return _DIFFERENT
        return Judgement(True, tuple((len(x), len(y), x != y) for x, y in zip(a.replaced, b.replaced, strict=True)))

    def credit(self, path: str, left: str, right: str, judgement: Judgement) -> None:
        """Count what the default rules set aside between two texts at `path`."""
        for tally, (left_hits, right_hits, needed) in zip(self._tallies.values(), judgement.rules, strict=False):
            tally.left_hits += left_hits
            tally.right_hits += right_hits
            if needed:
                tally.decided += 1
                if len(tally.examples) < EXAMPLES:
                    tally.examples.append((path, *show_pair(left, right)))

    def settle(self, path: str, left: str, right: str) -> Said | None:
        """Judge the values that declared rules claim in two texts found equal otherwise; return what is not equal.

        To be called once for each such pair, in order: counts and renamings are kept here.
        """
        if not self._declared:
            return None
        return self._lines().settle(path, (left, right), self._left(left).line, self._right(right).line)

    def fault(self, text: str, *, is_left: bool) -> str:
        """Say what keeps a value in a text from the shape that a declared rule demands, or return an empty string."""
        return (self._left if is_left else self._right)(text).line.cut.fault if self._declared else ""

    def left_key(self, text: str) -> str:
        """Return the form of a left text by which lines are matched; nothing is counted."""
        return self._left(text).text if self.enabled or self._declared else text

    def right_key(self, text: str) -> str:
        """Return the form of a right text by which lines are matched; nothing is counted."""
        return self._right(text).text if self.enabled or self._declared else text

    def form(self, text: str, *, is_left: bool) -> tuple[str, tuple[str, ...]]:
        """Return a text of one side under the rules, and the names of those that replaced something in it; nothing is counted.

        Where none did, it is the text itself; else every `<` of the text is doubled, and each token has a single one.
        """
        if not self.enabled and not self._declared:
            return text, ()
        normal = (self._left if is_left else self._right)(text)
        form, declared = self._lines().shown(normal.line, normal.text) if self._declared else (normal.text, ())
        default = (name for name, values in zip(self._tallies, normal.replaced, strict=True) if values)
        acting = (*declared, *default)
        return (form, acting) if acting else (text, ())

    def _declare(self, rulings: Sequence[Ruling]) -> None:
        self._declared = tuple(rulings)
        self._lines = _line_rules(self._declared)
        self._left, self._right = (_normalizer(each, self._lines, noisy=self.enabled) for each in self._sides)

    def uses(self) -> tuple[RuleUse, ...]:
        """Return what each rule did; rules that met nothing are left out."""
        return tuple(
            RuleUse(
                rule=name,
                reason=noise.REASONS[name],
                left_hits=tally.left_hits,
                right_hits=tally.right_hits,
                decided=tally.decided,
                examples=tuple(tally.examples),
            )
            for name, tally in self._tallies.items()
            if tally.left_hits or tally.right_hits
        )


def _line_rules(rulings: Sequence[Ruling]) -> Callable[[], LineRules]:
    @cache
    def rules() -> LineRules:
        """Return the declared rules, made when the first two texts differ."""
        from osiris_core.parity.declared.lines import LineRules

        return LineRules(rulings)

    return rules


def _normalizer(side: Side, lines: Callable[[], LineRules], *, noisy: bool) -> Callable[[str], _Normalized]:
    @cache
    def replacers() -> tuple[noise.Replacer, noise.Replacer]:
        """Return what replaces, made when the first two texts differ."""
        return noise.roots_replacer(side), noise.noise_replacer(side)

    @lru_cache(maxsize=_CACHED_LINES)
    def normalize(text: str) -> _Normalized:
        line = lines().line(text, is_left=side.is_left)
        if not noisy:
            return _Normalized(line.text, ((), ()), line)
        replace_roots, replace_noise = replacers()
        with_roots, roots = replace_roots(line.text)
        with_tokens, values = replace_noise(with_roots)
        return _Normalized(with_tokens, (roots, values), line)

    return normalize
