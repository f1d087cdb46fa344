"""Lines of text as rows: what a step logged or printed, aligned and judged by the functions of the layer `logs`."""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from osiris_core.parity.exhibit.model import Row, Standing
from osiris_core.parity.layers.logs import aligned_blocks
from osiris_core.parity.lines import Block

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from osiris_core.parity.text import TextRules

UNFINISHED: Final = "⟨no line feed⟩"
"""Ends a line without a line feed where the other side's is the same but for that."""


def rows_between(rules: TextRules, name: str, left: list[str], right: list[str]) -> list[Row]:
    """Return the lines of two sides, given with their line feeds, as rows from the first to the last; `formed` gives one its forms.

    The stream's `name` (`write.log`) and the order of calls are the engine's: declared rules keep account of what they saw.
    """
    rows: list[Row] = []
    at_left = at_right = 0
    end = Block(len(left), len(left), len(right), len(right))
    for block in [*aligned_blocks(rules, name, left, right), end]:
        for a, b in zip(left[at_left : block.left_start], right[at_right : block.right_start], strict=True):
            at_left, at_right = at_left + 1, at_right + 1
            equal = (a == b and not rules.observes) or rules.settle(f"{name}:{at_left}", a, b) is None
            rows.append(_raw_row((at_left, a), (at_right, b), equal=equal))
        rows += _differing(left, right, block)
        at_left, at_right = block.left_end, block.right_end
    return rows


def formed(rules: TextRules, row: Row, left: str, right: str) -> Row:
    """Return a row with the forms that the rules made of its lines, empty where a side has none: that takes time, so only what is shown has them."""
    if row.standing is Standing.SAME:
        return row
    normal, acting = rules.form(left, is_left=True) if row.left_number else ("", ())
    its, more = rules.form(right, is_left=False) if row.right_number else ("", ())
    names = tuple(dict.fromkeys((*acting, *more)))
    if not names:
        return row
    left_form, right_form = _shown(normal), _shown(its)
    return replace(
        row,
        left_normal=left_form if left_form != row.left else "",
        right_normal=right_form if right_form != row.right else "",
        rules=names,
    )


def rows_alone(lines: Iterable[str], *, is_left: bool, first: int = 1) -> list[Row]:
    """Return lines of one side where there is no other: rules have nothing to say of them."""
    return [lone_row(_shown(line), number, is_left=is_left) for number, line in enumerate(lines, start=first)]


def paired_row(
    numbers: tuple[int, int], raw: tuple[str, str], forms: tuple[str, str], rules: tuple[str, ...], *, equal: bool
) -> Row:
    """Return a row that both sides have, and not the same; `forms` are what the rules made of it, `equal` says whether they made it equal."""
    left, right = (form if form != text else "" for form, text in zip(forms, raw, strict=True))
    return Row(Standing.SET_ASIDE if equal else Standing.CHANGED, *numbers, *raw, left, right, rules)


def lone_row(
    text: str,
    number: int,
    *,
    is_left: bool,
    form: str = "",
    rules: tuple[str, ...] = (),
    standing: Standing | None = None,
) -> Row:
    """Return a row that one side has; `form` is what the rules made of it."""
    normal = form if form != text else ""
    if is_left:
        return Row(standing or Standing.LEFT, number, 0, text, "", normal, "", rules)
    return Row(standing or Standing.RIGHT, 0, number, "", text, "", normal, rules)


def judged_row(rules: TextRules, number: int, left: str, right: str, *, equal: bool) -> Row:
    """Return two lines of one number as a row with its forms; `equal` says what the rules say of them."""
    return formed(rules, _raw_row((number, left), (number, right), equal=equal), left, right)


def _raw_row(left: tuple[int, str], right: tuple[int, str], *, equal: bool) -> Row:
    """Return two lines with their numbers as a row; `equal` says what the rules say of them."""
    (left_number, a), (right_number, b) = left, right
    x, y = _shown(a), _shown(b)
    if equal and a == b:
        return Row(Standing.SAME, left_number, right_number, x, y)
    if x == y and a != b:
        x, y = x + UNFINISHED * (not a.endswith("\n")), y + UNFINISHED * (not b.endswith("\n"))
    return Row(Standing.SET_ASIDE if equal else Standing.CHANGED, left_number, right_number, x, y)


def _differing(left: list[str], right: list[str], block: Block) -> Iterator[Row]:
    """Yield the lines of a block: the first of one side with the first of the other, and what is left over alone."""
    numbered = (
        enumerate(left[block.left_start : block.left_end], start=block.left_start + 1),
        enumerate(right[block.right_start : block.right_end], start=block.right_start + 1),
    )
    for a, b in zip_longest(*numbered):
        if a is not None and b is not None:
            yield _raw_row(a, b, equal=False)
            continue
        number, line = a or b
        yield lone_row(_shown(line), number, is_left=b is None)


def _shown(line: str) -> str:
    return line.removesuffix("\n")
