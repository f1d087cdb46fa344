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
SESSION_ID: Final = "20100304T050607Z-0ba5e11e"
"""Its session."""
KNOWN: Final = {"user": "baseline-user", "host": "baseline-host", "sandbox": "baseline-sandbox", "session": SESSION_ID}
"""What else it is known to have been given, by the names of `rules.model.KNOWN`."""
ROOTS: Final = {
    name: f"/baseline/{name}" for name in ("project", "work", "output", "temporary", "home", "prefix", "site", "bundle")
}
"""Its directories."""

_TOKEN: Final = re.compile(
    rf"<<|<(?:(?P<root>{'|'.join(ROOTS)})|(?P<made>made)|(?P<plain>duration|clock|epoch|pid)"
    r"|address:(?P<address>\d+)|time(?P<offset>\s?(?:Z|UTC|[+-]\d{2}:?\d{2}))?)>"
)
_MADE: Final = "tmpbaseline"
"""A name as `tempfile` makes them up: eight letters behind `tmp`."""


def tokenizer(side: Side) -> Callable[[str], str]:
    """Return what writes one side's text with tokens; of a text with none, its own `<` are doubled all the same."""
    replace_roots, replace_noise = noise.roots_replacer(side), noise.noise_replacer(side)

    def tokens(text: str) -> str:
        return replace_noise(replace_roots(noise.escape(text))[0])[0]

    return tokens


def concrete(started: datetime = ORIGIN) -> Callable[[str], str]:
    """Return what puts a value in place of each token; times are those of a run that began then."""
    started = started.astimezone(UTC).replace(microsecond=0)

    def values(text: str) -> str:
        return _TOKEN.sub(lambda match: _value(match, started), text) if "<" in text else text

    return values


def in_texts(value: Any, change: Callable[[str], str]) -> Any:
    """Return a JSON value with every text in it changed, but for the names of members."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: in_texts(each, change) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [in_texts(each, change) for each in value]
    return value


def _value(match: re.Match[str], started: datetime) -> str:
    if match[0] == "<<":
        return "<"
    if match["root"]:
        return ROOTS[match["root"]]
    if match["made"]:
        return _MADE
    if match["plain"]:
        return {
            "duration": "1 s",
            "clock": f"{started:%H:%M:%S}",
            "epoch": str(int(started.timestamp())),
            "pid": str(PID),
        }[match["plain"]]
    if match["address"]:
        return f"0x7f{int(match['address']):010x}"
    return _time(match["offset"] or "", started)


def _time(offset: str, started: datetime) -> str:
    """Return the beginning of the run as it is written with an offset from UTC."""
    plain = f"{started:%Y-%m-%dT%H:%M:%S}"
    known = moment(f"{plain}{offset.strip().replace('UTC', 'Z')}")
    ahead = started - known if known else timedelta(0)
    return f"{started + ahead:%Y-%m-%dT%H:%M:%S}{offset}"
