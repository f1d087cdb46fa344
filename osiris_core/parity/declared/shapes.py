"""Whether a value is what a rule says it must be, before it is set aside."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.shapes import duration_fault, time_fault
from osiris_core.parity.side import moment
from osiris_core.parity.values import ABSENT, show
from osiris_core.rules.patterns import bounded

if TYPE_CHECKING:
    from collections.abc import Callable

    from osiris_core.parity.side import Window
    from osiris_core.rules.model import Shape

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_NUMERAL: Final = re.compile(r"[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,4})?")
_EPOCH_DIGITS: Final = {10: 1, 13: 1_000, 16: 1_000_000, 19: 1_000_000_000}
"""Unix time by the number of its digits before the point: seconds, and what else is usual."""
_LATEST: Final = 10**19


def _finite(number: float) -> bool:
    return isinstance(number, int) or math.isfinite(number)


def is_scalar(value: Any) -> bool:
    """Whether a value can be set aside at all: null, nothing, lists and objects cannot."""
    return value is not None and value is not ABSENT and not isinstance(value, dict | list | tuple)


def shape_fault(shape: Shape, value: Any, window: Window | None) -> str:
    """Say what keeps a value from its shape, or return an empty string."""
    if not is_scalar(value):
        return f"{_named(value)} is no value that could be set aside"
    if shape.type and (fault := _TYPES[shape.type](value, window)):
        return fault
    if shape.pattern and not (isinstance(value, str) and bounded(shape.pattern).matches(value)):
        return f"{show(value)} does not match {shape.pattern}"
    return _range_fault(shape, value)


def as_number(value: Any) -> int | float | None:
    """Return a number, also one that is written as text; None for anything else, truth values among it."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if isinstance(value, str) and _NUMERAL.fullmatch(value):
        return float(value) if set(value) & set(".eE") else int(value)
    return None


def _range_fault(shape: Shape, value: Any) -> str:
    if shape.least is None and shape.greatest is None:
        return ""
    number = as_number(value)
    if number is None or number != number:  # noqa: PLR0124 - NaN only
        return f"{show(value)} is no number"
    if shape.least is not None and number < shape.least:
        return f"{show(value)} is less than {shape.least:g}"
    if shape.greatest is not None and number > shape.greatest:
        return f"{show(value)} is more than {shape.greatest:g}"
    return ""


def _named(value: Any) -> str:
    return "a list" if isinstance(value, list | tuple) else "an object" if isinstance(value, dict) else show(value)


def _string(value: Any, _: Window | None) -> str:
    return "" if isinstance(value, str) else f"{show(value)} is no text"


def _number(value: Any, _: Window | None) -> str:
    number = as_number(value)
    return "" if number is not None and _finite(number) else f"{show(value)} is no finite number"


def _integer(value: Any, _: Window | None) -> str:
    return "" if isinstance(as_number(value), int) else f"{show(value)} is no whole number"


def _boolean(value: Any, _: Window | None) -> str:
    return "" if isinstance(value, bool) else f"{show(value)} is no truth value"


def _uuid(value: Any, _: Window | None) -> str:
    return "" if isinstance(value, str) and _UUID.fullmatch(value) else f"{show(value)} is no UUID"


def _time(value: Any, window: Window | None) -> str:
    return time_fault(value, moment(value) or _unix(value), window, None)


def _unix(value: Any) -> datetime | None:
    """Read a Unix time in seconds, or in one of the usual parts of a second."""
    number = as_number(value)
    if number is None or not 0 <= number < _LATEST:
        return None
    parts = _EPOCH_DIGITS.get(len(str(int(number))))
    return None if parts is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=number / parts)


def _duration(value: Any, window: Window | None) -> str:
    number = as_number(value)
    return duration_fault(value if number is None else number, window)


_TYPES: Final[dict[str, Callable[[Any, Window | None], str]]] = {
    "string": _string,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "time": _time,
    "duration_ms": _duration,
    "uuid": _uuid,
}
