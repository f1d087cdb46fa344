"""Records as the comparison sees them: a line of JSON with tokens for what the schema and the rules set aside, and which rules acted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.layers.event_keys import left_out
from osiris_core.parity.layers.event_shapes import volatile_shapes
from osiris_core.rules.model import RecordKind
from osiris_core.session.lines import encode_line
from osiris_core.wire.records import STEP_FAILED, STEP_RETRIED

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from osiris_core.parity.declared.plan import Plan
    from osiris_core.parity.pair import Pair

VOLATILE: Final = "schema: volatile"
"""How a row names the schema's own volatile fields among rules; a record does not count them."""
_WITH_ERROR: Final = frozenset({STEP_FAILED, STEP_RETRIED})
_ENVELOPE: Final = {"ts": "time", "session": "session"}
_CLAIMED: Final = "\0"
"""The one member of what stands for a value that a declared rule claims (`declared/ruling.py`)."""


@dataclass(frozen=True, slots=True)
class Tables:
    """How the tables that a step handed on stand, where they are not the same: whether rules made them equal, and which."""

    equal: bool
    rules: tuple[str, ...] = ()


class Acting:
    """Which rules set something aside between its making and its end: known by what they count."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        self._before = self._counts()
        self.rules: tuple[str, ...] = ()
        self.equal = True

    def end(self, *, equal: bool) -> None:
        """Note what was said, and who acted."""
        self.equal = equal
        self.rules = tuple(name for name, count in self._counts().items() if count != self._before.get(name, 0))

    def _counts(self) -> dict[str, int]:
        declared = {each.rule.id: sum(each.hits) for each in self._pair.rules.rulings}
        return declared | {use.rule: use.left_hits + use.right_hits for use in self._pair.text.uses()}


def line_of(record: dict[str, Any]) -> str:
    """Return a record as the line that it is in a session's file, without its line feed."""
    return encode_line(record).decode("utf-8").removesuffix("\n")


def event_form(
    pair: Pair, event: dict[str, Any], plan: Plan | None, *, is_left: bool, but: Collection[str], tables: Tables | None
) -> tuple[str, bool]:
    """Return the form of an event of one side, and whether the schema set anything aside in it.

    Fields in `but` stay as they are, since they do not keep their shape; so do the `tables`, unless rules made them equal.
    """
    name = str(event.get("event"))
    shapes = {**volatile_shapes(name), **_ENVELOPE}
    aside = {field for field in left_out(name) if field in event and field not in but and field != "tables"}
    ruled = {field: value for field, value in event.items() if field not in left_out(name)}
    if plan is not None:
        ruled = named(plan.form(ruled, is_left=is_left), plan)
    if name in _WITH_ERROR:
        ruled = _texts(ruled, _text_form(pair, event, is_left=is_left))
    shown = {
        field: f"<{shapes.get(field, 'volatile')}>" if field in aside else ruled.get(field, value)
        for field, value in event.items()
    }
    if tables is not None and tables.equal:
        shown["tables"] = f"<{', '.join(tables.rules)}>"
    return line_of(shown), bool(aside)


def named(form: Any, plan: Plan) -> Any:
    """Return a form under declared rules with `<id of the rule>` for what stands for a claimed value."""
    if isinstance(form, dict):
        if form.keys() == {_CLAIMED}:
            return f"<{str(form[_CLAIMED]).rpartition(':')[0]}>"
        return {name: named(each, plan) for name, each in form.items()}
    if isinstance(form, list | tuple):
        return [named(each, plan) for each in form]
    return form


def _text_form(pair: Pair, event: dict[str, Any], *, is_left: bool) -> Callable[[str], str]:
    rules = pair.text.under(pair.rules.covering_text(RecordKind.ERROR, event.get("step"), ""))
    return lambda text: rules.form(text, is_left=is_left)[0]


def _texts(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {name: _texts(each, change) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_texts(each, change) for each in value]
    return change(value) if isinstance(value, str) else value
