"""Hints that the environments of both sides suggest: a value that is each target's own, versions that differ.

A clue is asked for only where nothing closer suggests what to do, and is never a verdict: triage tells what it is.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.record import Layer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osiris_core.parity.pair import Pair
    from osiris_core.parity.record import Finding

DOUBLED: Final = "the same again: look for a retry, or for something that was registered twice"

_FACTS: Final = {
    "hostname": "each target's host name: do not write it",
    "user": "each target's user: do not write it",
    "home": "each target's home directory: write paths relative to the manifest's directory",
    "cwd": "each target's working directory: write paths relative to the manifest's directory",
    "timezone": "each target's time zone: write times in UTC, or set TZ under env:",
    "locale": "each target's locale: format without it, or set LC_ALL under env:",
    "executable": "each target's interpreter: do not write it",
    "python": "each target's version of Python",
    "platform": "each target's kernel",
    "memory_total_bytes": "the size of each target's memory: take it from the manifest's resources, or from a parameter",
    "affinity_cpus": "the number of each target's CPUs: make the number of parts or threads a parameter",
    "cpus": "the number of each target's CPUs: make the number of parts or threads a parameter",
    "uid": "each target's user id: do not write it",
}
_CPUS: Final = ("affinity_cpus", "cpus")
_NUMBER: Final = re.compile(r"\d+")
_DOUBLED_CODES: Final = frozenset({"event-doubled", "metric-doubled"})
_MOST_VERSIONS: Final = 3


class Clues:
    """The clues of one pair of sessions."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        self._left, self._right = (_environment(side.session.hello) for side in (pair.left, pair.right))

    def about(self, finding: Finding) -> str:
        """Return what the two environments suggest about a finding, or nothing."""
        if finding.code in _DOUBLED_CODES:
            return DOUBLED
        return (
            _fact_in(finding, self._left, self._right)
            or (self._parts(finding) if finding.layer is Layer.ARTIFACTS else "")
            or self._versions
        )

    def _parts(self, finding: Finding) -> str:
        """Say that a step writes as many files of one pattern as its target has CPUs."""
        pattern = _NUMBER.sub("#", finding.path)
        counts = [patterns[pattern] for patterns in self._patterns]
        cpus = [{environment.get(name) for name in _CPUS} for environment in (self._left, self._right)]
        if counts[0] != counts[1] and "#" in pattern and counts[0] in cpus[0] and counts[1] in cpus[1]:
            return f"as many parts as there are CPUs, {counts[0]} and {counts[1]}: make their number a parameter"
        return ""

    @cached_property
    def _patterns(self) -> tuple[Counter[str], ...]:
        """How many artifacts of each side have a path of each pattern."""
        return tuple(
            Counter(_NUMBER.sub("#", path) for path in side.session.artifacts)
            for side in (self._pair.left, self._pair.right)
        )

    @cached_property
    def _versions(self) -> str:
        differing = list(_other_versions(self._left, self._right))
        if not differing:
            return ""
        told = ", ".join(f"{name} {a} and {b}" for name, a, b in differing[:_MOST_VERSIONS])
        more = f" and {len(differing) - _MOST_VERSIONS} more" if len(differing) > _MOST_VERSIONS else ""
        return f"versions differ between {self._pair.left.label} and {self._pair.right.label}: {told}{more}"


def _environment(hello: dict[str, Any]) -> dict[str, Any]:
    found = hello.get("environment")
    return found if isinstance(found, dict) else {}


def _fact_in(finding: Finding, left: dict[str, Any], right: dict[str, Any]) -> str:
    """Say which fact of each environment the two values are, or hold, when nothing else in them differs."""
    if not finding.left or not finding.right or finding.left == finding.right:
        return ""
    for name, advice in _FACTS.items():
        a, b = left.get(name), right.get(name)
        if not a or not b or a == b:
            continue
        if _without(finding.left, str(a)) == _without(finding.right, str(b)):
            return f"{a} and {b} are {advice}"
    return ""


def _without(text: str, value: str) -> tuple[str, int]:
    """Return a text with a token for every whole occurrence of a value, and how many there were; none is no match."""
    pattern = rf"(?<![\w.]){re.escape(value)}(?![\w]|\.\d)"
    replaced, count = re.subn(pattern, "\0", text)
    return (replaced, count) if count else (f"{text}\0{value}", 0)


def _other_versions(left: dict[str, Any], right: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield name and both versions of what both sides have in different versions, Python first."""
    if left.get("python") != right.get("python") and left.get("python") and right.get("python"):
        yield "Python", str(left["python"]), str(right["python"])
    a, b = (found if isinstance(found := each.get("distributions"), dict) else {} for each in (left, right))
    for name in sorted({*a} & {*b}):
        if a[name] != b[name]:
            yield name, str(a[name]), str(b[name])
