"""Smallest, largest and sum of a column, each the same whatever the order, the chunks and the threads.

A plain sum of floats depends on the order of the additions, and with it on the number of CPUs. Here every float
is first rounded to a whole multiple of one power of two, chosen from the largest of them so that it takes at
most 62 bits; those are added exactly. The error is smaller than that of adding floats one by one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

_BITS: Final = 62
_TEXT_CHARS: Final = 100
"""How much of the smallest and largest text is kept."""
_INT64: Final = 2**63

_Kind = Literal["float", "integer", "boolean", "decimal", "moment", "text", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """How the statistics of one column are asked for and read.

    `source` is the column's own type; in the engine, moments are whole numbers of their unit.
    """

    field: str
    kind: _Kind
    source: pa.DataType

    @classmethod
    def of(cls, field: str, exact: pa.DataType, source: pa.DataType) -> Statistics:
        """Return those of a column of type `source` that the engine sees as `exact`."""
        return cls(field=field, kind=_kind(exact, source), source=source)

    @property
    def is_float(self) -> bool:
        """Whether the sum needs a scale."""
        return self.kind == "float"

    def largest(self) -> str:
        """Return the SQL of the largest finite magnitude."""
        return f"max(abs({self.field}::double)) filter (isfinite({self.field}))"

    def scale(self, largest: float | None) -> int:
        """Return the power of two that floats are multiplied with before they are added."""
        return _BITS - math.frexp(largest or 0.0)[1]

    def decimal_sum(self, chunks: Iterable[pa.Array]) -> str | None:
        """Return the sum of decimals; 76 digits hold what the engine's 38 cannot."""
        import pyarrow as pa
        import pyarrow.compute as pc

        sums = [pc.sum(chunk.cast(pa.decimal256(76, chunk.type.scale))) for chunk in chunks]
        total = pc.sum(pa.array([each.as_py() for each in sums], sums[0].type)).as_py() if sums else None
        return None if total is None else format(total, "f")

    def aggregates(self, scale: int | None) -> list[str]:
        """Return the SQL of smallest, largest and sum, null where the type has none."""
        extremes = [f"min({self.field})", f"max({self.field})"]
        if self.kind == "float":
            half = (scale or 0) // 2  # the power itself can be too large for a double
            factors = [f"{math.ldexp(1.0, power)!r}::double" for power in (half, (scale or 0) - half)]
            whole = f"cast(round({self.field}::double * {' * '.join(factors)}) as hugeint)"
            return [*extremes, f"sum(case when isfinite({self.field}) then {whole} end)"]
        if self.kind == "decimal":
            return [*(f"{each}::varchar" for each in extremes), "null"]  # the sum: `decimal_sum`
        sums = {"integer": f"sum({self.field}::hugeint)", "boolean": f"count_if({self.field})"}
        return ["null", "null", "null"] if self.kind == "other" else [*extremes, sums.get(self.kind, "null")]

    def finish(self, values: tuple[Any, ...], scale: int | None, chunks: Iterable[pa.Array]) -> dict[str, Any]:
        """Return `min`, `max` and `sum` as JSON can say them, from what the aggregates gave; `chunks` are the values."""
        low, high, total = values
        if self.kind == "decimal":
            total = self.decimal_sum(chunks)
        if self.kind == "float" and low is not None:
            total = _special_sum(low, high) or _float(_unscaled(int(total or 0), scale or 0))
        if self.kind in ("integer", "boolean") and low is None:
            total = None
        return {"min": self._shown(low), "max": self._shown(high), "sum": _whole(total)}

    def _shown(self, value: Any) -> Any:
        if value is None:
            return None
        if self.kind == "float":
            return _float(value)
        if self.kind == "moment":
            return _moment(value, self.source)
        if self.kind == "text" and len(value) > _TEXT_CHARS:
            return f"{value[:_TEXT_CHARS]}…"
        return _whole(value)


def _kind(exact: pa.DataType, source: pa.DataType) -> _Kind:
    import pyarrow as pa

    is_a = pa.types
    if is_a.is_null(source) or is_a.is_nested(exact):
        return "other"
    tests: tuple[tuple[bool, _Kind], ...] = (
        (is_a.is_temporal(source) and is_a.is_integer(exact), "moment"),
        (is_a.is_floating(exact), "float"),
        (is_a.is_integer(exact), "integer"),
        (is_a.is_boolean(exact), "boolean"),
        (is_a.is_decimal(exact), "decimal"),
        (is_a.is_string(exact) or is_a.is_large_string(exact), "text"),
    )
    return next((kind for holds, kind in tests if holds), "other")


def _special_sum(low: float, high: float) -> str | None:
    """Return the sum's name where it is no finite number; the engine sorts NaN above infinity."""
    if math.isnan(high) or (math.isinf(low) and math.isinf(high) and low != high):
        return "nan"
    return next((_float(value) for value in (low, high) if math.isinf(value)), None)


def _unscaled(total: int, scale: int) -> float:
    try:
        return math.ldexp(float(total), -scale)
    except OverflowError:
        return math.copysign(math.inf, total)


def _float(value: float) -> Any:
    """Return a float as JSON can say it; which zero is the smallest would depend on the order."""
    return value + 0.0 if math.isfinite(value) else str(value)


def _whole(value: Any) -> Any:
    """Return whole numbers beyond 64 bits as text."""
    return str(value) if isinstance(value, int) and not -_INT64 <= value < _INT64 else value


def _moment(value: int, kind: pa.DataType) -> str:
    """Return a moment, given in units of its type, as ISO 8601 text; a span of time as a number with its unit."""
    import pyarrow as pa

    if pa.types.is_duration(kind):
        return f"{value} {kind.unit}"
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        kind = kind.value_type
    storage = pa.int32() if pa.types.is_date32(kind) or pa.types.is_time32(kind) else pa.int64()
    if pa.types.is_timestamp(kind):  # in UTC, so that no time zone database is needed
        kind = pa.timestamp(kind.unit)
    return str(pa.scalar(value, storage).cast(kind).cast(pa.string()))
