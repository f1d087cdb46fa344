"""What became of manifests from run to run, in words and marks: one telling for the terminal, for Markdown and for the page."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from osiris_core.parity.record import Verdict
from osiris_core.parity.since import Seen, moment, steady
from osiris_core.parity.since.changing import weight_of
from osiris_core.report.marks import MARKS, mark_of
from osiris_core.report.sparkline import sparkline
from osiris_core.report.terminal import first_cause
from osiris_core.report.text import capped_line, visible_line
from osiris_core.report.units import duration, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from osiris_core.parity.record import ParityRecord, RecordSet
    from osiris_core.parity.since import History, Strip, Trend
    from osiris_core.report.sparkline import Sparkline

MOST_ROWS: Final = 200
"""So many manifests are in the table of all runs; the sentence counts all of them."""
MOST_NAMED: Final = 5
"""So many flaky manifests, and so many that take longer, are named where there is no page."""
_NAME_CHARACTERS: Final = 80
_CAUSE_CHARACTERS: Final = 300
_DAY_CHARACTERS: Final = len("2026-02-03")
_MARKS: Final = {mark.key: mark for mark in MARKS}

Identity = tuple[str, str, tuple[str, ...]]
"""What a strip belongs to: manifest, case and targets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SightView:
    """One run in a strip: `key` is that of a mark, or `gap` where the manifest was not part of it; `breaks` says what else was asked from here on."""

    key: str
    symbol: str
    word: str
    title: str
    breaks: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Runs in a row that ended alike: `when` and `where` say which, `runs` how many, `sight` how."""

    when: str
    where: str
    runs: str
    sight: SightView
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendView:
    """A time that got longer, as a sentence and as a drawing."""

    sentence: str
    drawing: Sparkline


@dataclass(frozen=True, slots=True, kw_only=True)
class StripView:
    """A manifest through its runs: `said` are the sentences on it, `in_words` the strip itself as text, `of_note` where a reader should look at it."""

    name: str
    fails: bool
    said: tuple[str, ...]
    in_words: str
    of_note: bool
    sights: tuple[SightView, ...]
    stretches: tuple[Stretch, ...]
    trends: tuple[TrendView, ...]
    anchor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryView:
    """The telling: a sentence, the `lines` that follow it where there is no page, the heads of the runs, the manifests of note, how many others there are."""

    sentence: str
    lines: tuple[str, ...]
    heads: tuple[tuple[str, str], ...]
    rows: tuple[StripView, ...]
    rows_hidden: int
    calm: int
    left_out: tuple[str, ...]
    strips: Mapping[Identity, StripView]


def seen_in(records: RecordSet) -> tuple[Seen, ...]:
    """Return what history keeps of each record."""
    return tuple(
        Seen(
            manifest=record.manifest,
            case=record.case,
            targets=tuple(run.target for run in record.targets),
            providers=tuple(run.provider for run in record.targets),
            elapsed_ms=tuple(run.elapsed_ms if run.outcome == "succeeded" else None for run in record.targets),
            fingerprint=record.fingerprint,
            weight=weight_of(record),
            fails=record.fails,
            ran=record.verdict is not Verdict.INFRA,
            mark=mark_of(record).key,
            cause=capped_line(first_cause(record), _CAUSE_CHARACTERS) if record.fails else "",
        )
        for record in records.records
    )


def identity_of(record: ParityRecord) -> Identity:
    """Return what the strip of a record is found by."""
    return record.manifest, record.case, tuple(run.target for run in record.targets)


def flaky_in(history: History) -> frozenset[Identity]:
    """Return which manifests went between passing and failing from run to run."""
    return frozenset((each.manifest, each.case, each.targets) for each in history.strips if each.is_flaky)


def history_view(history: History) -> HistoryView:
    """Return `history` as it is told: what fails first, then what is flaky, what takes longer, what was red before."""
    strips = {(each.manifest, each.case, each.targets): _strip(each, history) for each in history.strips}
    ordered = sorted(
        history.strips,
        key=lambda each: (not each.fails_since, not each.is_flaky, not each.trends, each.manifest, each.case),
    )
    of_note = [each for strip in ordered if (each := strips[strip.manifest, strip.case, strip.targets]).of_note]
    return HistoryView(
        sentence=history_sentence(history),
        lines=tuple(_lines(ordered)),
        heads=tuple(
            (made[5:_DAY_CHARACTERS] if moment(made) else "—", _run(name, made)) for name, made in history.runs
        ),
        rows=tuple(of_note[:MOST_ROWS]),
        rows_hidden=max(0, len(of_note) - MOST_ROWS),
        calm=len(strips) - len(of_note),
        left_out=history.left_out,
        strips=strips,
    )


def history_sentence(history: History) -> str:
    """Return `in 12 runs since 2026-11-01: 2 manifests are flaky, 3 fail, the longest of them since 2026-11-20 (6 runs)`, without a final stop."""
    flaky = sum(each.is_flaky for each in history.strips)
    failing = sorted((each for each in history.strips if each.fails_since), key=lambda each: -each.failing_runs)
    never = sum(each.never_passed for each in failing)
    slower = sum(bool(each.trends) for each in history.strips)
    said = [f"{plural(flaky, 'manifest')} {'is' if flaky == 1 else 'are'} flaky" if flaky else "none is flaky"]
    if failing:
        since = f"since {_day(failing[0].fails_since)} ({plural(failing[0].failing_runs, 'run')})"
        said.append(f"1 fails {since}" if len(failing) == 1 else f"{len(failing):,} fail, the longest of them {since}")
    if never:
        said.append(f"{never:,} never passed")
    if slower:
        said.append(f"{slower:,} {'takes' if slower == 1 else 'take'} longer than before")
    return f"in {plural(history.total, 'run')} since {_day(history.since)}: {', '.join(said)}"


def standing_sentence(strip: Strip) -> str:
    """Return since when a manifest fails, or an empty string where it passes."""
    if not strip.fails_since:
        return ""
    runs = plural(strip.failing_runs, "run")
    if strip.never_passed:
        return f"never passed: {runs} since {_day(strip.fails_since)}"
    return f"fails since {_day(strip.fails_since)}, {runs}"


def _lines(strips: Sequence[Strip]) -> Iterator[str]:
    """Yield who is flaky, and what takes longer, as far as that can be read in one look."""
    for kind, told in (
        ("flaky", [f"{_name(each)}: {_flaky(each)}" for each in strips if each.is_flaky]),
        ("longer", [f"{_name(each)}: {_longer(trend)}" for each in strips for trend in each.trends]),
    ):
        yield from (f"{'↻' if kind == 'flaky' else '↗'} {kind}: {each}" for each in told[:MOST_NAMED])
        if len(told) > MOST_NAMED:
            yield f"  {kind}: {len(told) - MOST_NAMED:,} more of {len(told):,}; the page has them"


def _flaky(strip: Strip) -> str:
    return (
        f"went {strip.turns:,} times between passing and failing in the last {plural(_asked(strip), 'run')}, unchanged"
    )


def _asked(strip: Strip) -> int:
    """Return how many of the runs that are shown asked the same as now."""
    begins = max((place for place, each in enumerate(strip.breaks) if each), default=0)
    return sum(each is not None for each in strip.sights[begins:])


def _longer(trend: Trend) -> str:
    last = len([each for each in trend.times if each is not None]) - trend.before
    return (
        f"{trend.target} took {duration(trend.old_ms)}, and {duration(trend.new_ms)} in the last {plural(last, 'run')}: "
        f"{trend.new_ms / trend.old_ms:.1f} times as long (medians; {plural(trend.before, 'run')} before)"
    )


def _name(strip: Strip) -> str:
    return f"{strip.manifest}[{strip.case}]" if strip.case else strip.manifest


def _strip(strip: Strip, history: History) -> StripView:
    sights = tuple(
        _sight(seen, broken, run) for seen, broken, run in zip(strip.sights, strip.breaks, history.runs, strict=True)
    )
    said = [standing_sentence(strip), f"flaky: {_flaky(strip)}" if strip.is_flaky else ""]
    trends = tuple(TrendView(sentence=_longer(each), drawing=sparkline(each.times)) for each in strip.trends)
    stretches = tuple(_stretches(strip, sights, history.runs))
    return StripView(
        name=_name(strip),
        fails=bool(strip.fails_since),
        said=tuple(each for each in said if each),
        in_words=", ".join(_counted(each) for each in stretches),
        of_note=bool(
            strip.fails_since or strip.is_flaky or trends or any(each and each.fails for each in strip.sights)
        ),
        sights=sights,
        stretches=stretches,
        trends=trends,
    )


def _counted(stretch: Stretch) -> str:
    said = f"{stretch.runs} {stretch.sight.word}"
    return f"{stretch.sight.breaks}: {said}" if stretch.sight.breaks else said


def _sight(seen: Seen | None, breaks: str, run: tuple[str, str]) -> SightView:
    if seen is None:
        return SightView(key="gap", symbol="·", word="not part of it", title=f"{_run(*run)}: not part of it", breaks="")
    mark = _MARKS[seen.mark]
    cause = f": {seen.cause}" if seen.cause else ""
    title = f"{_run(*run)}: {mark.word}{cause}"
    return SightView(key=mark.key, symbol=mark.symbol, word=mark.word, title=title, breaks=breaks)


def _stretches(strip: Strip, sights: Sequence[SightView], runs: Sequence[tuple[str, str]]) -> Iterator[Stretch]:
    """Yield runs in a row as long as nothing is otherwise: the mark, the cause but for its numbers, what was asked."""
    places, number = [], 0
    for place, (seen, sight) in enumerate(zip(strip.sights, sights, strict=True)):
        number += bool(sight.breaks)
        places.append((place, (sight.key, steady(seen.cause) if seen else "", number)))
    for _, alike in groupby(places, key=lambda each: each[1]):
        first, *others = [place for place, _ in alike]
        last = others[-1] if others else first
        seen = strip.sights[last]
        runs_in_row = plural(last - first + 1, "run")
        days = [_day(runs[place][1] or runs[place][0]) for place in (first, last)]
        yield Stretch(
            when=days[0] if days[0] == days[1] else f"{days[0]} to {days[1]}",
            where=_run(runs[last][0], "") if first == last else runs_in_row,
            runs=runs_in_row,
            sight=sights[first],
            cause=seen.cause if seen else "",
        )


def _run(name: str, made: str) -> str:
    """Return a run by its time and its name; of a long name its end, which tells files apart."""
    shown = visible_line(name)
    shown = f"…{shown[-_NAME_CHARACTERS:]}" if len(shown) > _NAME_CHARACTERS else shown
    return f"{made}, {shown}" if moment(made) else shown


def _day(at: str) -> str:
    """Return the day of a time; a run that has no time is called by its name."""
    return at[:_DAY_CHARACTERS] if moment(at) else _run(at, "")
