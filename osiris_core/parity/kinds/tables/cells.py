"""When two cells are equal, and by how much they differ.

Stricter than Arrow and DuckDB are: -0.0 is not 0.0, null is not NaN, and NaN equals NaN whatever its bits say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.kinds.tables.plain import holds_floats, is_nested
from osiris_core.parity.kinds.tables.scalars import filled, nothing, number
from osiris_core.parity.values import same_leaf

if TYPE_CHECKING:
    import pyarrow as pa

    from osiris_core.rules.model import Shape, Tolerance

_DECIMAL_DIGITS: Final = 76
"""Arrow's widest decimals have so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """How far differing numbers of two columns are apart at most; None where none of them are finite numbers.

    `least` and `greatest` bound what the right one is more than the left one.
    """

    absolute: float | None = None
    relative: float | None = None
    least: float | None = None
    greatest: float | None = None

    def with_(self, other: Distance) -> Distance:
        """Return the larger of both distances."""
        return Distance(
            absolute=_larger(self.absolute, other.absolute),
            relative=_larger(self.relative, other.relative),
            least=min((value for value in (self.least, other.least) if value is not None), default=None),
            greatest=_larger(self.greatest, other.greatest),
        )


def _larger(left: float | None, right: float | None) -> float | None:
    return max((value for value in (left, right) if value is not None), default=None)


def differing_cells(left: pa.Array, right: pa.Array) -> pa.Array | None:
    """Return a mask of the rows in which two plain columns of one logical type differ; None where they nowhere do."""
    import pyarrow as pa
    from pyarrow import compute as pc

    if left.type != right.type:  # the same logical type, with offsets of another width
        left, right = _widened(left), _widened(right)
    if identical(left, right):
        return None
    if is_nested(left.type):
        pairs = zip(left.to_pylist(), right.to_pylist(), strict=True)
        mask = pa.array([not same_value(a, b) for a, b in pairs], pa.bool_())
    else:
        # Where one side is null a comparison is null, not true: nulls have to be looked at first.
        one_null = pc.xor(left.is_null(), right.is_null())
        mask = pc.or_(one_null, filled(_unequal(left, right)))
    return mask if pc.any(mask).as_py() else None


def identical(left: pa.Array, right: pa.Array) -> bool:
    """Whether two columns of one type hold the same values to the last bit; NaN of other bits may be missed."""
    from pyarrow import compute as pc
    from pyarrow import types as is_a

    kind = left.type
    if not holds_floats(kind):
        return bool(left.equals(right))
    if is_a.is_floating(kind):
        return bool(_bits(left).equals(_bits(right)))
    if not left.is_null().equals(right.is_null()):
        return False
    if is_a.is_struct(kind):
        return all(identical(a, b) for a, b in zip(left.flatten(), right.flatten(), strict=True))
    same_lengths = pc.list_value_length(left).equals(pc.list_value_length(right))
    return bool(same_lengths) and identical(left.flatten(), right.flatten())


def same_value(left: Any, right: Any) -> bool:
    """Whether two values are equal; of structs and lists, whether all that they hold is."""
    if isinstance(left, dict) and isinstance(right, dict):
        return list(left) == list(right) and all(same_value(left[name], right[name]) for name in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(same_value(a, b) for a, b in zip(left, right, strict=True))
    return same_leaf(left, right)


def distance(left: pa.Array, right: pa.Array) -> Distance:
    """Return the largest distance of two columns of numbers of one length, where both are finite."""
    from pyarrow import compute as pc

    if not _is_number(left.type) or not len(left):
        return Distance()
    apart, largest = _apart(left, right)
    absolute = pc.max(apart).as_py()
    share = pc.max(pc.divide(apart, largest).filter(filled(pc.greater(largest, number(0.0))))).as_py()
    more = pc.min_max(pc.if_else(pc.less(right, left), pc.negate(apart), apart)).as_py()
    return Distance(absolute=absolute, relative=share, least=more["min"], greatest=more["max"])


def within(left: pa.Array, right: pa.Array, tolerance: Tolerance, shape: Shape) -> pa.Array:
    """Return a mask of the rows whose numbers are no further apart than allowed, and have the rule's shape.

    Whole numbers have no noise: of them only the absolute distance counts.
    """
    import pyarrow as pa
    from pyarrow import compute as pc

    if not _is_number(left.type):
        return pa.repeat(pa.scalar(value=False), len(left))
    apart, largest = _apart(left, right)
    # A distance that no float can hold is not near, though twice the larger number may be no float either.
    apart = pc.if_else(pc.is_finite(apart), apart, nothing(pa.float64()))
    near = pc.less_equal(apart, number(tolerance.absolute))
    if not pa.types.is_integer(left.type):
        near = pc.or_(near, pc.less_equal(apart, pc.multiply(largest, number(tolerance.relative))))
    if tolerance.ulp and pa.types.is_floating(left.type):
        near = pc.or_(near, pc.less_equal(_ulps(left, right), tolerance.ulp))
    zero = number(0.0)
    signed = pc.and_(pc.equal(apart, zero), pc.equal(largest, zero))  # -0.0 and 0.0: only where the rule says so
    near = pc.and_not(near, signed) if tolerance.signed_zero else pc.or_(near, signed)
    for bound, holds in ((shape.least, pc.greater_equal), (shape.greatest, pc.less_equal)):
        if bound is not None:
            near = pc.and_(near, pc.and_(*(holds(_as_float(side), bound) for side in (left, right))))
    return filled(near)


def _is_number(kind: pa.DataType) -> bool:
    from pyarrow import types as is_a

    return bool(is_a.is_integer(kind) or is_a.is_floating(kind) or is_a.is_decimal(kind))


def _as_float(column: pa.Array) -> pa.Array:
    """Return numbers as floats; large integers lose their last digits."""
    import pyarrow as pa

    return column.cast(pa.float64(), safe=False)


def _apart(left: pa.Array, right: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return how far numbers are apart, and the larger magnitude of both; null where one is null or not finite."""
    import pyarrow as pa
    from pyarrow import compute as pc

    a, b = _as_float(left), _as_float(right)
    finite = pc.and_(pc.is_finite(a), pc.is_finite(b))
    null = nothing(pa.float64())
    if pa.types.is_integer(left.type):
        gap = _integer_gap(left, right)
    elif pa.types.is_decimal(left.type) and left.type.precision < _DECIMAL_DIGITS:
        gap = _decimal_gap(left, right)
    else:
        gap = pc.abs(pc.subtract(a, b))
    return pc.if_else(finite, gap, null), pc.if_else(finite, pc.max_element_wise(pc.abs(a), pc.abs(b)), null)


def _integer_gap(left: pa.Array, right: pa.Array) -> pa.Array:
    """Return the distance of integers, taken before they become floats: 2**60 and 2**60 + 1 are one apart."""
    import pyarrow as pa
    from pyarrow import compute as pc

    wide = pa.decimal128(38, 0)
    gap = pc.abs(pc.subtract(left.cast(pa.decimal128(20, 0)), right.cast(pa.decimal128(20, 0))))
    return gap.cast(wide).cast(pa.float64())


def _decimal_gap(left: pa.Array, right: pa.Array) -> pa.Array:
    """Return the distance of decimals, taken before they become floats."""
    import pyarrow as pa
    from pyarrow import compute as pc

    wide = pa.decimal256(left.type.precision, left.type.scale)
    return pc.abs(pc.subtract(left.cast(wide), right.cast(wide))).cast(pa.float64())


def _ulps(left: pa.Array, right: pa.Array) -> pa.Array:
    """Return how many floats lie between: bits in the order of the numbers they stand for, subtracted."""
    import pyarrow as pa
    from pyarrow import compute as pc

    ordered = []
    for side in (left, right):
        bits = _bits(side)
        top = pa.scalar((1 << (side.type.bit_width - 1)) - 1, bits.type)
        magnitude = pc.bit_wise_and(bits, top).cast(pa.int64())
        ordered.append(pc.if_else(pc.less(bits, 0), pc.negate(magnitude), magnitude))
    return pc.abs(pc.subtract(*ordered))


def _bits(column: pa.Array) -> pa.Array:
    import pyarrow as pa

    return column.view(pa.int32() if column.type == pa.float32() else pa.int64())


def _unequal(left: pa.Array, right: pa.Array) -> pa.Array:
    from pyarrow import compute as pc
    from pyarrow import types as is_a

    if not is_a.is_floating(left.type):
        return pc.not_equal(left, right)
    both_nan = pc.and_(pc.is_nan(left), pc.is_nan(right))
    return pc.and_not(pc.not_equal(_bits(left), _bits(right)), both_nan)


def _widened(column: pa.Array) -> pa.Array:
    import pyarrow as pa
    from pyarrow import types as is_a

    if is_a.is_string(column.type):
        return column.cast(pa.large_string())
    if is_a.is_binary(column.type):
        return column.cast(pa.large_binary())
    return column
