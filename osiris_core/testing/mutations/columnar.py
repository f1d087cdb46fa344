"""Differences in Parquet and Arrow files: cells, rows, columns, types."""

from __future__ import annotations

from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from osiris_core.testing.mutations.model import Difference
from osiris_core.testing.mutations.places import pick
from osiris_core.testing.mutations.trees import CONTENT, spot
from osiris_core.testing.mutations.values import another_letter, next_float

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    import pyarrow as pa

    from osiris_core.testing.mutations.model import Spot
    from osiris_core.testing.mutations.session_copy import SessionCopy

    Change = Callable[["pa.Table", Random], "tuple[pa.Table, str]"]

SUFFIXES: Final = (".parquet", ".arrow")


def read(data: bytes, path: str) -> pa.Table:
    """Return the table of a file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if path.endswith(".parquet"):
        return pq.read_table(pa.BufferReader(data))
    return pa.ipc.open_file(pa.BufferReader(data)).read_all()


def packed(table: pa.Table, path: str, **options: Any) -> bytes:
    """Return a table as a file of the path's kind."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = BytesIO()
    if path.endswith(".parquet"):
        pq.write_table(table, sink, **options)
    else:
        with pa.ipc.new_file(sink, table.schema, **options) as writer:
            writer.write_table(table)
    return sink.getvalue()


def change(copy: SessionCopy, rng: Random, how: Change) -> Spot:
    """Change the table in one file."""
    path = pick(rng, copy.artifacts(*SUFFIXES), "Parquet or Arrow file")
    table, what = how(read(copy.read(f"artifacts/{path}"), path), rng)
    copy.write(f"artifacts/{path}", packed(table, path))
    return spot(path, what)


def _cell(
    table: pa.Table, rng: Random, fits: Callable[[Any], bool], changed: Callable[[Any], Any]
) -> tuple[pa.Table, str]:
    import pyarrow as pa

    found = [
        (index, row)
        for index, column in enumerate(table.columns)
        for row, value in enumerate(column.to_pylist())
        if fits(value)
    ]
    index, row = pick(rng, found, "cell to change so")
    values = table.column(index).to_pylist()
    before, values[row] = values[row], changed(values[row])
    field = table.schema.field(index)
    array = pa.array(values, field.type, from_pandas=False)
    return table.set_column(index, field, array), f"row {row}, {field.name}: {before!r} became {values[row]!r}"


def _is_finite(value: Any) -> bool:
    return isinstance(value, float) and abs(value) < float("inf")


def one_ulp(table: pa.Table, rng: Random) -> tuple[pa.Table, str]:
    """Put a float one unit in the last place away."""
    return _cell(table, rng, _is_finite, next_float)


def whole_number(table: pa.Table, rng: Random) -> tuple[pa.Table, str]:
    """Put a whole number one away."""
    return _cell(
        table, rng, lambda v: isinstance(v, int) and not isinstance(v, bool), lambda v: v + rng.choice((1, -1))
    )


def letter(table: pa.Table, rng: Random) -> tuple[pa.Table, str]:
    """Change a letter of a text."""
    return _cell(table, rng, lambda v: isinstance(v, str) and v.isalpha(), lambda v: another_letter(v, rng))


def value_to_null(table: pa.Table, rng: Random) -> tuple[pa.Table, str]:
    """Leave out a value."""
    return _cell(table, rng, lambda value: value is not None, lambda _: None)


def nan_to_null(table: pa.Table, rng: Random) -> tuple[pa.Table, str]:
    """Leave out a NaN."""
    return _cell(table, rng, lambda value: value != value, lambda _: None)  # noqa: PLR0124 - only NaN is


def null_to_nan(table: pa.Table, rng: Random) -> tuple[pa.Table, str]:
    """Put NaN where a value was missing."""
    floats = [field.name for field in table.schema if str(field.type) == "double"]
    names = [name for name in floats if table.column(name).null_count]
    name = pick(rng, names, "column of floats with nulls")
    changed, what = _cell(table.select([name]), rng, lambda value: value is None, lambda _: float("nan"))
    return table.set_column(table.column_names.index(name), table.schema.field(name), changed.column(0)), what


def null_to_empty(table: pa.Table, rng: Random) -> tuple[pa.Table, str]:
    """Empty a text."""
    return _cell(table, rng, lambda value: isinstance(value, str) and value != "", lambda _: "")


def drop(table: pa.Table, rng: Random) -> tuple[pa.Table, str]:
    """Drop a row."""
    row = rng.randrange(table.num_rows)
    return table.take([each for each in range(table.num_rows) if each != row]), f"row {row} dropped"


def double(table: pa.Table, rng: Random) -> tuple[pa.Table, str]:
    """Let a row come twice."""
    row = rng.randrange(table.num_rows)
    return table.take(sorted([*range(table.num_rows), row])), f"row {row} doubled"


def replace(table: pa.Table, rng: Random) -> tuple[pa.Table, str]:
    """Put a row in the place of another one: as many rows, and each of them is known."""
    row, other = rng.sample(range(table.num_rows), 2)
    rows = [other if each == row else each for each in range(table.num_rows)]
    return table.take(rows), f"row {row} replaced by row {other}"


def move(table: pa.Table, rng: Random) -> tuple[pa.Table, str]:
    """Exchange two rows: their order in a file is what was written."""
    rows = list(range(table.num_rows))
    a, b = rng.sample(rows, 2)
    rows[a], rows[b] = rows[b], rows[a]
    return table.take(rows), f"rows {a} and {b} exchanged"


def rename(table: pa.Table, rng: Random) -> tuple[pa.Table, str]:
    """Call a column otherwise, in another case or by a letter more."""
    names = list(table.column_names)
    place = rng.randrange(len(names))
    before, names[place] = names[place], rng.choice((names[place].upper(), f"{names[place]}_"))
    return table.rename_columns(names), f"{before} became {names[place]}"


def reorder(table: pa.Table, rng: Random) -> tuple[pa.Table, str]:
    """Put columns into another order."""
    names = list(table.column_names)
    while names == table.column_names:
        rng.shuffle(names)
    return table.select(names), "columns in another order"


def drop_column(table: pa.Table, rng: Random) -> tuple[pa.Table, str]:
    """Drop a column."""
    name = rng.choice(table.column_names)
    return table.drop_columns([name]), f"{name} dropped"


def retype(table: pa.Table, rng: Random) -> tuple[pa.Table, str]:
    """Let a column of another type hold the same values."""
    import pyarrow as pa

    other = {"int32": pa.int64(), "int64": pa.int32(), "string": pa.binary(), "date32[day]": pa.timestamp("us")}
    found = [index for index, field in enumerate(table.schema) if str(field.type) in other]
    index = pick(rng, found, "column to cast")
    field = table.schema.field(index)
    new = other[str(field.type)]
    return table.set_column(index, field.with_type(new), table.column(index).cast(new)), f"{field.name} became {new}"


_HOW: Final[dict[str, tuple[Change, str]]] = {
    "cell changed by one unit in the last place": (one_ulp, "table-cells"),
    "cell changed by one": (whole_number, "table-cells"),
    "cell changed by one letter": (letter, "table-cells"),
    "cell became null": (value_to_null, "table-cells"),
    "NaN became null": (nan_to_null, "table-cells"),
    "null became NaN": (null_to_nan, "table-cells"),
    "text became empty": (null_to_empty, "table-cells"),
    "row dropped": (drop, "table-rows"),
    "row doubled": (double, "table-duplicates"),
    "row replaced by another": (replace, "table-cells"),
    "rows exchanged": (move, "table-row-order"),
    "column renamed": (rename, "table-schema"),
    "columns reordered": (reorder, "table-schema"),
    "column dropped": (drop_column, "table-schema"),
    "column of another type": (retype, "table-schema"),
}

COLUMNAR: Final = tuple(
    Difference(name=f"Parquet {name}", layer="artifacts", codes=(code, CONTENT), plant=partial(change, how=how))
    for name, (how, code) in _HOW.items()
)
