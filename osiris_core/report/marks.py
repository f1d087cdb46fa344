"""Word, symbol and order of every verdict and step state: meaning never rests on colour alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osiris_core.parity.record import Verdict

if TYPE_CHECKING:
    from osiris_core.parity.record import ParityRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How a record is labelled: `key` names its filter and style, `meaning` explains it to a newcomer."""

    key: str
    word: str
    symbol: str
    meaning: str
    fails: bool


_FAILING = (
    Mark(key="divergent", word="DIVERGENT", symbol="≠", meaning="the two targets behave differently", fails=True),
    Mark(
        key="nondeterministic", word="NONDETERMINISTIC", symbol="↻", meaning="a target differs from itself", fails=True
    ),
    Mark(
        key="inconclusive",
        word="INCONCLUSIVE",
        symbol="?",
        meaning="something was not compared, or the evidence contradicts itself",
        fails=True,
    ),
    Mark(
        key="infra",
        word="INFRA",
        symbol="!",
        meaning="a target could not run: this says nothing about parity",
        fails=True,
    ),
    Mark(
        key="unexpected",
        word="NOT AS EXPECTED",
        symbol="✗",
        meaning="the targets agree, but not as the manifest, its baseline or a gate expects",
        fails=True,
    ),
    Mark(
        key="failed",
        word="FAILED",
        symbol="✗",
        meaning="it did not run, or not as the manifest or its baseline has it",
        fails=True,
    ),
)
_PASSING = (
    Mark(key="xfailed", word="XFAILED", symbol="x", meaning="it failed, as its test is marked to (xfail)", fails=False),
    Mark(key="accepted", word="ACCEPTED", symbol="◐", meaning="only waived differences", fails=False),
    Mark(key="equivalent", word="EQUIVALENT", symbol="≈", meaning="equal under named rules", fails=False),
    Mark(key="identical", word="IDENTICAL", symbol="=", meaning="equal without any rule", fails=False),
    Mark(key="ok", word="OK", symbol="✓", meaning="the run on one target was as expected", fails=False),
)
MARKS = (*_FAILING, *_PASSING)
"""Every mark, in the order in which reports list them: what needs a reader first."""

_BY_KEY = {mark.key: mark for mark in MARKS}
_ORDER = {mark.key: position for position, mark in enumerate(MARKS)}
_STATE_SYMBOLS = {"succeeded": "✓", "failed": "✗", "skipped": "⊘", "cancelled": "■", "absent": "—"}


def mark_of(record: ParityRecord) -> Mark:
    """Return the label of `record`."""
    verdict = record.verdict
    if record.expected_failure:
        return _BY_KEY["xfailed"]
    if verdict is None:
        return _BY_KEY["ok" if record.passed else "failed"]
    if verdict.passes and not record.passed:
        return _BY_KEY["unexpected"]
    return _BY_KEY[verdict.value.lower()]


def failures_first(records: tuple[ParityRecord, ...]) -> list[ParityRecord]:
    """Return the records in reading order: by mark, then as they came."""
    return sorted(records, key=lambda record: _ORDER[mark_of(record).key])


def state_symbol(state: str) -> str:
    """Return the symbol of a step state or an outcome; unknown ones get a question mark."""
    return _STATE_SYMBOLS.get(state, "?")


def compared_alike(record: ParityRecord) -> bool:
    """Whether the two targets of `record` were compared and found the same, whatever `expect` says."""
    return isinstance(record.verdict, Verdict) and record.verdict.passes
