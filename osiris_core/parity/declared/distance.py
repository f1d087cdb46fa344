"""How far two numbers are apart, against a tolerance.

Any one of the three distances is enough. NaN is as far from everything as can be, but for NaN; an infinity but for itself.
Whole numbers have no noise: between two of them only an absolute distance counts, and they are subtracted exactly, whatever
their size. Steps between floats (ULP) exist between two floats only.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from osiris_core.rules.model import Tolerance

_SIGN: Final = 1 << 63
_INFINITIES: Final = (math.inf, -math.inf)
FAR: Final = math.inf
"""The share of an allowance that nothing fits into."""


@dataclass(frozen=True, slots=True)
class Distance:
    """The absolute distance of two numbers, and the least share of an allowance that they need: up to 1 is within."""

    absolute: float
    share: float

    @property
    def within(self) -> bool:
        """Whether the tolerance allows it."""
        return self.share <= 1


def distance(left: float, right: float, tolerance: Tolerance) -> Distance:
    """Return how far apart two numbers are; -0.0 and 0.0 are FAR apart where the tolerance keeps them apart."""
    if _is_nan(left) or _is_nan(right):
        same = _is_nan(left) and _is_nan(right)
        return Distance(0.0, 0.0) if same else Distance(FAR, FAR)
    if left == right:
        apart = tolerance.signed_zero and not left and math.copysign(1, left) != math.copysign(1, right)
        return Distance(0.0, FAR if apart else 0.0)
    if left in _INFINITIES or right in _INFINITIES:
        return Distance(FAR, FAR)
    gap = abs(Fraction(left) - Fraction(right))
    largest = max(abs(Fraction(left)), abs(Fraction(right)))
    shares = [
        _share(gap, Fraction(tolerance.absolute)),
        FAR if _whole(left, right) else _share(gap, Fraction(tolerance.relative) * largest),
        _share(Fraction(_steps(left, right)), Fraction(tolerance.ulp)) if _floats(left, right) else FAR,
    ]
    return Distance(_float(gap), min(shares))


def _is_nan(value: float) -> bool:
    return isinstance(value, float) and math.isnan(value)  # a whole number may be too large for a float


def _share(gap: Fraction, allowed: Fraction) -> float:
    if not allowed:
        return FAR
    share = gap / allowed
    # Rounding must not bring in what lies a hair outside.
    return max(_float(share), math.nextafter(1.0, 2.0)) if share > 1 else _float(share)


def _float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return FAR


def _whole(left: float, right: float) -> bool:
    return isinstance(left, int) and isinstance(right, int)


def _floats(left: float, right: float) -> bool:
    return isinstance(left, float) and isinstance(right, float)


def _steps(left: float, right: float) -> int:
    """Return how many floats lie from one to the other: 1 for neighbours."""
    return abs(_place(left) - _place(right))


def _place(value: float) -> int:
    bits: int = struct.unpack("<Q", struct.pack("<d", value))[0]
    return _SIGN - bits if bits & _SIGN else bits
