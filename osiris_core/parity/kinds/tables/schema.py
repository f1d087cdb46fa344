"""Columns of two tables: their names, types, nullability and order, before any value is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osiris_core.parity.kinds.protocol import FileFinding
from osiris_core.parity.kinds.tables.plain import logical_type
from osiris_core.parity.values import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

CODE = "table-schema"
_NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column that both tables have with one type: its name, its place on either side, its logical type."""

    name: str
    left: int
    right: int
    type: pa.DataType


def compared_columns(left: pa.Schema, right: pa.Schema) -> tuple[Column, ...]:
    """Return the columns whose values can be held against each other, in the left order."""
    places = _places(right)
    return tuple(
        Column(name=key[0], left=place, right=places[key], type=logical_type(left.field(place).type))
        for key, place in _places(left).items()
        if key in places and logical_type(left.field(place).type) == logical_type(right.field(places[key]).type)
    )


def schema_findings(left: pa.Schema, right: pa.Schema, labels: tuple[str, str]) -> Iterator[FileFinding]:
    """Yield what differs, column by column; names are exact: `V` is not `v`."""
    a, b = _places(left), _places(right)
    for label, mine, other in ((labels[0], a, b), (labels[1], b, a)):
        only = [key for key in mine if key not in other]
        if only:
            schema = left if mine is a else right
            shown = shorten(", ".join(f"{_told(key)}: {_form(schema.field(mine[key]))}" for key in only[:_NAMED]))
            yield FileFinding(
                code=CODE,
                path=_told(only[0]),
                message=f"only {label} has {_listed(only)}",
                left=shown if mine is a else "(absent)",
                right="(absent)" if mine is a else shown,
            )
    for key in (key for key in a if key in b):
        x, y = left.field(a[key]), right.field(b[key])
        forms = [_form(x), _form(y)]
        if forms[0] != forms[1]:
            yield FileFinding(
                code=CODE,
                path=_told(key),
                message=f"column {_told(key)} is {forms[0]} on {labels[0]} and {forms[1]} on {labels[1]}",
                left=forms[0],
                right=forms[1],
            )
    common = [[key for key in side if key in a and key in b] for side in (a, b)]
    if common[0] != common[1]:
        orders = [", ".join(map(_told, order[:_NAMED])) for order in common]
        yield FileFinding(code=CODE, message="the columns come in another order", left=orders[0], right=orders[1])


def _places(schema: pa.Schema) -> dict[tuple[str, int], int]:
    """Return the place of each column by its name, and how often that name came before."""
    seen: dict[str, int] = {}
    places = {}
    for place, name in enumerate(schema.names):
        places[name, seen.get(name, 0)] = place
        seen[name] = seen.get(name, 0) + 1
    return places


def _listed(keys: list[tuple[str, int]]) -> str:
    names = ", ".join(map(_told, keys[:_NAMED])) + (" …" if len(keys) > _NAMED else "")
    return f"the column {names}" if len(keys) == 1 else f"{len(keys):,} columns: {names}"


def _told(key: tuple[str, int]) -> str:
    return key[0] if not key[1] else f"{key[0]} (no. {key[1] + 1} of that name)"


def _form(field: pa.Field) -> str:
    import pyarrow as pa

    kind = field.type
    name = kind.extension_name if isinstance(kind, pa.BaseExtensionType) else ""
    shown = f"{name} ({kind.storage_type})" if name else str(logical_type(kind))
    return shown if field.nullable else f"{shown} not null"
