"""The two text rules that are on by default, each as one function from raw text to text with tokens.

Both replace only what has a known value or a narrow shape: a number that is neither a duration within the
run's own length, nor a time within the run, nor an address, nor the run's own process id stays as it is.
A token is `<name>`; a literal `<` is doubled first, so that no text can pretend to be a token.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from osiris_core.parity.side import moment

if TYPE_CHECKING:
    from osiris_core.parity.side import Side, Window

KNOWN_ROOTS: Final = "known-roots"
TEXT_NOISE: Final = "text-noise"

REASONS: Final = {
    KNOWN_ROOTS: "each target has its own directories: project, work, output, temporary, home, prefix, site, bundle",
    TEXT_NOISE: "durations, times within the run, memory addresses and own process ids vary from run to run",
}

Replacer = Callable[[str], tuple[str, tuple[str, ...]]]
"""Takes raw text; returns the text with tokens, and the raw values that were replaced."""

_UNIT_SECONDS: Final = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "sec": 1.0, "min": 60.0,
    "nanosecond": 1e-9, "microsecond": 1e-6, "millisecond": 1e-3, "second": 1.0, "minute": 60.0,
}  # fmt: skip

_NOISE: Final = re.compile(
    r"""
    (?=[\dPp])(?:  # a cheap test first: most places in a line begin nothing
      (?<![\w.:-])(?P<iso>\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?)
                  (?P<offset>\s?(?:Z|UTC|[+-]\d{2}:?\d{2}))?(?![\w:])
    | (?<![\w.:-])(?P<clock>\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?)(?![\w:])
    | (?<![\w.])(?<!\d,)(?P<amount>\d+(?:\.\d+)?(?:e-?\d{1,2})?)\s?
                  (?P<unit>ns|[uµμ]s|ms|s|secs?|min|(?:nano|micro|milli)?seconds?|minutes?)(?!\w)
    | (?<![\w.,])(?P<epoch>1\d{9}(?:\d{3}){0,3}(?:\.\d{1,9})?)(?![\w,]|\.\d)
    | (?:(?<=\bat\ )0x[0-9a-fA-F]{6,16}|(?<!\w)0x(?:5[56]|7[ef])[0-9a-f]{10})(?!\w)(?P<address>)
    | (?P<pid_word>\b(?:[Pp][Ii][Dd]|[Pp]rocess)[\ =:\[#]{1,2})(?P<pid>\d{1,10})(?!\w)
    )
    """,
    re.VERBOSE,
)


def escape(text: str) -> str:
    """Double every `<`, so that tokens are unmistakable."""
    return text.replace("<", "<<")


def roots_replacer(side: Side) -> Replacer:
    """Return the rule `known-roots` of one side: its directories, longest first, at path boundaries."""
    if not side.roots:
        return lambda text: (text, ())
    names = {escape(path): name for path, name in side.roots}
    alternatives = "|".join(re.escape(path) for path in names)
    # A root may neither begin inside a longer path nor end inside a longer name.
    pattern = re.compile(
        rf"(?=[/f])(?<![\w./~-])(?P<before>(?:file://)?)(?P<root>{alternatives})(?![\w-]|\.\w)(?P<made>/tmp[a-z0-9_]{{8}}(?![\w-]))?"
    )

    def replace(text: str) -> tuple[str, tuple[str, ...]]:
        if "/" not in text:
            return text, ()
        found: list[str] = []

        def token(match: re.Match[str]) -> str:
            found.append(match["root"])
            name, made = names[match["root"]], match["made"] or ""
            if made and name == "temporary":  # a name that `tempfile` made up
                found.append(made)
                made = "/<made>"
            return f"{match['before']}<{name}>{made}"

        return pattern.sub(token, text), tuple(found)

    return replace


def noise_replacer(side: Side) -> Replacer:
    """Return the rule `text-noise` of one side, bounded by that side's run."""
    window, pids = side.text_window, side.pids

    def replace(text: str) -> tuple[str, tuple[str, ...]]:
        found: list[str] = []

        addresses: dict[str, int] = {}

        def token(match: re.Match[str]) -> str:
            raw = match.group(0)
            name = _token(match, window, pids)
            if name is None:
                return raw
            found.append(raw)
            if match["address"] is None:
                return name
            # The same object twice in a text is not two objects.
            return f"<address:{addresses.setdefault(raw.lower(), len(addresses) + 1)}>"

        return _NOISE.sub(token, text), tuple(found)

    return replace


def _token(match: re.Match[str], window: Window | None, pids: frozenset[int]) -> str | None:
    """Return the token for a match, or None where its value is not one that may vary."""
    if match["address"] is not None:
        return "<address>"
    if match["pid"] is not None:
        return f"{match['pid_word']}<pid>" if int(match["pid"]) in pids else None
    return _token_in(match, window) if window else None


def _token_in(match: re.Match[str], window: Window) -> str | None:
    """Return the token for a time or a duration, or None where it does not lie within the run."""
    if match["iso"] is not None:
        return _time_token(match["iso"], match["offset"] or "", window)
    if match["clock"] is not None:
        return "<clock>" if _clock_in(match["clock"], window) else None
    if match["amount"] is not None:
        return "<duration>" if _duration_in(match["amount"], match["unit"], window) else None
    return "<epoch>" if _epoch_in(match["epoch"], window) else None


def _time_token(text: str, offset: str, window: Window) -> str | None:
    # The offset stays visible: a time written in another zone is a difference worth knowing.
    plain = text.replace(",", ".")
    zone = offset.strip().replace("UTC", "Z")
    parsed = moment(plain + zone)
    return f"<time{offset}>" if parsed and window.holds(parsed) else None


def _clock_in(text: str, window: Window) -> bool:
    plain = text.replace(",", ".")
    days = {window.start.astimezone(UTC).date(), window.end.astimezone(UTC).date()}
    return any((parsed := moment(f"{day.isoformat()}T{plain}")) is not None and window.holds(parsed) for day in days)


def _duration_in(amount: str, unit: str, window: Window) -> bool:
    factor = _UNIT_SECONDS.get(unit) or _UNIT_SECONDS[unit.removesuffix("s")]
    return float(amount) * factor <= window.longest.total_seconds()


def _epoch_in(text: str, window: Window) -> bool:
    whole, _, fraction = text.partition(".")
    seconds = float(f"{whole[:10]}.{whole[10:]}{fraction}0")
    return window.holds(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))
