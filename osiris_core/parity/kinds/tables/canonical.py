"""Text cells in the canonical forms that declared rules name."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from osiris_core.parity.kinds.tables.rules import covers
from osiris_core.rules.forms import TEXT_FORMS, Form
from osiris_core.rules.model import RuleKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa

    from osiris_core.parity.kinds.tables.model import Table
    from osiris_core.rules.model import Rule

_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
_TRUTH: Final = frozenset({"true", "false"})


def inferred(text: str) -> str:
    """Return a cell as a reader takes it that infers types: `007` as 7, `2.50` as 2.5, `TRUE` as true; other text as it is."""
    if text.lower() in _TRUTH:
        return text.lower()
    if not _NUMBER.fullmatch(text):
        return text
    sign, digits, exponent = Decimal(text).as_tuple()
    plain = "".join(map(str, digits)).lstrip("0")
    significant = plain.rstrip("0")
    power = int(exponent) + len(plain) - len(significant) if significant else 0
    return f"{'-' if sign else ''}{significant or '0'}e{power}"


def cell_rules(rules: Sequence[Rule], table: str, names: Sequence[str]) -> tuple[Rule, ...]:
    """Return the rules that ask for a form of some cells."""
    forms = {*TEXT_FORMS, Form.TYPE_INFERENCE, Form.EMPTY_IS_NULL}
    return tuple(
        rule
        for rule in rules
        if rule.kind is RuleKind.CANONICAL
        and rule.form in forms
        and any(covers(rule.scope.path, table, name) for name in names)
    )


def in_forms(table: Table, rules: Sequence[Rule]) -> Table:
    """Return the table with its text cells in the forms that `rules` name for their columns."""
    import pyarrow as pa

    changes = {
        place: [rule for rule in rules if covers(rule.scope.path, table.name, field.name)]
        for place, field in enumerate(table.schema)
        if pa.types.is_string(field.type)
    }

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in table.batches():
            columns = list(batch.columns)
            for place, asked in changes.items():
                for rule in asked:
                    columns[place] = _in_form(columns[place], Form(rule.form))
            yield pa.record_batch(columns, names=[str(place) for place in range(len(columns))])

    return replace(table, batches=batches, sql="")


def _in_form(column: pa.Array, form: Form) -> pa.Array:
    import pyarrow as pa

    if form is Form.EMPTY_IS_NULL:
        return column.fill_null("")
    change: Callable[[str], str] = inferred if form is Form.TYPE_INFERENCE else TEXT_FORMS[form]
    encoded = column.dictionary_encode()  # every distinct text once
    changed = [None if text is None else change(text) for text in encoded.dictionary.to_pylist()]
    return pa.array(changed, pa.string()).take(encoded.indices)
