"""Why a manifest fails, short enough for its line in a list: the first cause in words.

    `write-delays`: the same rows in another order; add an ORDER BY
    `page`: fails on e2b alone: No module named 'jinja2'; add "jinja2" to requirements
    `delays`: column `day` differs in 14 of 16 rows; because of the time zone, Europe/Prague on local and UTC on e2b
    could not run on e2b: the declared distribution torch==2.9 is not installed on this machine

The step stands apart, because it is a name whatever it says; in the words, what stands between backquotes is code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osiris_core.parity.hints import hint_rank, of_its_file
from osiris_core.parity.record import Verdict
from osiris_core.parity.summary import causes_and_effects
from osiris_core.report.attempts import attempt_in_words
from osiris_core.report.baselines import SIDE, decides, speaking
from osiris_core.report.text import capped_line, visible_line

if TYPE_CHECKING:
    from osiris_core.parity.record import Comparison, Finding, ParityRecord, TargetRun, TriageFactor

_CHARACTERS: Final = 240
_PART: Final = 160
"""So much of one value or sentence is shown; a cause as a whole gets `_CHARACTERS`."""
_MESSAGE: Final = 100
_VALUE: Final = 48
_FAILED_STATES: Final = frozenset({"outcome", "step-state"})
"""Codes of findings that say that one side failed; why it did is in its error."""
_SIZES: Final = re.compile(r"; [\d,]+ and [\d,]+ bytes$")
_ONLY: Final = "only "
_OTHER_TEXT: Final = "other text in "
_LINE: Final = "line "
"""How messages begin that speak of `this file` or `this table`: in a line of their own they need its name."""
_FROM_ITSELF: Final = " differs from itself "
"""How the evidence that a target is unstable begins, behind the target's name."""
_WORD: Final = re.compile(r"\w+")
_SAID_TWICE: Final = 0.6
"""The share of a hint's words before its colon from which on its message has said them already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The first cause in words: at which step, where it is one, and what is the matter; both visible, on one line."""

    step: str
    words: str

    def __str__(self) -> str:
        """Return both as one line of text."""
        return f"`{self.step}`: {self.words}" if self.step else self.words


def cause_in_words(record: ParityRecord) -> Cause:
    """Return why `record` fails, or what else is worth its line; without words where a manifest simply passes."""
    step, words = (
        ("", "; ".join(filter(None, [attempt_in_words(record), _set_aside(record)]))) if record.passed else _why(record)
    )
    return Cause(
        step=capped_line(visible_line(step), _VALUE),
        words=capped_line(visible_line(words.strip().rstrip(".")), _CHARACTERS),
    )


def divergence_headline(record: ParityRecord) -> str:
    """Return the sentence about a record whose two targets part: where, the same first cause in words, and what else differs."""
    comparison, names = record.comparison, [run.target for run in record.targets]
    finding = deciding_finding(record)
    if comparison is None or finding is None:
        return record.headline
    step = comparison.first_diverging_step
    where = f"part at step `{step}`" if step else "differ"
    others = comparison.effects or len(comparison.causes) > 1
    rest = f" ({causes_and_effects(comparison)})" if others else ""
    words = " ".join(_of_finding(record, finding).split()).rstrip(".")
    return f"{' and '.join(names)} {where}: {words}{rest}."


def deciding_finding(record: ParityRecord) -> Finding | None:
    """Return the finding that stands for a failure: at the first diverging step, deciding, hinted if possible."""
    comparison, _ = speaking(record)
    if comparison is None or comparison.verdict.passes or record.verdict is Verdict.NONDETERMINISTIC:
        return None
    if comparison.problems and comparison.verdict is not Verdict.DIVERGENT:
        return None
    first = comparison.first_diverging_step
    lead = min(
        (finding for finding in comparison.findings if not finding.waived_by),
        key=lambda finding: (first is not None and finding.step != first, finding.locates, hint_rank(finding.hint)),
        default=None,
    )
    return of_its_file(lead, comparison.findings) if lead else None


def _why(record: ParityRecord) -> tuple[str, str]:
    """Return the step and the words."""
    if record.verdict is Verdict.INFRA or not record.targets:
        return "", _unable(record)
    if record.verdict is Verdict.NONDETERMINISTIC:
        return _unstable(record)
    finding = deciding_finding(record)
    return (finding.step or "", _of_finding(record, finding)) if finding else ("", _without_finding(record))


def _without_finding(record: ParityRecord) -> str:
    if record.comparison and record.comparison.problems:
        return _first_of(record.comparison.problems)
    if record.expectation_failures:
        return _first_of(record.expectation_failures)
    if decides(record) and record.baseline and record.baseline.message:
        return record.baseline.message
    return record.headline


def error_behind(record: ParityRecord) -> str:
    """Return the error that the first cause of a record is made of, as it came; nothing where it is made of something else."""
    if record.verdict is Verdict.INFRA or not record.targets:
        stopped = _stopped(record)
        return stopped.error if stopped else ""
    finding = deciding_finding(record)
    failed = _failed(record, finding) if finding else None
    return failed.error if failed else ""


def _stopped(record: ParityRecord) -> TargetRun | None:
    return next((run for run in record.targets if run.error and run.outcome != "succeeded"), None)


def _unable(record: ParityRecord) -> str:
    stopped = _stopped(record)
    if stopped is None:
        return record.headline
    return f"could not run on {stopped.target}: {_clipped(stopped.error)}"


def _unstable(record: ParityRecord) -> tuple[str, str]:
    found = record.triage
    where = f" on {' and '.join(found.unstable)}" if found and found.unstable else ""
    step = (found.step if found else None) or ""
    seen = _first_clauses(found.evidence[0]) if found and found.evidence else ""
    shown = (seen.partition(_FROM_ITSELF)[2] or seen).replace(f" at step {step}", "", 1)
    there = record.comparison.findings if record.comparison else ()
    hint = min((each.hint for each in there if each.step == step), key=hint_rank, default="")
    return step, _with_hint(f"differs from itself{where} {shown or 'from run to run'}", hint)


def _of_finding(record: ParityRecord, finding: Finding) -> str:
    comparison, names = speaking(record)
    factor = record.triage.factors[0] if record.triage and record.triage.factors else None
    failure = _failure(record, finding)
    if failure:  # its error says what is missing; what to do is worth more than where the two machines differ
        remedy = _clipped((factor.fix if factor else "") or finding.hint).rstrip(":")
        return f"{failure}{f'; {remedy}' if remedy else ''}"
    which = f"{_place(finding)}: " if finding.message.startswith((_ONLY, _OTHER_TEXT, _LINE)) else ""
    message = f"{which}{_first_clauses(finding.message)}{f', against its {SIDE}' if decides(record) else ''}"
    return f"{message}; {_of_factor(factor, names)}" if factor else _with_hint(message, hint_of(comparison, finding))


def _place(finding: Finding) -> str:
    """Return the name that a line has room for; of what lies in archives the innermost, which is what somebody looks for."""
    if finding.members:
        return _clipped(finding.members[-1], _VALUE)
    return _clipped(
        finding.path if finding.message.startswith(_ONLY) else finding.path.removeprefix(f"{finding.step}/"), _VALUE
    )


def hint_of(comparison: Comparison | None, finding: Finding) -> str:
    """Return the hint of a difference, else that of an effect: what differs downstream may tell why better than where it began."""
    if finding.hint:
        return finding.hint
    findings = comparison.findings if comparison else ()
    others = {*comparison.causes} - {finding.step} if comparison else set()  # theirs are about themselves
    hints = [each.hint for each in findings if each.hint and not each.waived_by and each.step not in others]
    return min(hints, key=hint_rank, default="")


def _failure(record: ParityRecord, finding: Finding) -> str:
    """Return `fails on e2b: KeyError: 'x'` where a finding says that one side failed and the other did not."""
    failed = _failed(record, finding)
    if failed is None:
        return ""
    error = _clipped(failed.error)
    kind = f"{failed.error_type}: " if failed.error_type and " " not in error else ""
    return f"fails on {failed.target} alone: {kind}{error}"


def _failed(record: ParityRecord, finding: Finding) -> TargetRun | None:
    """Return the one target that failed, where a finding is about that."""
    if finding.code not in _FAILED_STATES or decides(record):
        return None
    failed = [run for run in record.targets if run.outcome == "failed" and run.error]
    # both sides are needed to say that one failed
    return failed[0] if len(failed) == 1 and len(record.targets) > 1 else None


def _of_factor(factor: TriageFactor, names: list[str]) -> str:
    sides = (*names, "left", "right")
    left, right = _clipped(factor.left, _VALUE), _clipped(factor.right, _VALUE)
    return f"because of {factor.name}, {left} on {sides[0]} and {right} on {sides[1]}"


def _with_hint(message: str, hint: str) -> str:
    """Return both, the hint without what the message has said: hints are `what it is: what to do`; it is worth more than a second clause."""
    what, colon, remedy = _clipped(hint).partition(": ")
    said, saying = {word.lower() for word in _WORD.findall(message)}, _WORD.findall(what.lower())
    twice = bool(colon) and sum(word in said for word in saying) >= _SAID_TWICE * len(saying)
    told = remedy if twice else _clipped(hint)
    if len(f"{message}; {told}") > _CHARACTERS:
        message = message.partition("; ")[0]
    return f"{message}{f'; {told}' if told else ''}".rstrip(":")  # a hint may end with a manifest's key


def _first_clauses(message: str) -> str:
    """Return as many of a message's clauses as are short, without the sizes in bytes that some end with."""
    kept, *others = _clipped(_SIZES.sub("", message.strip())).split("; ")
    for clause in others:
        if len(kept) + len(clause) > _MESSAGE:
            break
        kept += f"; {clause}"
    return kept


def _set_aside(record: ParityRecord) -> str:
    """Return by what a passing manifest's differences were set aside."""
    if record.comparison is None:
        return ""
    if record.verdict is Verdict.ACCEPTED:
        used = [use.name for use in record.comparison.waivers if use.hits and not use.complaint]
        return f"accepted by {_listed(used)}" if used else ""
    rules = [use.rule for use in record.comparison.rules if use.decided]
    return f"equal under {_listed(rules)}" if rules and record.verdict is Verdict.EQUIVALENT else ""


def _listed(names: list[str], most: int = 2) -> str:
    more = len(names) - most
    return " and ".join([*(f"`{name}`" for name in names[:most]), *([f"{more:,} more"] if more > 0 else [])])


def _first_of(sentences: tuple[str, ...]) -> str:
    others = len(sentences) - 1
    return f"{_clipped(sentences[0], _CHARACTERS)}{f' (and {others:,} more)' if others else ''}"


def _clipped(text: str, limit: int = _PART) -> str:
    """Return the first line that says something, cut with an ellipsis."""
    line = next((line for line in text.strip().splitlines() if line.strip()), "").strip().rstrip(".")
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"
