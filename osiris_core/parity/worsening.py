"""What somebody else's judgement may make of a record: a worse one, and nothing else.

It may fail a check that passed, give it a verdict that weighs more, say why, and warn. Evidence stays as it was found, and no
answer makes a check better than it was judged here.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.record import ParityRecord, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

CHANGEABLE: Final = ("passed", "verdict", "headline", "expectation_failures", "warnings")
_ADDED_TO: Final = ("expectation_failures", "warnings")
_WEIGHT: Final = {verdict: weight for weight, verdict in enumerate(Verdict)}


def refusal(record: ParityRecord, answer: Any) -> str:
    """Return why `answer` cannot take the place of `record`, as the end of a sentence that begins with whose it is; else nothing."""
    if not isinstance(answer, ParityRecord):
        return f"gave {answer!r:.60}, but a ParityRecord or None is asked for"
    for each in fields(ParityRecord):
        if each.name not in CHANGEABLE and getattr(answer, each.name) != getattr(record, each.name):
            return f"changed `{each.name}` of the record, where only {', '.join(CHANGEABLE)} can be"
    for name in _ADDED_TO:
        before, after = getattr(record, name), getattr(answer, name)
        is_texts = isinstance(after, tuple) and all(isinstance(sentence, str) for sentence in after)
        if not is_texts or after[: len(before)] != before:
            return f"did not leave `{name}` as they were, with sentences behind them"
    if [type(getattr(answer, name)) for name in ("passed", "headline")] != [bool, str]:
        return "gave a record whose `passed` is no bool, or whose `headline` is no text"
    return _contradiction(record, answer)


def worst(record: ParityRecord, answers: Iterable[ParityRecord]) -> ParityRecord:
    """Return the record with everything that acceptable answers hold against it; the first that fails it has the headline."""
    for answer in answers:
        heavier = answer.verdict is not None and _weight(answer) > _weight(record)
        decides = heavier or (record.passed and not answer.passed)
        record = replace(
            record,
            passed=record.passed and answer.passed,
            verdict=answer.verdict if heavier else record.verdict,
            headline=answer.headline if decides else record.headline,
            expectation_failures=_joined(record.expectation_failures, answer.expectation_failures),
            warnings=_joined(record.warnings, answer.warnings),
        )
    return record


def _contradiction(record: ParityRecord, answer: ParityRecord) -> str:
    if (record.verdict is None) is not (answer.verdict is None):
        return "gave a verdict where nothing was compared, or took one away"
    verdict: object = answer.verdict
    if verdict is not None and not isinstance(verdict, Verdict):
        return f"gave the verdict {verdict!r:.40}, which is none"
    if (answer.passed and not record.passed) or _weight(answer) < _weight(record):
        return "made the record better, where it can only be made worse"
    fails = answer.verdict is not None and not answer.verdict.passes
    if answer.passed and (fails or answer.expectation_failures):
        return "says that the check failed and that it passed"
    if (
        record.passed
        and not answer.passed
        and (answer.headline, answer.expectation_failures)
        == (
            record.headline,
            record.expectation_failures,
        )
    ):
        return "failed the check without saying why in `headline`"
    return ""


def _weight(record: ParityRecord) -> int:
    return -1 if record.verdict is None else _WEIGHT[record.verdict]


def _joined(before: tuple[str, ...], after: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*before, *after)))
