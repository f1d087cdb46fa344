"""Where two calls of a driver differ: tables by their digests, artifacts by their bytes, metrics and events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osiris_core.drivers.tables import describe_table
from osiris_core.testing.trial import stored

if TYPE_CHECKING:
    import pyarrow as pa

    from osiris_core.testing.trial import Outcome


def difference(one: Outcome, other: Outcome, *, ordered: bool = True) -> str:
    """Return the first difference as the end of a sentence, empty when there is none; errors are compared as text.

    Without `ordered`, rows may come in another order.
    """
    if one.failure != other.failure:
        return f"its end differs: {one.failure or 'success'}, then {other.failure or 'success'}"
    if found := _of_tables(one.table, other.table, ordered=ordered):
        return found
    for path in sorted(one.artifacts.keys() | other.artifacts.keys()):
        if one.artifacts.get(path) != other.artifacts.get(path):
            return f"the file {path!r} differs"
    for what, before, after in (
        ("metrics", one.metrics(), other.metrics()),
        ("events", one.events(), other.events()),
    ):
        if before != after:
            return f"its {what} differ: {before}, then {after}"
    return ""


def _of_tables(one_table: pa.Table | None, other_table: pa.Table | None, *, ordered: bool) -> str:
    if one_table is None or other_table is None:
        return "" if one_table is other_table else "it hands on a table only once"
    if stored(one_table.combine_chunks()) == stored(other_table.combine_chunks()):
        return ""
    one, other = describe_table(one_table), describe_table(other_table)
    for what in ("schema", "rows", "unordered", *(("ordered",) if ordered else ())):
        if one[what] == other[what]:
            continue
        if what in ("schema", "rows"):
            return f"its table's {what} differ: {one[what]}, then {other[what]}"
        columns = [name for name, each in one["columns"].items() if each[what] != other["columns"][name][what]]
        return f"its table differs in {', '.join(columns) or 'how values are put together'}"
    return ""
