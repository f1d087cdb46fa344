"""Which factors the findings themselves point at: tried first, because one that is right saves the search."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from osiris_core.parity.triage.environment import (
    CPUS,
    DISTRIBUTIONS,
    FILES,
    HOME,
    LOCALE,
    NETWORK,
    TIME_ZONE,
    VARIABLE,
    WORK,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osiris_core.parity.record import Comparison, Finding
    from osiris_core.parity.triage.environment import Factor

_WORDS: Final = (
    (DISTRIBUTIONS, "requirements:"),
    (FILES, "inputs:"),
    (TIME_ZONE, "time zone"),
    (LOCALE, "locale"),
    (CPUS, "added up in another order"),
    (CPUS, "CPU"),
    (CPUS, "ORDER BY"),
    (WORK, "absolute path"),
    (NETWORK, "network"),
)
"""What a hint says, and the factor that it points at."""
_NAMED: Final = re.compile(r'add "([^"]+)" to (env|inputs|requirements):')
_SHORTEST: Final = 2
_MOST: Final = 2


def suspected(comparison: Comparison, factors: Sequence[Factor]) -> tuple[str, ...]:
    """Return the names of a few single factors that the findings of the first diverging step point at, likeliest first."""
    known = {each.name for factor in factors for each in (factor, *factor.parts)}
    step = comparison.first_diverging_step
    findings = [each for each in comparison.findings if step is None or each.step == step]
    named = [name for finding in findings for name in _suspects(finding, factors)]
    return tuple(dict.fromkeys(each for each in named if each in known))[:_MOST]


def advice(comparison: Comparison, factor: str) -> str:
    """Return what a hint says to add for this factor, if one does: it names the file, or the distribution."""
    key = {FILES: "inputs", HOME: "inputs", DISTRIBUTIONS: "requirements"}.get(factor)
    for finding in comparison.findings:
        match = _NAMED.search(finding.hint)
        if match is not None and match[2] == key:
            return match[0]
    return ""


def _suspects(finding: Finding, factors: Sequence[Factor]) -> Iterator[str]:
    match = _NAMED.search(finding.hint)
    if match is not None and match[2] == "env":
        yield f"{VARIABLE}{match[1]}"
    if match is not None and match[2] == "inputs" and match[1].startswith("/"):
        yield HOME
    for name, word in _WORDS:
        if word in finding.hint:
            yield name
    left, right = (f"{side}\n{finding.diff}" for side in (finding.left, finding.right))
    for factor in factors:
        if min(len(factor.left), len(factor.right)) >= _SHORTEST and factor.left in left and factor.right in right:
            yield factor.name
