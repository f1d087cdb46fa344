"""Differences that a team has accepted for a while: `osiris-waivers.toml` in the project's root, read here.

[[waiver]]
path = "write/delays.csv"
code = "artifact-content"
reason = "the sandbox image writes CRLF until the writer is fixed"
owner = "ann@example.org"
expires = 2027-03-01

A waiver is narrow on purpose: one reason code, a path that is more than `*`, and an end that is near.
"""

from __future__ import annotations

import datetime as dt
import difflib
import fnmatch
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from osiris_core.errors import UsageError
from osiris_core.rules.codes import CODES

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "osiris-waivers.toml"

LONGEST: Final = dt.timedelta(days=180)
"""How far ahead a waiver may end: what is accepted for longer is a rule, not a waiver."""

_TEXTS: Final = ("path", "code", "reason", "owner")
_OPTIONAL: Final = ("manifest", "step")
_KNOWN: Final = (*_TEXTS, "expires", *_OPTIONAL)
_NEAR: Final = 0.75
_ONLY_WILDCARDS: Final = re.compile(r"(?:[*?/.]|\[!?.[^]]*\])*")
"""Sets of characters in brackets are wildcards too: `[!~]*` names no part of a path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One accepted difference; `path`, `manifest` and `step` are patterns in which `*` stands for anything.

    `path` is that of the finding, as reports show it. `expires` is the last day on which the waiver holds.
    """

    path: str
    code: str
    reason: str
    owner: str
    expires: dt.date
    manifest: str = "*"
    step: str = "*"

    @property
    def name(self) -> str:
        """How reports name it: the reason code and the path."""
        return f"{self.code} at {self.path}"

    def covers(self, *, code: str, path: str, step: str | None) -> bool:
        """Whether a difference with this code, at this place, is the one that was accepted."""
        return code == self.code and fnmatch.fnmatchcase(path, self.path) and fnmatch.fnmatchcase(step or "", self.step)

    def is_about(self, manifest: str) -> bool:
        """Whether it speaks of the manifest at this path from the project root."""
        return fnmatch.fnmatchcase(manifest, self.manifest)


def read_waivers(file: Path, today: dt.date) -> tuple[Waiver, ...]:
    """Return the waivers of a file in their order; none where there is no file.

    UsageError, naming the file and the waiver, for one that is incomplete, too broad, or ends more than `LONGEST` after `today`.
    """
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{file.name} cannot be read: {error}") from error
    strange = sorted(document.keys() - {"waiver"})
    entries = document.get("waiver", [])
    if strange or not isinstance(entries, list):
        raise UsageError(f"{file.name} is not understood", hint="it is a list of [[waiver]] tables, and nothing else")
    return tuple(_waiver(entry, f"{file.name}, waiver {number}", today) for number, entry in enumerate(entries, 1))


def _waiver(entry: Any, place: str, today: dt.date) -> Waiver:
    if not isinstance(entry, dict):
        raise UsageError(f"{place} is no table", hint="write [[waiver]], and its keys below")
    strange = sorted(entry.keys() - {*_KNOWN})
    if strange:
        raise UsageError(f"{place} has no key `{strange[0]}`", hint=f"it has {', '.join(_KNOWN)}")
    for name in (*_TEXTS, *(each for each in _OPTIONAL if each in entry)):
        if not isinstance(entry.get(name), str) or not entry[name].strip():
            raise UsageError(f"{place} needs `{name}`, a text", hint="who accepts what, why, and until when")
    if _ONLY_WILDCARDS.fullmatch(entry["path"]):
        raise UsageError(f"{place} would accept everything", hint="name at least a part of the path")
    if re.search(r"[*?[]", entry["code"]):
        raise UsageError(f"{place} names no single reason code", hint="write one waiver for each")
    near = difflib.get_close_matches(entry["code"], CODES, n=1, cutoff=_NEAR)
    if near and entry["code"] not in CODES:
        raise UsageError(f"{place} names no reason code: `{entry['code']}`", hint=f"did you mean `{near[0]}`?")
    expires = entry.get("expires")
    if not isinstance(expires, dt.date) or isinstance(expires, dt.datetime):
        raise UsageError(f"{place} needs `expires`, a date", hint="for example: expires = 2027-03-01")
    if expires > today + LONGEST:
        latest = (today + LONGEST).isoformat()
        raise UsageError(
            f"{place} would hold until {expires.isoformat()}", hint=f"at most {LONGEST.days} days: until {latest}"
        )
    texts = {name: entry[name].strip() for name in (*_TEXTS, *_OPTIONAL) if name in entry}
    return Waiver(expires=expires, **texts)
