"""Numbers as people read them."""

from __future__ import annotations

_SECOND_MS = 1_000
_MINUTE_MS = 60_000
_PRECISE_BELOW_MS = 10
_KIB = 1024
_TIMES = "\N{MULTIPLICATION SIGN}"


def duration(elapsed_ms: float | None) -> str:
    """Return `3.2 ms`, `48 ms`, `1.24 s` or `2 min 05 s`; a dash for a duration nobody measured."""
    if elapsed_ms is None:
        return "—"
    if elapsed_ms < _PRECISE_BELOW_MS:
        return f"{elapsed_ms:.1f} ms"
    if round(elapsed_ms) < _SECOND_MS:
        return f"{elapsed_ms:.0f} ms"
    if elapsed_ms < _MINUTE_MS:
        return f"{elapsed_ms / _SECOND_MS:.2f} s"
    minutes, rest_ms = divmod(elapsed_ms, _MINUTE_MS)
    return f"{minutes:.0f} min {rest_ms // _SECOND_MS:02.0f} s"


def size(size_bytes: int) -> str:
    """Return `512 B`, `1.5 KiB`, `20.0 MiB` or `3.1 GiB`."""
    if size_bytes < _KIB:
        return f"{size_bytes} B"
    amount, unit = float(size_bytes), "B"
    for unit in ("KiB", "MiB", "GiB"):  # noqa: B007 - the last unit is what is wanted
        amount /= _KIB
        if amount < _KIB:
            break
    return f"{amount:.1f} {unit}"


def count(number: int | None) -> str:
    """Return `12,345`, or a dash where nothing was counted."""
    return "—" if number is None else f"{number:,}"


def plural(number: int, one: str, several: str = "") -> str:
    """Return `1 value` or `3 values`; `several` where the word's plural is not made with an s."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def ordinal(number: int) -> str:
    """Return `1st`, `2nd`, `11th`, `1,023rd`."""
    teens = (11, 12, 13)
    ending = "th" if number % 100 in teens else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def ratio(left: float | None, right: float | None) -> str:
    """Return how many times the left amount the right one is, with the sign of multiplication before it; empty where one of them is missing or nothing."""
    if not left or right is None or right <= 0:
        return ""
    times = right / left
    decimals = 2 if times < 10 else 1 if times < 100 else 0  # noqa: PLR2004 - three digits or so
    return f"{_TIMES}{times:,.{decimals}f}"
