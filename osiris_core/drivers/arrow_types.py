"""Arrow types brought to the few that an engine reads without losing anything: values stay, encodings go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa


def logical_type(kind: pa.DataType) -> pa.DataType:
    """Return the type without its encoding: dictionaries, run lengths, views and extension types are unwrapped."""
    import pyarrow as pa

    is_a = pa.types
    if is_a.is_dictionary(kind) or is_a.is_run_end_encoded(kind):
        return logical_type(kind.value_type)
    if isinstance(kind, pa.BaseExtensionType):
        return logical_type(kind.storage_type)
    for test, replacement in (
        (is_a.is_null, pa.bool_()),
        (is_a.is_float16, pa.float32()),
        (is_a.is_string_view, pa.large_string()),
        (is_a.is_binary_view, pa.large_binary()),
        (is_a.is_decimal256, pa.string()),
    ):
        if test(kind):
            return replacement
    if is_a.is_decimal(kind):
        return pa.decimal128(kind.precision, kind.scale)
    return _with_inner(kind, logical_type)


def exact_type(kind: pa.DataType) -> pa.DataType:
    """Return the logical type with moments as whole numbers of their unit: no engine rounds or shifts those.

    An interval becomes its 16 bytes (months, days and nanoseconds): an engine keeps microseconds of it, and takes a
    month for 30 days.
    """
    import pyarrow as pa

    kind = logical_type(kind)
    is_a = pa.types
    if is_a.is_timestamp(kind) or is_a.is_duration(kind) or is_a.is_time64(kind) or is_a.is_date64(kind):
        return pa.int64()
    if is_a.is_time32(kind) or is_a.is_date32(kind):
        return pa.int32()
    if is_a.is_interval(kind):
        return _interval_bytes(kind)
    return _with_inner(kind, exact_type)


def converted(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Return `column` as `kind`, one of the types made here from its own. pyarrow's errors pass."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_run_end_encoded(column.type):
        column = pa.chunked_array([pc.run_end_decode(chunk) for chunk in column.chunks], column.type.value_type)
    if pa.types.is_dictionary(column.type) and logical_type(column.type.value_type) != column.type.value_type:
        column = pa.chunked_array(
            [_with_logical_values(chunk) for chunk in column.chunks],
            pa.dictionary(column.type.index_type, logical_type(column.type.value_type)),
        )
    if isinstance(column.type, pa.BaseExtensionType):
        storage = [chunk.storage for chunk in column.chunks]
        return converted(pa.chunked_array(storage, column.type.storage_type), kind)
    viewed = _interval_bytes(column.type)
    if column.type not in (viewed, kind):
        column = pa.chunked_array([chunk.view(viewed) for chunk in column.chunks], viewed)
    return column if column.type == kind else column.cast(kind)


def _with_logical_values(chunk: pa.DictionaryArray) -> pa.DictionaryArray:
    """Return an encoded array whose values are of a logical type: few kernels look values up in views of texts."""
    import pyarrow as pa

    kind = chunk.dictionary.type
    return pa.DictionaryArray.from_arrays(chunk.indices, chunk.dictionary.cast(logical_type(kind)))


def _interval_bytes(kind: pa.DataType) -> pa.DataType:
    """Return the type with its intervals as the bytes that they are."""
    import pyarrow as pa

    return pa.binary(16) if pa.types.is_interval(kind) else _with_inner(kind, _interval_bytes)


def label_utc(table: pa.Table) -> pa.Table:
    """Return `table` with all zoned timestamps labelled UTC.

    The instants are the same; an engine labels its results with the machine's zone, which would make every table
    that holds an instant differ between two machines.
    """
    import pyarrow as pa

    schema = pa.schema([field.with_type(_in_utc(field.type)) for field in table.schema], table.schema.metadata)
    return table if schema == table.schema else table.cast(schema)


def _in_utc(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    if pa.types.is_timestamp(kind):
        return pa.timestamp(kind.unit, "UTC") if kind.tz else kind
    return _with_inner(kind, _in_utc)


def _with_inner(kind: pa.DataType, change: Callable[[Any], Any]) -> pa.DataType:
    """Return a nested type with its inner types changed, any other type as it is."""
    import pyarrow as pa

    is_a = pa.types
    if is_a.is_struct(kind):
        return pa.struct([field.with_type(change(field.type)) for field in kind])
    if is_a.is_map(kind):
        return pa.map_(change(kind.key_type), kind.item_field.with_type(change(kind.item_type)))
    if is_a.is_fixed_size_list(kind):
        return pa.list_(kind.value_field.with_type(change(kind.value_type)), kind.list_size)
    for test, make in (
        (is_a.is_list, pa.list_),
        (is_a.is_large_list, pa.large_list),
        (is_a.is_list_view, pa.list_view),
        (is_a.is_large_list_view, pa.large_list_view),
    ):
        if test(kind):
            return make(kind.value_field.with_type(change(kind.value_type)))
    return kind
