"""Brings columns to types that can be compared: encodings undone, and for the engine nothing that it would round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from osiris_core.parity.kinds.tables.model import TableError

if TYPE_CHECKING:
    import pyarrow as pa


def logical_type(kind: pa.DataType) -> pa.DataType:  # noqa: PLR0911 - a kind of type, a line
    """Return the type without what only tells how values lie in memory: width of offsets, views, names of list items.

    Whether values are dictionary-encoded stays, as readers hand on a category; the width of its indices does not.
    """
    import pyarrow as pa

    is_a = pa.types
    if is_a.is_large_string(kind) or is_a.is_string_view(kind):
        return pa.string()
    if is_a.is_large_binary(kind) or is_a.is_binary_view(kind):
        return pa.binary()
    if is_a.is_run_end_encoded(kind):
        return logical_type(kind.value_type)
    if is_a.is_dictionary(kind):
        return pa.dictionary(pa.int32(), logical_type(kind.value_type), ordered=kind.ordered)
    if is_a.is_map(kind):
        return pa.map_(logical_type(kind.key_type), _item(kind.item_field))
    if is_a.is_fixed_size_list(kind):
        return pa.list_(_item(kind.value_field), kind.list_size)
    if _is_list(kind):
        return pa.list_(_item(kind.value_field))
    if is_a.is_struct(kind):
        return pa.struct([_item(kind.field(n), kind.field(n).name) for n in range(kind.num_fields)])
    return kind


def _item(field: pa.Field, name: str = "item") -> pa.Field:
    import pyarrow as pa

    return pa.field(name, logical_type(field.type), nullable=field.nullable)


def _is_list(kind: pa.DataType) -> bool:
    import pyarrow as pa

    is_a = pa.types
    return bool(
        is_a.is_list(kind) or is_a.is_large_list(kind) or is_a.is_list_view(kind) or is_a.is_large_list_view(kind)
    )


def is_nested(kind: pa.DataType) -> bool:
    """Whether values of a plain type hold other values."""
    import pyarrow as pa

    return bool(pa.types.is_nested(kind))


def holds_floats(kind: pa.DataType) -> bool:
    """Whether a type is a float, or has one inside."""
    import pyarrow as pa

    if pa.types.is_floating(kind):
        return True
    return any(holds_floats(kind.field(n).type) for n in range(kind.num_fields))


def plain_column(column: pa.Array) -> pa.Array:  # noqa: PLR0911 - a kind of type, a line
    """Return the same values without dictionaries, runs, views, extension types and half floats.

    TableError for a union, whose values have no common comparison.
    """
    import pyarrow as pa

    is_a, kind = pa.types, column.type
    if isinstance(column, pa.ExtensionArray):
        return plain_column(column.storage)
    if is_a.is_dictionary(kind):
        return plain_column(column.dictionary_decode())
    if is_a.is_run_end_encoded(kind):
        return plain_column(pa.compute.run_end_decode(column))
    if is_a.is_union(kind):
        raise TableError(f"values of type {kind} are not compared")
    if is_a.is_float16(kind):
        return column.cast(pa.float32())
    if is_a.is_string_view(kind):
        return column.cast(pa.large_string())
    if is_a.is_binary_view(kind):
        return column.cast(pa.large_binary())
    if str(kind) == "month_day_nano_interval":
        parts = [None if value is None else tuple(value) for value in column.to_pylist()]
        names = ("months", "days", "nanoseconds")
        rows = [None if part is None else dict(zip(names, part, strict=True)) for part in parts]
        return pa.array(rows, pa.struct([("months", pa.int32()), ("days", pa.int32()), ("nanoseconds", pa.int64())]))
    return _plain_nested(column) if is_nested(kind) else column


def _plain_nested(column: pa.Array) -> pa.Array:
    """Return a nested column with plain columns inside; maps and all kinds of lists become lists."""
    import pyarrow as pa

    is_a, kind = pa.types, column.type
    if is_a.is_struct(kind):
        if not kind.num_fields:
            return column
        children = [plain_column(column.field(n)) for n in range(kind.num_fields)]
        fields = [pa.field(kind.field(n).name, child.type) for n, child in enumerate(children)]
        return pa.StructArray.from_arrays(children, fields=fields, mask=column.is_null())
    if is_a.is_map(kind):
        if column.offset:  # a part of a column, which Arrow makes no list of
            column = column.take(pa.arange(0, len(column)))
        # An entry is a struct of key and value; a list of them has the same offsets.
        entries = pa.StructArray.from_arrays([plain_column(column.keys), plain_column(column.items)], ["key", "value"])
        return pa.ListArray.from_arrays(column.offsets, entries, mask=column.is_null())
    zero = pa.arange(0, 1)
    lengths = pa.compute.coalesce(pa.compute.list_value_length(column).cast(pa.int64()), zero[0])
    offsets = pa.concat_arrays([zero, pa.compute.cumulative_sum(lengths)])
    return pa.LargeListArray.from_arrays(offsets, plain_column(column.flatten()), mask=column.is_null())


def engine_column(column: pa.Array) -> pa.Array:
    """Return a plain column in a type in which DuckDB keeps every value: what it rounds or folds becomes a number or text."""
    import pyarrow as pa

    is_a, kind = pa.types, column.type
    if is_a.is_duration(kind) or is_a.is_time64(kind) or (is_a.is_timestamp(kind) and kind.unit == "ns"):
        return column.view(pa.int64())
    if is_a.is_date64(kind):
        return column.view(pa.int64())
    if is_a.is_decimal256(kind):
        return column.cast(pa.string())
    if is_a.is_fixed_size_binary(kind) and not is_a.is_decimal(kind):
        return column.cast(pa.binary())
    if is_nested(kind) and not is_kept(kind):
        return pa.array([None if value is None else repr(value) for value in column.to_pylist()], pa.string())
    return column


def is_kept(kind: pa.DataType) -> bool:
    """Whether DuckDB keeps every value of a plain type, also when it reads it from Parquet by itself."""
    import pyarrow as pa

    is_a = pa.types
    if is_a.is_struct(kind) or _is_list(kind):
        return kind.num_fields > 0 and all(is_kept(kind.field(n).type) for n in range(kind.num_fields))
    return bool(
        is_a.is_boolean(kind)
        or is_a.is_integer(kind)
        or is_a.is_float32(kind)
        or is_a.is_float64(kind)
        or is_a.is_string(kind)
        or is_a.is_large_string(kind)
        or is_a.is_binary(kind)
        or is_a.is_large_binary(kind)
        or is_a.is_date32(kind)
        or is_a.is_decimal128(kind)
        or (is_a.is_timestamp(kind) and kind.unit in {"ms", "us"})
    )


def shown(value: Any) -> str:
    """Return a readable form of one cell; text stands in quotes, so that `null` is not the word null."""
    if value is None:
        return "null"
    if isinstance(value, bytes):
        return f"bytes {value.hex()}"
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return repr(value) if isinstance(value, str | float | list | dict | tuple) else str(value)
