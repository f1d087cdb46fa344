"""Text as a baseline has it, with tokens for what varies, and text as a run would have written it.

The tokens are those of `parity/noise`: what it replaces is written as `<project>`, `<duration>` and the like. As a baseline is read,
each token becomes a value that the same rules replace again: so text is compared by them and by nothing else.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity import noise
from osiris_core.parity.side import moment

if TYPE_CHECKING:
    from collections.abc import Callable

    from osiris_core.parity.side import Side

ORIGIN: Final = datetime(2010, 3, 4, 5, 6, 7, tzinfo=UTC)
"""When a baseline's run began, as far as it is read: nobody's own time."""
PID: Final = 4_194_305
"""Its process: one more than a Linux kernel gives."""
ROOTS: Final = {
    name: f"/baseline/{name}" for name in ("project", "work", "output", "temporary", "home", "prefix", "site", "bundle")
}
"""Its directories."""

_TOKEN: Final = re.compile(
    rf"<<|<(?:(?P<root>{'|'.join(ROOTS)})|(?P<made>made)|(?P<plain>duration|clock|epoch|pid)"
    r"|address:(?P<address>\d+)|time(?P<offset>\s?(?:Z|UTC|[+-]\d{2}:?\d{2}))?)>"
)
_PLAIN: Final = {
    "duration": "1 s",
    "clock": f"{ORIGIN:%H:%M:%S}",
    "epoch": str(int(ORIGIN.timestamp())),
    "pid": str(PID),
}
_MADE: Final = "tmpbaseline"
"""A name as `tempfile` makes them up: eight letters behind `tmp`."""


def tokenizer(side: Side) -> Callable[[str], str]:
    """Return what writes one side's text with tokens; of a text with none, its own `<` are doubled all the same."""
    replace_roots, replace_noise = noise.roots_replacer(side), noise.noise_replacer(side)

    def tokens(text: str) -> str:
        return replace_noise(replace_roots(noise.escape(text))[0])[0]

    return tokens


def concrete(text: str) -> str:
    """Return text with a value for each token."""
    return _TOKEN.sub(_value, text) if "<" in text else text


def in_texts(value: Any, change: Callable[[str], str]) -> Any:
    """Return a JSON value with every text in it changed, but for the names of members."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: in_texts(each, change) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [in_texts(each, change) for each in value]
    return value


def _value(match: re.Match[str]) -> str:
    if match[0] == "<<":
        return "<"
    if match["root"]:
        return ROOTS[match["root"]]
    if match["made"]:
        return _MADE
    if match["plain"]:
        return _PLAIN[match["plain"]]
    if match["address"]:
        return f"0x7f{int(match['address']):010x}"
    return _time(match["offset"] or "")


def _time(offset: str) -> str:
    """Return the origin as it is written with an offset from UTC."""
    plain = f"{ORIGIN:%Y-%m-%dT%H:%M:%S}"
    known = moment(f"{plain}{offset.strip().replace('UTC', 'Z')}")
    ahead = ORIGIN - known if known else timedelta(0)
    return f"{ORIGIN + ahead:%Y-%m-%dT%H:%M:%S}{offset}"
