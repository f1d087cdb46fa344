"""The smallest and largest values that a Parquet file tells of its parts, held against its data.

Readers skip parts by them: where they are wrong, a query returns other rows than the file has.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

    from osiris_core.parity.kinds.tables.parquet_layout import Chunk
    from osiris_core.parity.kinds.tables.thrift import Struct

STATISTICS: Final = 12
_OLD_MAX, _OLD_MIN, _NULLS, _DISTINCT, _MAX, _MIN, _NANS = 1, 2, 3, 4, 5, 6, 9
_ENDS: Final = ((_MIN, _OLD_MIN, "smallest", 8), (_MAX, _OLD_MAX, "largest", 7))
_KNOWN: Final = frozenset(range(1, 10))
_NUMBERS: Final = {0: "<?", 1: "<i", 2: "<q", 4: "<f", 5: "<d"}
_CUT_BYTES: Final = 16
"""Writers cut texts off at this length or a larger one."""
_UNITS: Final = {"milliseconds": "ms", "microseconds": "us", "nanoseconds": "ns"}


def statistics_of(chunk: Chunk) -> Struct:
    """Return what is told of one column of a row group, and nothing that a reader ignores."""
    told: Struct = chunk.meta.get(STATISTICS, {})
    return {number: value for number, value in told.items() if number != _DISTINCT}  # which some writers estimate


def contradictions(path: Path, groups: list[list[Chunk]]) -> Iterator[tuple[str, str]]:
    """Yield (column, what is wrong) for every part whose statistics say other than its data; an empty text: not looked at."""
    import pyarrow as pa
    from pyarrow import parquet

    with parquet.ParquetFile(path, pre_buffer=False) as file:
        for group, chunks in enumerate(groups):
            for place, chunk in enumerate(chunks):
                told = statistics_of(chunk)
                if not told:
                    continue
                try:
                    yield from ((chunk.name, wrong) for wrong in _wrong(file, group, place, told))
                except (pa.ArrowException, struct.error, NotImplementedError):
                    yield chunk.name, ""


def _wrong(file: Any, group: int, place: int, told: Struct) -> Iterator[str]:
    (ends,) = ends_of(file, group, place)
    yield from untrue(told, ends, file.schema.column(place), f"in row group {group}")


def untrue(told: Struct, ends: Ends, column: Any, where: str) -> Iterator[str]:
    """Yield what statistics say of values that these are not. NotImplementedError for a type that is not known."""
    nulls, nans, is_coded = ends.nulls, ends.nans, ends.is_coded
    if not set(told) <= _KNOWN:
        yield f"something unknown {where}"
    if not ends.is_nested and told.get(_NULLS, nulls) != nulls:
        yield f"{told[_NULLS]:,} nulls {where}, which has {nulls:,}"
    if told.get(_NANS, nans) != nans:
        yield f"{told[_NANS]:,} NaN {where}, which has {nans:,}"
    for (number, old, word, exact), data in zip(_ENDS, (ends.smallest, ends.largest), strict=True):
        if number in told and told.get(old, told[number]) != told[number]:
            yield f"two {word} values {where}"
        raw = told.get(number, told.get(old))
        if raw is None:
            continue
        value = decoded(raw, column)
        if value != value:  # noqa: PLR0124 - NaN: readers go by no such end
            continue
        if is_coded and data is not None and (value <= data if number == _MIN else value >= data):
            continue  # Arrow tells the ends of the whole dictionary, of which a row group may use a part
        if data is None or not is_end(value, data, is_smallest=number == _MIN, is_exact=told.get(exact) is True):
            yield f"{value!r} as the {word} value {where}, whose {word} is {data!r}"


def is_end(value: Any, data: Any, *, is_smallest: bool, is_exact: bool = False) -> bool:
    """Whether what is told of an end is that end, or that of a text which was cut off."""
    if value == data:
        return True
    if is_exact or not isinstance(value, bytes) or not _CUT_BYTES <= len(value) < len(data):
        return False
    cut = data[: len(value)]
    if is_smallest:
        return bool(value == cut)
    # The last character of a cut text is made larger, which may change several bytes.
    same = next((n for n, (a, b) in enumerate(zip(value, cut, strict=True)) if a != b), len(cut))
    return bool(value > data and len(value) - same <= 4)  # noqa: PLR2004 - a character has no more bytes


@dataclass(slots=True, kw_only=True)
class Ends:
    """Of some values: how many nulls and NaN there are, the smallest and the largest, whether they lie in others, and whether in a dictionary."""

    nulls: int = 0
    nans: int = 0
    smallest: Any = None
    largest: Any = None
    is_nested: bool = False
    is_coded: bool = False

    def take(self, values: pa.Array, column: Any) -> None:
        """Add values, as Arrow reads them."""
        import pyarrow as pa
        from pyarrow import compute as pc

        while True:
            kind = values.type
            if isinstance(kind, pa.BaseExtensionType):
                values = values.storage
            elif pa.types.is_dictionary(kind):
                self.is_coded, values = True, values.dictionary_decode()
            elif pa.types.is_nested(kind):
                self.is_nested = True
                flat = values.flatten()
                values = flat[0] if isinstance(flat, list) else flat
            else:
                break
        self.nulls += values.null_count
        values = _stored(values.drop_null(), column)
        if pa.types.is_floating(values.type):
            numbers = values.filter(pc.invert(pc.is_nan(values)))
            self.nans, values = self.nans + len(values) - len(numbers), numbers
        if len(values):
            ends = pc.min_max(values).as_py()
            low, high = (
                _unscaled(end, column.scale) if isinstance(end, Decimal) else end for end in (ends["min"], ends["max"])
            )
            self.smallest = low if self.smallest is None else min(self.smallest, low)
            self.largest = high if self.largest is None else max(self.largest, high)


def ends_of(file: Any, group: int, place: int, rows: Sequence[int] = ()) -> list[Ends]:
    """Read one column of a row group: its ends, or those of each of its parts of so many `rows`."""
    column = file.schema.column(place)
    found = [Ends() for _ in rows] or [Ends()]
    left = list(rows)
    part = 0
    for batch in file.reader.iter_batches(1 << 15, [group], column_indices=[place], use_threads=False):
        values = batch.column(0)
        while left and len(values):
            length = min(left[part], len(values))
            found[part].take(values[:length], column)
            values, left[part] = values[length:], left[part] - length
            part += not left[part] and part + 1 < len(left)
        if not rows:
            found[0].take(values, column)
    return found


def _unscaled(value: Decimal, scale: int) -> int:
    sign, digits, exponent = value.as_tuple()
    number = int("".join(map(str, digits)) + "0" * (int(exponent) + scale))
    return -number if sign else number


def _stored(values: pa.Array, column: Any) -> pa.Array:  # noqa: PLR0911 - one for each kind of type
    """Return values as the file has them: numbers, texts as bytes, decimals as they are."""
    import pyarrow as pa

    kind = values.type
    if (
        pa.types.is_decimal(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_float32(kind)
        or pa.types.is_float64(kind)
    ):
        return values
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return values.cast(pa.large_string()).cast(pa.large_binary())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind):
        return values.cast(pa.large_binary())
    if pa.types.is_fixed_size_binary(kind):
        return values.cast(pa.binary()).cast(pa.large_binary())
    if pa.types.is_float16(kind):
        return values.cast(pa.float32())
    if pa.types.is_date(kind):
        return values.cast(pa.date32()).cast(pa.int32())
    if pa.types.is_duration(kind):
        return values.cast(pa.int64())
    unit = _UNITS.get(json.loads(column.logical_type.to_json()).get("timeUnit", ""), "")
    if unit and pa.types.is_timestamp(kind):
        return values.cast(pa.timestamp(unit, kind.tz)).cast(pa.int64())
    if unit and pa.types.is_time(kind):
        is_short = unit == "ms"
        return values.cast(pa.time32(unit) if is_short else pa.time64(unit)).cast(
            pa.int32() if is_short else pa.int64()
        )
    raise NotImplementedError


def decoded(raw: bytes, column: Any) -> Any:
    """Return a value as statistics have it. `struct.error` where its bytes are none of this type."""
    kind = {"BOOLEAN": 0, "INT32": 1, "INT64": 2, "FLOAT": 4, "DOUBLE": 5}.get(column.physical_type)
    logical = json.loads(column.logical_type.to_json())
    if logical.get("Type") == "Float16":
        return struct.unpack("<e", raw)[0]
    if kind is None:
        is_decimal = logical.get("Type") == "Decimal"
        return int.from_bytes(raw, "big", signed=True) if is_decimal else raw
    form = _NUMBERS[kind]
    if logical.get("Type") == "Int" and not logical.get("isSigned", True):
        form = form.upper()
    return struct.unpack(form, raw)[0]
