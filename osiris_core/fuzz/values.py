"""Hostile values: what engines, locales and encodings are known to disagree about. The simplest comes first in each.

Hypothesis makes what it found smaller by going to the left of every choice, so the order here is the order of
"simpler".
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

TEXTS: Final = (
    "",
    "a",
    "é",  # one code point
    "e\u0301",  # the same letter in two
    "\u1112\u1161\u11ab",  # Hangul in parts, which composes
    "Straße",
    "İstanbul \u0131",  # upper and lower case depend on the language
    "ﬁ ①",  # compatibility forms
    "\u202eabc\u202c",  # right to left
    "\u05d0\u0628",
    "\u200b\ufeffx",  # invisible
    "👩\u200d👩\u200d👧",
    "\U00020000",
    " a ",
    "\t",
    "a\nb",
    "a\r\nb",
    'say "no"',
    "a,b;c|d",
    "\\N",
    "NULL",
    "None",
    "nan",
    "NaN",
    "inf",
    "-0.0",
    "007",
    "1e5",
    "1_000",
    "0x10",
    "true",
    "2024-02-30",
    "2024-03-31 02:30:00",
    "1970-01-01T00:00:00Z",
    "9223372036854775808",
    "=1+1",
    "'",
    "$(id)",
    "../../etc/passwd",
    "\x7f\x85",
    "x" * 70_000,  # more than one pipe, one frame and one page hold
)
"""Texts that something treats in its own way."""
LOUD_TEXTS: Final = ("a", "é", "e\u0301", "\u1112\u1161\u11ab", "\u212b", "NaN")
"""The ones that show most, drawn far more often: other forms of a letter, and so few that rows have equal keys."""

FLOATS: Final = (
    0.0, 1.0, -0.0, math.nan, math.inf, -math.inf, 0.1, 1e16, 5e-324, 1.7976931348623157e308, 2.0**53 + 2, 1e-7,
)  # fmt: skip
LOUD_FLOATS: Final = (0.0, math.nan, -0.0, math.nan)
"""Drawn far more often; a column of floats is seldom without one that is not equal to itself."""
INTEGERS: Final = (0, 1, -1, 2**31 - 1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63))
ZONES: Final = (None, "UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "+05:30")
MOMENTS_US: Final = (
    0, 1, -1, 1711846800000000, 1729990800000000, 951782400000000, -62135596800000000, 253402300799999999,
)  # fmt: skip
"""The epoch, around the changes of Europe's clocks in 2024, a leap day, the years 1 and 9999."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of column: its type as `step_code` reads it, and a strategy of its values as JSON can say them."""

    name: str
    type: Any
    values: SearchStrategy[Any]


@functools.cache
def texts(*, huge: bool = True) -> SearchStrategy[str]:
    """Return texts: the known troublemakers, and any others that are Unicode."""
    known = TEXTS if huge else TEXTS[:-1]
    some = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
    return _mostly(st.sampled_from(LOUD_TEXTS), st.sampled_from(known) | some)


@functools.cache
def floats() -> SearchStrategy[str]:
    """Return floats as the texts that Python reads them from."""
    return _mostly(st.sampled_from(LOUD_FLOATS), st.sampled_from(FLOATS) | st.floats()).map(repr)


@functools.cache
def integers(low: int = -(2**63), high: int = 2**63 - 1) -> SearchStrategy[str]:
    """Return whole numbers as text, mostly at the borders of types."""
    known = [each for each in (*INTEGERS, low, high) if low <= each <= high]
    return (st.sampled_from(known) | st.integers(low, high)).map(str)


@functools.cache
def decimals(precision: int, scale: int) -> SearchStrategy[str]:
    """Return decimals that fit, as text."""
    most = 10**precision - 1
    known = [0, 1, -1, 10**scale, most, -most]
    return (st.sampled_from(known) | st.integers(-most, most)).map(
        lambda each: format(Decimal(each).scaleb(-scale, _EXACT), "f")
    )


_EXACT: Final = Context(prec=99)
"""The usual one rounds to 28 digits."""


def _moments(unit: str) -> SearchStrategy[str]:
    factor = {"s": 1e-6, "ms": 1e-3, "us": 1, "ns": 1000}[unit]
    if unit == "ns":  # 64 bits of nanoseconds end in 2262
        return st.sampled_from([0, 1, -1, 1711846800000000000, 2**63 - 1]).map(str)
    return (st.sampled_from(MOMENTS_US) | st.integers(0, 2**51)).map(lambda each: str(math.floor(each * factor)))


def _mostly(loud: SearchStrategy[Any], others: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """Return as many of the loud ones as of all others."""
    return st.booleans().flatmap(lambda other: others if other else loud)


@functools.cache
def usual_kinds() -> SearchStrategy[Kind]:
    """Return texts and floats, where most that engines disagree about is."""
    return st.sampled_from(
        [Kind(name="text", type="string", values=texts()), Kind(name="float", type="float64", values=floats())]
    )


@functools.cache
def kinds() -> SearchStrategy[Kind]:
    """Return all kinds of column that a step of our own code can hand on; texts and floats are a third of them."""
    plain = [
        Kind(name="text", type="string", values=texts()),
        Kind(name="integer", type="int64", values=integers()),
        Kind(name="float", type="float64", values=floats()),
        Kind(name="boolean", type="bool", values=st.booleans()),
        Kind(name="small", type="int8", values=integers(-128, 127)),
        Kind(name="unsigned", type="uint64", values=integers(0, 2**64 - 1)),
        Kind(name="float32", type="float32", values=floats().filter(_fits_float32)),
        Kind(name="date", type="date32", values=st.sampled_from([0, -719162, 19782, 2932896]).map(str)),
        Kind(name="time", type="time64[us]", values=st.sampled_from([0, 1, 86_399_999_999]).map(str)),
        Kind(name="span", type="duration[us]", values=integers(-(2**53), 2**53)),
        Kind(name="decimal", type={"decimal": [38, 10]}, values=decimals(38, 10)),
        Kind(name="binary", type="binary", values=st.binary(max_size=4).map(bytes.hex)),
        Kind(name="null", type="null", values=st.none()),
        Kind(name="category", type={"dictionary": "string"}, values=texts(huge=False)),
        Kind(name="list", type={"list": "int64"}, values=st.lists(st.none() | integers(), max_size=3)),
        Kind(name="texts", type={"list": "string"}, values=st.lists(texts(huge=False), max_size=2)),
        Kind(
            name="struct",
            type={"struct": {"a": "float64", "b": "string"}},
            values=st.fixed_dictionaries({"a": st.none() | floats(), "b": texts(huge=False)}),
        ),
    ]
    moments = st.builds(_moment_kind, st.sampled_from(["us", "s", "ms", "ns"]), st.sampled_from(ZONES))
    return usual_kinds() | st.sampled_from(plain) | moments


@functools.cache
def seldom() -> SearchStrategy[bool]:
    """Return True one time in eight: for what is missing, and for what will probably be refused."""
    return st.integers(0, 7).map(lambda each: each == 7)  # noqa: PLR2004 - the last of eight


def _moment_kind(unit: str, zone: str | None) -> Kind:
    return Kind(name="moment", type={"timestamp": [unit, zone]}, values=_moments(unit))


def _fits_float32(text: str) -> bool:
    value = float(text)
    return not math.isfinite(value) or abs(value) < 2.0**127
