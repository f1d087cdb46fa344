"""Whether two runs did the same: their sessions, compared as a check compares two targets.

What was asked of them is not what they did: that two checks have another logical time, another seed and maybe other parameters is no
difference by itself, only what follows from it is. The rules that hold are those of the left run's manifest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from osiris_core.parity.compare import compare
from osiris_core.parity.foreign.own import OwnLayout
from osiris_core.parity.foreign.pairs import evidence_between
from osiris_core.rules.reading import read_rules

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from osiris_core.parity.foreign.protocol import Reading
    from osiris_core.parity.record import Finding
    from osiris_core.rules.model import Rule

LABELS: Final = ("left", "right")
"""How findings call the two sides of an assertion."""

_ASKED: Final = ("manifest_fingerprint", "logical_now", "seed", "request_digest")
"""Facts of a session, and fields of its first event, that say what was asked of it."""
_OF_THE_REQUEST: Final = frozenset(f"run_start.{name}" for name in _ASKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """What the comparison of two runs found: `findings` that count, out of `total`, the step of the first, and what `doubts` there are."""

    findings: tuple[Finding, ...]
    total: int
    first_step: str | None
    doubts: tuple[str, ...]

    @property
    def is_full(self) -> bool:
        """Whether the two did the same, and everything was compared."""
        return not self.total and not self.doubts


def likeness_of(left: Mapping[str, Path], right: Mapping[str, Path]) -> Likeness:
    """Return what the comparison of two runs, given by their session directories, finds; of one and the same that is nothing.

    Of a run on both targets one session speaks for both: of the target that the runs share, else of its first.
    """
    shared = next((target for target in left if target in right), None)
    first, second = left[shared or next(iter(left))], right[shared or next(iter(right))]
    if first == second:
        return Likeness(findings=(), total=0, first_step=None, doubts=())
    return _compared(first, second)


def _compared(first: Path, second: Path) -> Likeness:
    left, right = (OwnLayout().read(path) for path in (first, second))
    right = _asked_as(right, left)
    evidence = evidence_between(left, right, LABELS)
    sessions = (replace(each.session, target=label) for each, label in zip((left, right), LABELS, strict=True))
    found = compare(*sessions, rules=_rules_of(left), evidence=evidence)
    deciding = [each for each in found.findings if not each.locates]
    counted = [each for each in deciding if each.path not in _OF_THE_REQUEST]
    return Likeness(
        findings=tuple(counted),
        total=len(counted) + max(0, found.findings_total - len(found.findings)),
        first_step=found.first_diverging_step,
        doubts=(*found.problems, *found.not_compared),
    )


def _asked_as(reading: Reading, other: Reading) -> Reading:
    """Return a reading as if it had been asked what another one was."""
    facts = {**reading.session.facts, **{name: other.session.facts.get(name) for name in _ASKED}}
    return replace(reading, session=replace(reading.session, facts=facts, manifest=other.session.manifest))


def _rules_of(reading: Reading) -> tuple[Rule, ...]:
    declared = reading.session.manifest.get("parity")
    rules, _ = read_rules(declared.get("normalizers", []) if isinstance(declared, dict) else [], "manifest")
    return rules
