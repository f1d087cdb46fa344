"""What changed since an older report, in words: one telling for the terminal, for Markdown and for the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osiris_core.parity.record import Verdict
from osiris_core.parity.since import Became, steady
from osiris_core.report.environment import ABSENT, value_texts
from osiris_core.report.history import history_view, identity_of, standing_sentence
from osiris_core.report.marks import mark_of
from osiris_core.report.terminal import first_cause
from osiris_core.report.text import capped_line, visible_line
from osiris_core.report.units import duration, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from osiris_core.parity.record import ParityRecord
    from osiris_core.parity.since import Change, Fact, Since, Slower
    from osiris_core.report.history import HistoryView, Identity

MOST_CHANGES: Final = 200
"""So many manifests are told of; the sentence counts all of them."""
MOST_DETAILS: Final = 12
MOST_FACTS: Final = 40
_CHARACTERS: Final = 300
_LINE_CHARACTERS: Final = 1_000
_MOMENT_CHARACTERS: Final = 40
_INDENT: Final = "    "

_BECAME: Final = {  # symbol, of one manifest, of several
    Became.NEWLY_FAILS: ("✗", "newly fails", "newly fail"),
    Became.NEW_AND_FAILS: ("✗", "is new and fails", "are new and fail"),
    Became.FAILS_OTHERWISE: ("✗", "fails otherwise", "fail otherwise"),
    Became.FAILS_STILL: ("✗", "fails as before", "fail as before"),
    Became.GONE: ("-", "is gone", "are gone"),
    Became.FIXED: ("✓", "is fixed", "are fixed"),
    Became.NEW: ("+", "is new and passes", "are new and pass"),
    Became.PASSES_OTHERWISE: ("≈", "passes otherwise", "pass otherwise"),
    Became.PASSES_STILL: ("=", "passes as before", "pass as before"),
}
_RECOUNTED: Final = {  # what is said of it, and in which order
    "problem": "{name}",
    "finding": "difference {name}: {counts}",
    "not compared": "not compared: {name}",
    "waiver": "waiver {name}: {counts}",
    "rule": "values set aside by {name}: {counts}",
    "compared": "compared {name}: {counts}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """A manifest that is not as it was: `turn` is its verdict before and now, `hidden` counts the details that are left out.

    `tone` is `fails`, `fine`, or `gone` where there is nothing to be either. `anchor` is its place on a page that has it, and empty elsewhere.
    """

    record: ParityRecord
    symbol: str
    became: str
    name: str
    turn: str
    details: tuple[str, ...]
    hidden: int
    tone: str
    anchor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactView:
    """A fact that changed around the manifests, with both values as text; `where` says in how many of them."""

    name: str
    old: str
    new: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SinceView:
    """The telling: a sentence, then the manifests, then what changed around them; what is left out of either is counted. `history` tells of older runs."""

    sentence: str
    worse: bool
    changes: tuple[ChangeView, ...]
    changes_hidden: int
    facts: tuple[FactView, ...]
    facts_hidden: int
    history: HistoryView | None = None


def since_view(since: Since) -> SinceView:
    """Return `since` as it is told."""
    failing = _failing(since)
    changes = [_change(each, failing) for each in since.changes[:MOST_CHANGES]]
    facts = [_fact(each) for each in since.facts[:MOST_FACTS]]
    return SinceView(
        sentence=since_sentence(since),
        worse=bool(since.count(Became.NEWLY_FAILS, Became.NEW_AND_FAILS, Became.FAILS_OTHERWISE)),
        changes=tuple(changes),
        changes_hidden=len(since.changes) - len(changes),
        facts=tuple(facts),
        facts_hidden=len(since.facts) - len(facts),
        history=history_view(since.history) if since.history else None,
    )


def _failing(since: Since) -> dict[Identity, str]:
    """Return since when manifests fail, as far as older runs say so."""
    strips = since.history.strips if since.history else ()
    return {(each.manifest, each.case, each.targets): said for each in strips if (said := standing_sentence(each))}


def since_sentence(since: Since) -> str:
    """Return `since old.json: 1 newly diverges, 2 are fixed; 7 pass as before`, without a final stop."""
    counts = {became: since.count(became) for became in Became}
    counts[Became.PASSES_STILL] += since.as_before
    passing = _counted(since, Became.PASSES_STILL, counts.pop(Became.PASSES_STILL))
    others = ", ".join(filter(None, (_counted(since, became, number) for became, number in counts.items())))
    said = "; ".join(filter(None, (others, passing))) or "there is nothing to hold against each other"
    made = f" of {capped_line(since.made, _MOMENT_CHARACTERS)}" if since.made else ""
    return f"since {since.against}{made}: {said}"


def since_lines(view: SinceView) -> list[str]:
    """Return the telling as lines, without its sentence: what older runs say first, in a few."""
    lines = [visible_line(each) for each in (view.history.sentence, *view.history.lines)] if view.history else []
    for change in view.changes:
        lines.append(f"{change.symbol} {change.became}: {visible_line(change.name)}")
        lines += [f"{_INDENT}{visible_line(each)}" for each in (change.turn, *change.details, *_more(change))]
    if view.changes_hidden:
        lines.append(f"{plural(view.changes_hidden, 'more manifest')} not listed here")
    if view.facts:
        lines.append("around them:")
    for fact in view.facts:
        lines.append(
            visible_line(f"{_INDENT}{fact.name}: {fact.old}, now {fact.new}{f' ({fact.where})' if fact.where else ''}")
        )
    if view.facts_hidden:
        lines.append(f"{_INDENT}{plural(view.facts_hidden, 'more fact')} not listed here")
    return [capped_line(line, _LINE_CHARACTERS) for line in lines]


def _more(change: ChangeView) -> list[str]:
    return [f"… {change.hidden:,} more of {len(change.details) + change.hidden:,}"] if change.hidden else []


def _counted(since: Since, became: Became, number: int) -> str:
    if not number:
        return ""
    _, one, several = _BECAME[became]
    said = one if number == 1 else several
    if became is Became.NEWLY_FAILS and all(_diverges(each) for each in since.changes if each.became is became):
        said = said.replace("fail", "diverge")
    return f"{number:,} {said}"


def _diverges(change: Change) -> bool:
    return change.new is not None and change.new.verdict is Verdict.DIVERGENT


def _change(change: Change, failing: Mapping[Identity, str]) -> ChangeView:
    standing = change.new or change.old
    assert standing is not None  # noqa: S101 - a change is of one record at least
    symbol, became, _ = _BECAME[change.became]
    if change.became is Became.NEWLY_FAILS and _diverges(change):
        became = became.replace("fail", "diverge")
    details = [capped_line(each, _CHARACTERS) for each in _details(change, failing)]
    return ChangeView(
        record=standing,
        symbol=symbol,
        became=became,
        name=change.name,
        turn=_turn(change.old, change.new),
        details=tuple(details[:MOST_DETAILS]),
        hidden=max(0, len(details) - MOST_DETAILS),
        tone="gone" if change.new is None else "fails" if change.new.fails else "fine",
    )


def _turn(old: ParityRecord | None, new: ParityRecord | None) -> str:
    was, now = (_standing(each) if each else "" for each in (old, new))
    if not now:
        return f"it was {was}"
    return now if not was or was == now else f"{was}, now {now}"


def _standing(record: ParityRecord) -> str:
    step = record.first_diverging_step
    return f"{mark_of(record).word}{f' at step {step}' if step else ''}"


def _details(change: Change, failing: Mapping[Identity, str]) -> Iterator[str]:
    if change.new is not None and (said := failing.get(identity_of(change.new))):
        yield said
    if change.new is not None and change.new.fails and change.became is not Became.FAILS_STILL:
        yield first_cause(change.new)
    if change.edited:
        yield "the manifest was edited"
    if change.old and change.new:
        yield from _causes(change.old, change.new)
    yield from _recounted(change)
    yield from (_time(each) for each in change.times)


def _causes(old: ParityRecord, new: ParityRecord) -> Iterator[str]:
    was, now = (each.triage.cause if each.triage else each.cause for each in (old, new))
    if was and now and was != now:
        yield f"cause {was}, now {now}"


def _recounted(change: Change) -> Iterator[str]:
    """Yield what was counted otherwise, `+` what is there now and was not, `-` what is not any more; what was said before is left out."""
    kinds = list(_RECOUNTED)
    said = steady(first_cause(change.new)) if change.new and change.new.fails else ""
    fixed = change.became is Became.FIXED
    for each in sorted(change.recounts, key=lambda each: kinds.index(each.kind)):
        if (fixed and each.kind in {"problem", "finding"}) or each.name == said:
            continue
        sign = "±" if each.old and each.new else "+" if each.new else "-"
        counts = f"{each.old:,}, now {each.new:,}" if each.old else f"{each.new:,}"
        yield f"{sign} {_RECOUNTED[each.kind].format(name=each.name, counts=counts)}"


def _time(slower: Slower) -> str:
    longer = slower.ratio > 1
    times = slower.ratio if longer else 1 / slower.ratio
    took = f"{duration(slower.old_ms)}, now {duration(slower.new_ms)}"
    return f"{slower.target} took {took}: {times:.1f} times as {'long' if longer else 'fast'}"


def _fact(fact: Fact) -> FactView:
    old, new = value_texts([ABSENT if each is None else each for each in (fact.old, fact.new)])
    where = f"in {plural(fact.manifests, 'manifest')}" if fact.manifests else ""
    return FactView(name=fact.name, old=capped_line(old, _CHARACTERS), new=capped_line(new, _CHARACTERS), where=where)
