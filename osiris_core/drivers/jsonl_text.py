"""A table's rows as lines of JSON, one object a row, its keys in the order of the columns.

How each type is written is this module's own, so that a file's bytes depend on the table and nothing else.
"""

from __future__ import annotations

import base64
import math
from itertools import pairwise
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any, Final

from osiris_core.drivers.moments import iso_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa

NULL: Final = "null"
SPECIAL: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
"""Texts for the floats that JSON has no numbers for."""
_BATCH_ROWS: Final = 20_000


def json_lines(table: pa.Table) -> Iterator[bytes]:
    """Yield the lines of all rows in order, many at once, as UTF-8.

    TypeError for a type that has no JSON form, ValueError for a value that has none; both name the column.
    """
    names = table.schema.names
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled or not names:
        fault = f"more than one column {doubled[0]!r}" if doubled else "no columns"
        raise ValueError(f"the table has {fault}, so it cannot be written")
    heads = [f"{'{' if index == 0 else ','}{encode_basestring(name)}:" for index, name in enumerate(names)]
    for field in table.schema:
        _check(field.type, field.name)
    for batch in table.to_batches(max_chunksize=_BATCH_ROWS):
        columns = [_column(batch.column(index), name) for index, name in enumerate(names)]
        pieces = [part for head, column in zip(heads, columns, strict=True) for part in ([head] * len(column), column)]
        yield "".join("".join(row) + "}\n" for row in zip(*pieces, strict=True)).encode()


def _check(kind: pa.DataType, name: str) -> None:
    import pyarrow as pa

    is_a = pa.types
    if is_a.is_duration(kind) or is_a.is_interval(kind) or is_a.is_union(kind):
        raise TypeError(f"column {name!r} of type {kind} has no JSON form: make it text in a query first")
    if is_a.is_struct(kind):
        names = [field.name for field in kind]
        if len(set(names)) < len(names):
            raise TypeError(f"column {name!r} of type {kind} has no JSON form: two fields have one name")
    for index in range(kind.num_fields):
        _check(kind.field(index).type, name)
    if is_a.is_dictionary(kind) or is_a.is_run_end_encoded(kind):
        _check(kind.value_type, name)


def _column(array: pa.Array, name: str) -> list[str]:
    try:
        return _texts(array)
    except ValueError as error:
        raise ValueError(f"column {name!r}: {error}") from error


def _texts(array: pa.Array) -> list[str]:
    """Return every value of an array as JSON."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind, is_a = array.type, pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return _texts(array.storage)
    if is_a.is_dictionary(kind):
        return _texts(array.dictionary_decode())
    if is_a.is_run_end_encoded(kind):
        return _texts(pc.run_end_decode(array))
    if is_a.is_nested(kind):
        return _nested(array)
    if is_a.is_temporal(kind):
        return [NULL if text is None else f'"{text}"' for text in iso_texts(array)]
    values = array.to_pylist()
    if is_a.is_float16(kind) or is_a.is_float32(kind):
        values = [None if text is None else float(text) for text in _shortest(array)]
    write = _writer(kind)
    return [NULL if value is None else write(value) for value in values]


def _writer(kind: pa.DataType) -> Callable[[Any], str]:
    """Return what writes one plain value of this type that is not null."""
    import pyarrow as pa

    is_a = pa.types
    if is_a.is_floating(kind):
        return _float
    if is_a.is_boolean(kind):
        return lambda value: "true" if value else "false"
    if is_a.is_decimal(kind):
        return lambda value: f'"{value:f}"'
    if is_a.is_integer(kind) or is_a.is_null(kind):
        return str
    if is_a.is_string(kind) or is_a.is_large_string(kind) or is_a.is_string_view(kind):
        return encode_basestring
    return lambda value: f'"{base64.b64encode(value).decode()}"'


def _float(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return '"NaN"' if math.isnan(value) else '"Infinity"' if value > 0 else '"-Infinity"'


def _shortest(array: pa.Array) -> Sequence[str | None]:
    """Return the fewest digits that give each number back in its own, narrow type."""
    import pyarrow as pa

    texts: list[str | None] = array.cast(pa.float32()).cast(pa.string()).to_pylist()
    return texts


def _nested(array: pa.Array) -> list[str]:
    import pyarrow as pa

    valid = array.is_valid().to_pylist()
    if pa.types.is_struct(array.type):
        heads = [f"{encode_basestring(field.name)}:" for field in array.type]
        columns = [_texts(child) for child in array.flatten()]
        rows = zip(*columns, strict=True) if columns else ((),) * len(array)
        objects = ("{" + ",".join(map("".join, zip(heads, row, strict=True))) + "}" for row in rows)
        return [text if there else NULL for text, there in zip(objects, valid, strict=True)]
    return _listed(array, valid)


def _listed(array: pa.Array, valid: Sequence[bool]) -> list[str]:
    """Return lists as JSON lists, and maps as objects, or as lists of entries where their keys are no texts."""
    import pyarrow as pa

    places = list(_extents(array))
    low = min((start for start, _ in places), default=0)
    size = max((stop for _, stop in places), default=0) - low
    if not pa.types.is_map(array.type):
        values = _texts(array.values.slice(low, size))
        return [
            "[" + ",".join(values[start - low : stop - low]) + "]" if there else NULL
            for (start, stop), there in zip(places, valid, strict=True)
        ]
    keys, items = _texts(array.keys.slice(low, size)), _texts(array.items.slice(low, size))
    write = _object if pa.types.is_string(array.type.key_type) else _entries
    return [
        write(keys[start - low : stop - low], items[start - low : stop - low]) if there else NULL
        for (start, stop), there in zip(places, valid, strict=True)
    ]


def _extents(array: pa.Array) -> Iterator[tuple[int, int]]:
    """Yield where the values of each list stand in the array of all values."""
    import pyarrow as pa

    kind = array.type
    if pa.types.is_fixed_size_list(kind):
        width = kind.list_size
        yield from (((array.offset + each) * width, (array.offset + each + 1) * width) for each in range(len(array)))
    elif pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind):
        for start, size in zip(array.offsets.to_pylist(), array.sizes.to_pylist(), strict=True):
            yield start, start + size
    else:
        yield from pairwise(array.offsets.to_pylist())


def _object(keys: Sequence[str], items: Sequence[str]) -> str:
    if len(set(keys)) < len(keys):
        raise ValueError(f"a map has the key {max(keys, key=keys.count)} twice, which no JSON object can")
    return "{" + ",".join(f"{key}:{item}" for key, item in zip(keys, items, strict=True)) + "}"


def _entries(keys: Sequence[str], items: Sequence[str]) -> str:
    return "[" + ",".join(f'{{"key":{key},"value":{item}}}' for key, item in zip(keys, items, strict=True)) + "]"
