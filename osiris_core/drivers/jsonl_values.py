"""JSON values as the values of a type: what the file says, exactly, or an error."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from osiris_core.drivers.jsonl_text import SPECIAL

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

_PER_SECOND: Final[dict[str, int]] = {"s": 0, "ms": 3, "us": 6, "ns": 9}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def reader_of(kind: pa.DataType) -> Callable[[Any], Any]:
    """Return what makes a JSON value, which is not null, one that `pyarrow.array` takes for this type.

    ValueError or TypeError from it for a value that is none of the type.
    """
    import pyarrow as pa

    is_a = pa.types
    if is_a.is_struct(kind):
        return _struct_reader(kind)
    if is_a.is_map(kind):
        return _map_reader(kind)
    if is_a.is_list(kind) or is_a.is_large_list(kind) or is_a.is_fixed_size_list(kind):
        item = _nullable(reader_of(kind.value_type))
        return lambda value: [item(each) for each in _of(list, value)]
    if is_a.is_timestamp(kind):
        return lambda value: _moment(_of(str, value), kind)
    for test, read in (
        (is_a.is_integer, _whole),
        (is_a.is_floating, _float),
        (is_a.is_boolean, lambda value: _of(bool, value)),
        (is_a.is_decimal, _decimal),
        (is_a.is_string, lambda value: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)),
        (is_a.is_binary, lambda value: base64.b64decode(_of(str, value), validate=True)),
        (is_a.is_date32, lambda value: date.fromisoformat(_of(str, value))),
        (is_a.is_time64, lambda value: time.fromisoformat(_of(str, value))),
    ):
        if test(kind):
            return read
    raise TypeError(f"there is no way from JSON to {kind}")


def _nullable(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else read(value)


def _of(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(f"it is {type(value).__name__}")
    return value


def _whole(value: Any) -> int:
    return int(_of(int, value))


def _float(value: Any) -> float:
    if isinstance(value, str) and value in SPECIAL:
        return SPECIAL[value]
    if type(value) not in (int, float):
        raise TypeError(f"it is {type(value).__name__}")
    return float(value)


def _decimal(value: Any) -> Decimal:
    if type(value) not in (int, float, str):
        raise TypeError(f"it is {type(value).__name__}")
    try:
        return Decimal(repr(value) if isinstance(value, float) else value)
    except ArithmeticError as error:
        raise ValueError("it is no decimal number") from error


def _moment(text: str, kind: pa.DataType) -> int:
    """Return a moment of ISO 8601 as the number of units since 1970; without a zone it is meant as it stands."""
    whole, point, rest = text.partition(".")
    digits = len(rest) - len(rest.lstrip("0123456789")) if point else 0
    fraction, zone = rest[:digits], rest[digits:] if point else ""
    moment = datetime.fromisoformat(whole + zone)
    if (moment.tzinfo is None) != (kind.tz is None):
        raise ValueError("it has " + ("no zone" if moment.tzinfo is None else "a zone"))
    places: int = _PER_SECOND[kind.unit]
    if fraction[places:].strip("0"):
        raise ValueError(f"it has more digits than {kind} holds")
    seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    whole_units: int = (seconds.days * 86_400 + seconds.seconds) * 10**places
    return whole_units + int(fraction[:places].ljust(places, "0") or 0)


def _struct_reader(kind: pa.DataType) -> Callable[[Any], Any]:
    readers = {field.name: _nullable(reader_of(field.type)) for field in kind}

    def read(value: Any) -> dict[str, Any]:
        unknown = next((key for key in _of(dict, value) if key not in readers), None)
        if unknown is not None:
            raise ValueError(f"it has a key {unknown!r}")
        return {key: each(value.get(key)) for key, each in readers.items()}

    return read


def _map_reader(kind: pa.DataType) -> Callable[[Any], Any]:
    """Return a reader of objects, and of lists of `{"key": ..., "value": ...}`."""
    key, item = reader_of(kind.key_type), _nullable(reader_of(kind.item_type))

    def read(value: Any) -> list[tuple[Any, Any]]:
        if isinstance(value, dict):
            return [(key(each), item(found)) for each, found in value.items()]
        return [(key(_of(dict, each)["key"]), item(each.get("value"))) for each in _of(list, value)]

    return read
