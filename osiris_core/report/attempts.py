"""Attempts beside each other: those at a test that was run again, and those at a step that its manifest lets be tried again.

What passes only when it is tried again is flaky, the first thing to tell of a pipeline that is green. Of earlier attempts at a test a
record has the outcome and no differences; of earlier attempts at a step the error and no files, and the step's log has the lines of all.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING, Final

from osiris_core.parity.attempts import attempt_from
from osiris_core.parity.exhibit.places import session_place
from osiris_core.parity.exhibit.reading import KEPT
from osiris_core.report.marks import state_symbol
from osiris_core.report.units import duration, ordinal, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from osiris_core.parity.record import AttemptTarget, EarlierAttempt, ParityRecord, StepAttempt, StepRun

_PASSING: Final = frozenset({"IDENTICAL", "EQUIVALENT", "ACCEPTED", "OK"})
_UNCOMPARED: Final = frozenset({"INFRA", "OK", "FAILED"})
_TIMES: Final = 2.0
_WORTH_TELLING_MS: Final = 1_000
"""A time is told that is at least twice another, and a second longer: as between two runs (`parity/since/`)."""
_MOST_STEPS: Final = 50
_MOST_TRIES: Final = 20
"""The first attempts, and the last, at a test as at a step."""
_MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptCell:
    """What one target did in an attempt; `session` is the directory, empty where it is not kept, `words` are empty where it made none."""

    symbol: str
    words: str
    error: str
    elapsed_ms: float | None
    session: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """One attempt at a test: what became of it, where, the sentence that told it, what each target did, and what was otherwise in the next."""

    number: int
    symbol: str
    became: str
    step: str
    sentence: str
    started_at: str
    targets: tuple[AttemptCell, ...]
    unlike: tuple[str, ...]
    last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """The attempts at one step, by number: what each target's came to. `remarks` say why there was no other."""

    step: str
    rows: tuple[tuple[int, tuple[AttemptCell, ...]], ...]
    left_out: int
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """All attempts of a record: `sentence` says what they come to, `commands` compare one with the next, `lost` tells what is not kept.

    Of many attempts the first and the last are shown, and those between counted.
    """

    sentence: str
    rows: tuple[AttemptRow, ...]
    rows_left_out: int
    commands: tuple[tuple[str, str], ...]
    lost: str
    tries: tuple[Tries, ...]
    tries_left_out: int


def is_flaky(record: ParityRecord) -> bool:
    """Whether a record passed, and an earlier attempt at the same test did not."""
    return record.passed and any(not _passed(each) for each in record.earlier)


def attempt_in_words(record: ParityRecord) -> str:
    """Return what the attempts at a test come to: `passed in its 2nd attempt; the 1st was DIVERGENT at `write``, without a final stop."""
    if not record.earlier:
        return ""
    count = len(record.earlier) + 1
    bad = [(number, each) for number, each in enumerate(record.earlier, 1) if not _passed(each)]
    if record.passed and not bad:
        return f"attempt {count:,}; its check passed before, too, and something else that the test asks for did not"
    if record.passed:
        return f"passed in its {ordinal(count)} attempt; {_were(bad)}"
    if len(bad) < len(record.earlier):
        good = next(number for number, each in enumerate(record.earlier, 1) if _passed(each))
        return f"failed in its {ordinal(count)} attempt, though its check passed in the {ordinal(good)}"
    ways = (*record.earlier, attempt_from(record))
    told = all(each.passed is not None for each in ways)
    if len({(each.became, each.step if told else None) for each in ways}) == 1:
        return f"failed alike in each of {count:,} attempts"
    return f"failed in each of {count:,} attempts, and not alike; {_were(bad)}"


def attempts_of(record: ParityRecord, roots: Sequence[Path]) -> Attempts | None:
    """Return all attempts that a record tells of; None where everything was tried once.

    Below one of `roots` lie the sessions; without any, those that are named are taken to be there.
    """
    tries = tuple(_tries(record))
    if not record.earlier and not tries:
        return None
    ways = [_there(each, roots) for each in (*record.earlier, attempt_from(record))] if record.earlier else []
    rows = list(_rows(record, ways))
    shown = [*rows[:_MOST_TRIES], *rows[_MOST_TRIES:][-1:]]
    return Attempts(
        sentence=attempt_in_words(record),
        rows=tuple(shown),
        rows_left_out=len(rows) - len(shown),
        commands=tuple(_commands(ways[:_MOST_TRIES])) if len(shown) < len(rows) else tuple(_commands(ways)),
        lost=_lost(ways[:-1]),
        tries=tries[:_MOST_STEPS],
        tries_left_out=max(0, len(tries) - _MOST_STEPS),
    )


def _passed(attempt: EarlierAttempt) -> bool:
    """Whether an attempt passed; an older record says it by its verdict alone."""
    return attempt.became in _PASSING if attempt.passed is None else attempt.passed


def _were(attempts: Sequence[tuple[int, EarlierAttempt]]) -> str:
    """Return what became of attempts, those that are alike together: `the 1st and 2nd were DIVERGENT at `write``."""
    alike: dict[tuple[str, str | None], list[int]] = {}
    for number, each in attempts:
        alike.setdefault((each.became, each.step), []).append(number)
    return ", ".join(
        f"the {_listed(numbers)} {_became(word, len(numbers))}{f' at `{step}`' if step else ''}"
        for (word, step), numbers in alike.items()
    )


def _became(word: str, count: int) -> str:
    if word == "FAILED":
        return "failed"
    return f"{'was' if count == 1 else 'were'} {'not as expected' if word in _PASSING else word}"


def _listed(numbers: Sequence[int]) -> str:
    more = len(numbers) - _MOST_NAMED
    words = [ordinal(number) for number in (numbers[:_MOST_NAMED] if more > 1 else numbers)]
    words += [f"{more:,} others"] if more > 1 else []
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _rows(record: ParityRecord, ways: Sequence[EarlierAttempt]) -> Iterator[AttemptRow]:
    for number, (each, after) in enumerate(zip_longest(ways, ways[1:]), 1):
        runs = {run.target: run for run in each.targets}
        yield AttemptRow(
            number=number,
            symbol=state_symbol("succeeded" if _passed(each) else "failed"),
            became=each.became,
            step=each.step or "",
            sentence="" if _passed(each) else each.headline,
            started_at=each.started_at,
            targets=tuple(_did(runs.get(run.target)) for run in record.targets),
            unlike=tuple(_unlike(each, after)) if after else (),
            last=after is None,
        )


def _did(run: AttemptTarget | None) -> AttemptCell:
    if run is None:
        return AttemptCell(symbol=state_symbol("absent"), words="not known", error="", elapsed_ms=None, session="")
    where = f" in {run.failed_step}" if run.failed_step else ""
    return AttemptCell(
        symbol=state_symbol(run.outcome or ""),
        words=f"{run.outcome or 'no outcome'}{where}",
        error=run.error,
        elapsed_ms=run.elapsed_ms,
        session=run.session_directory,
    )


def _unlike(one: EarlierAttempt, other: EarlierAttempt) -> Iterator[str]:
    """Yield what was otherwise in the attempt that followed, as far as records tell it."""
    if (one.became, _passed(one)) != (other.became, _passed(other)):
        yield f"{one.became}, then {other.became}"
    elif one.passed is None or other.passed is None:
        return
    elif one.step != other.step:
        yield f"at `{one.step or 'no step'}`, then at `{other.step or 'no step'}`"
    elif not one.passed and one.headline != other.headline:
        yield "told otherwise"
    if one.differences != other.differences and _UNCOMPARED.isdisjoint((one.became, other.became)):
        yield f"{plural(one.differences, 'difference')}, then {other.differences:,}"
    runs = {run.target: run for run in other.targets}
    for run in one.targets:
        if after := runs.get(run.target):
            yield from _unlike_on(run, after)


def _unlike_on(one: AttemptTarget, other: AttemptTarget) -> Iterator[str]:
    if (one.outcome, one.failed_step) != (other.outcome, other.failed_step):
        yield f"{one.target}: {_did(one).words}, then {_did(other).words}"
    elif one.error != other.error:
        yield f"{one.target}: another error"
    slow, fast = max(one.elapsed_ms, other.elapsed_ms), min(one.elapsed_ms, other.elapsed_ms)
    if slow >= _TIMES * fast and slow - fast >= _WORTH_TELLING_MS:
        yield f"{one.target}: {duration(one.elapsed_ms)}, then {duration(other.elapsed_ms)}"


def _commands(ways: Sequence[EarlierAttempt]) -> Iterator[tuple[str, str]]:
    """Yield what compares a target's session of each attempt with that of the next, where both are kept."""
    for number, (one, other) in enumerate(pairwise(ways), 1):
        after = {run.target: run.session_directory for run in other.targets}
        for run in one.targets:
            if run.session_directory and after.get(run.target):
                places = " ".join(map(shlex.quote, (run.session_directory, after[run.target])))
                yield f"{run.target}, attempt {number:,} and {number + 1:,}", f"osiris-parity diff {places}"


def _there(attempt: EarlierAttempt, roots: Sequence[Path]) -> EarlierAttempt:
    """Return an attempt that names no session which is not there."""
    runs = (
        run
        if not (roots and run.session_directory) or session_place(run.session_directory, roots)[0]
        else replace(run, session_directory="")
        for run in attempt.targets
    )
    return replace(attempt, targets=tuple(runs))


def _lost(earlier: Sequence[EarlierAttempt]) -> str:
    """Return what of earlier attempts is not there any more."""
    gone = sum(not run.session_directory for each in earlier for run in each.targets)
    if gone:
        return f"{plural(gone, 'session')} of earlier attempts {'is' if gone == 1 else 'are'} not kept; {KEPT}."
    bare = sum(not each.targets for each in earlier)
    return f"Of {plural(bare, 'earlier attempt')} there is nothing but what became of it." if bare else ""


def _tries(record: ParityRecord) -> Iterator[Tries]:
    """Yield the attempts at each step that was tried more than once somewhere, or was not although it might have been."""
    steps = [{step.id: step for step in run.steps} for run in record.targets]
    for step_id in dict.fromkeys(each for run in steps for each in run):
        runs = [own.get(step_id) for own in steps]
        tried = [run.retries for run in runs if run]
        refused = [
            f"{target.target}: not tried again, because {run.not_retried}"
            for target, run in zip(record.targets, runs, strict=True)
            if run and run.not_retried
        ]
        if any(tried) or refused:
            most = max(tried) + 1
            shown = [*range(1, min(most, _MOST_TRIES) + 1), *([most] if most > _MOST_TRIES else [])]
            yield Tries(
                step=step_id,
                rows=tuple((number, tuple(_tried(run, number) for run in runs)) for number in shown),
                left_out=most - len(shown),
                remarks=tuple(refused),
            )


def _tried(run: StepRun | None, number: int) -> AttemptCell:
    """Return what an attempt at a step came to: the last one's end is the step's."""
    nothing = AttemptCell(symbol="", words="", error="", elapsed_ms=None, session="")
    if run is None or number > run.retries + 1:
        return nothing
    known = {each.number: each for each in run.attempts}
    if number == run.retries + 1:
        return replace(nothing, symbol=state_symbol(run.state), words=run.state, elapsed_ms=_since(run, known, number))
    failed = known.get(number)
    error = ": ".join(filter(None, [failed.error_type, failed.error])) if failed else ""
    return replace(
        nothing,
        symbol=state_symbol("failed"),
        words="failed, tried again",
        error=error,
        elapsed_ms=_since(run, known, number),
    )


def _since(run: StepRun, known: Mapping[int, StepAttempt], number: int) -> float | None:
    """Return how long an attempt took, where the times of its beginning and its end are known."""
    began = run.started_ms if number == 1 else known[number - 1].ended_ms if number - 1 in known else None
    if number in known:
        ended = known[number].ended_ms
    else:
        ended = None if run.started_ms is None or run.duration_ms is None else run.started_ms + run.duration_ms
    return None if began is None or ended is None else max(0.0, ended - began)
