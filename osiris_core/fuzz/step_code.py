"""Steps of a generated pipeline: a copy of this file travels with it as `code/fuzz_steps.py`, and needs pyarrow only."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa


def table(inputs: dict[str, Any], ctx: Any, columns: list[dict[str, Any]]) -> pa.Table:  # noqa: ARG001 - a step's form
    """Return a table of `columns`: name, type and values, all as JSON can say them."""
    arrays = [_array(_type(each["type"]), each["values"]) for each in columns]
    return pa.table(arrays, names=[each["name"] for each in columns])


def passed_on(inputs: dict[str, Any], ctx: Any) -> pa.Table:  # noqa: ARG001 - as above
    """Return the first table that the step is given, as it is."""
    return next(iter(inputs.values()))


def told(inputs: dict[str, Any], ctx: Any, lines: list[str]) -> pa.Table:
    """Print and log `lines`, and hand on the first table."""
    for line in lines:
        print(line)  # noqa: T201 - what a step prints is compared too
        ctx.logger.info("%s", line)
    ctx.log_metric("lines_told", len(lines))
    return next(iter(inputs.values()), None)


def refused(inputs: dict[str, Any], ctx: Any, message: str) -> None:  # noqa: ARG001 - as above
    """Fail: both targets have to fail alike."""
    raise ValueError(message)


def _type(spec: str | dict[str, Any]) -> pa.DataType:
    """Return the type that `spec` names."""
    if isinstance(spec, str):
        return pa.type_for_alias(spec)
    ((kind, inner),) = spec.items()
    match kind:
        case "timestamp":
            return pa.timestamp(*inner)
        case "decimal":
            return pa.decimal128(*inner)
        case "list":
            return pa.list_(_type(inner))
        case "dictionary":
            return pa.dictionary(pa.int32(), _type(inner))
        case "struct":
            return pa.struct([(name, _type(each)) for name, each in inner.items()])
    raise ValueError(f"no such type: {spec}")


def _array(kind: pa.DataType, values: list[Any]) -> pa.Array:
    if pa.types.is_temporal(kind):  # given as whole numbers of the type's unit
        storage = pa.int32() if kind.bit_width == 32 else pa.int64()  # noqa: PLR2004 - bits
        return pa.array([None if each is None else int(each) for each in values], storage).cast(kind)
    return pa.array([_value(kind, each) for each in values], kind)


def _value(kind: pa.DataType, value: Any) -> Any:  # noqa: PLR0911 - one line a type
    is_a = pa.types
    if value is None:
        return None
    if is_a.is_dictionary(kind):
        return _value(kind.value_type, value)
    if is_a.is_integer(kind):
        return int(value)
    if is_a.is_floating(kind):
        return float(value)
    if is_a.is_decimal(kind):
        return Decimal(value)
    if is_a.is_binary(kind):
        return bytes.fromhex(value)
    if is_a.is_list(kind):
        return [_value(kind.value_type, each) for each in value]
    if is_a.is_struct(kind):
        return {field.name: _value(field.type, value.get(field.name)) for field in kind}
    return value
