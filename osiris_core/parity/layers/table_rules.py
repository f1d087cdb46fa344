"""Declared rules over tables: where one covers a column, its statistics are compared in place of its digests.

A tolerance holds smallest, largest and sum against each other as three numbers, for columns of floats and decimals: whole
numbers have no noise. A token demands its range of the smallest and the largest. The counts of values and nulls
are as strict as ever. Which values stand in one row nobody can tell once a column is left out of the rows' digest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.declared.shapes import as_number
from osiris_core.parity.values import same_leaf, show, signature
from osiris_core.rules.model import RuleKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from osiris_core.parity.declared.plan import Plan
    from osiris_core.parity.declared.ruling import Ruling

_INEXACT: Final = ("float", "double", "halffloat", "decimal")
"""How Arrow's names of types begin whose values may carry noise."""
_COUNTS: Final = ("count", "nulls")
_VALUES: Final = ("min", "max", "sum")
_ENDS: Final = ("min", "max")

Column = dict[str, Any]


class CoveredColumns:
    """The columns of one table that declared rules set aside, and what is wrong with those that they do not."""

    def __init__(self, plan: Plan, path: str, left: dict[str, Any], right: dict[str, Any]) -> None:
        self.path = path
        self._both = left, right
        self._names: set[str] = set()
        """Columns that a rule claims and whose digests differ."""
        self.faults: list[tuple[str, str, Column, Column]] = []
        """(column, what is wrong, and the column on both sides)."""
        a, b = left.get("columns") or {}, right.get("columns") or {}
        types = _types(left), _types(right)
        for name in a:
            claiming = _claiming(plan, name, types[0].get(name, "")) if name in b else None
            if claiming is None or types[0].get(name) != types[1].get(name):
                continue
            claiming.meet()
            fault = next(_faults(claiming, a[name], b[name]), "")
            if fault:
                self._names.add(name)
                self.faults.append((name, fault, a[name], b[name]))
            elif any(a[name].get(each) != b[name].get(each) for each in ("ordered", "unordered", *_VALUES)):
                self._names.add(name)
                claiming.set_aside(f"{path}.columns.{name}", _told(a[name]), _told(b[name]))

    @property
    def rest(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Both tables without the columns that are set aside, or as they are where none is.

        The digests of whole rows are of no use then; those of the columns that are left take their place.
        """
        return (self._without(self._both[0]), self._without(self._both[1])) if self._names else self._both

    def _without(self, table: dict[str, Any]) -> dict[str, Any]:
        columns = {name: each for name, each in (table.get("columns") or {}).items() if name not in self._names}
        digests = {
            name: signature([column.get(name) for column in columns.values()]).hex()
            for name in ("ordered", "unordered")
        }
        return {**table, "columns": columns, **digests}


def _types(table: dict[str, Any]) -> Mapping[str, str]:
    fields = (each for each in table.get("schema") or () if isinstance(each, dict))
    return {str(each.get("name")): str(each.get("type")) for each in fields}


def _claiming(plan: Plan, name: str, kind: str) -> Ruling | None:
    """Return the first rule that covers a column and can say something of its type."""
    inexact = kind.startswith(_INEXACT)
    rulings = (each for each in plan.rulings if plan.covered_by(each, name))
    return next((each for each in rulings if each.rule.kind is not RuleKind.TOLERANCE or inexact), None)


def _faults(ruling: Ruling, left: Column, right: Column) -> Iterator[str]:
    for name in _COUNTS:
        if not same_leaf(left.get(name), right.get(name)):
            yield f"{name} is {show(left.get(name))} on one side and {show(right.get(name))} on the other"
    if ruling.rule.kind is RuleKind.TOLERANCE:
        for name in _VALUES:
            x, y = left.get(name), right.get(name)
            if not same_leaf(x, y) and not ruling.near(as_number(x), as_number(y)):
                yield f"{name} {show(x)} and {show(y)} are further apart than `{ruling.rule.id}` allows"
    for name in _ENDS:
        for column, is_left in ((left, True), (right, False)):
            value = column.get(name)
            if value is not None and (fault := ruling.shape_fault(value, is_left=is_left)):
                yield f"{name} {fault}, as `{ruling.rule.id}` demands"


def _told(column: Column) -> str:
    return ", ".join(f"{name} {show(column.get(name))}" for name in _VALUES)
