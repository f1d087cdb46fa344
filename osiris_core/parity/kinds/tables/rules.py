"""What the declared rules of a file say of one of its tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osiris_core.rules.model import ANY, RuleKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.parity.kinds.tables.schema import Column
    from osiris_core.rules.model import Rule

_IDLE_KINDS: Final = frozenset({RuleKind.TOKEN, RuleKind.BIJECTION, RuleKind.KNOWN_VALUE})


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRules:
    """Whether the order of rows means anything, and by place among the compared columns how far numbers may be apart."""

    unordered: Rule | None
    tolerances: dict[int, Rule]

    @property
    def by(self) -> tuple[str, ...]:
        """The columns that match rows, where a rule names them."""
        return self.unordered.by if self.unordered else ()


def table_rules(
    rules: Sequence[Rule], table: str, columns: Sequence[Column], *, is_spelled: bool = False
) -> TableRules:
    """Return what holds for a table of this name; texts are near each other where all cells are (`is_spelled`). A rule's path is a column, or `table.column` in a file of many tables."""
    unordered = [rule for rule in rules if rule.kind is RuleKind.UNORDERED and covers(rule.scope.path, table, "")]
    tolerances: dict[int, Rule] = {}
    for rule in rules:
        if rule.kind is RuleKind.TOLERANCE:
            for place, column in enumerate(columns):
                if (is_spelled or not _is_text(column)) and covers(rule.scope.path, table, column.name):
                    tolerances.setdefault(place, rule)
    return TableRules(unordered=unordered[0] if unordered else None, tolerances=tolerances)


def idle_rules(rules: Sequence[Rule], table: str, columns: Sequence[Column], *, is_spelled: bool) -> tuple[str, ...]:
    """Return the ids of rules that cover a column and do nothing for cells; `match` finds its stretches in texts all the same."""
    return tuple(
        rule.id
        for rule in rules
        if rule.kind in _IDLE_KINDS
        and not (is_spelled and rule.scope.match)
        and any(covers(rule.scope.path, table, column.name) for column in columns)
    )


def _is_text(column: Column) -> bool:
    import pyarrow as pa

    kind = column.type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def covers(pattern: str, table: str, column: str) -> bool:
    """Whether a rule's path is about a column, or about the whole table where `column` is empty."""
    if pattern in {"", ANY}:
        return True
    names = {f"{table}.{column}", column} if table and column else {table or column, column}
    return any(name and matches(pattern, name) for name in names)


def matches(pattern: str, name: str) -> bool:
    """Whether a name fits a pattern in which `*` stands for anything."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, re.DOTALL) is not None
