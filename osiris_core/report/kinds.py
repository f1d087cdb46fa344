"""What fails alike: failing manifests with the same first cause but for what is each one's own.

    30 manifests  could not run on e2b: the server at … does not answer
     4 manifests  column `…` differs in … of … rows, at steps of duckdb.processor

Alike are verdict, layer, code and words of the first cause, the hint among them, without numbers, digests, ids, what stands between
backquotes, and the manifest's own names and values. An error is compared whole, and keeps what it quotes: another module that is missing
is another thing to mend. Where triage found a factor, that is the reason, and alike is what has the same one.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osiris_core.parity.since import steady
from osiris_core.parity.since.counting import VARYING
from osiris_core.report.anchors import words_anchor
from osiris_core.report.cause import cause_in_words, deciding_finding, error_behind
from osiris_core.report.marks import mark_of
from osiris_core.report.text import visible_line
from osiris_core.report.units import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from osiris_core.parity.record import ParityRecord
    from osiris_core.report.marks import Mark

MOST_KINDS: Final = 5
"""So many kinds are in sight on the page; the others are folded, and counted from `MOST_FOLDED` on."""
MOST_FOLDED: Final = 50
MOST_LINKS: Final = 50
"""So many manifests of a kind are linked; the list below has all of them."""
MANY: Final = 3
"""Of so many that fail alike, a summary explains the first and names the others."""
_OPEN: Final = "…"
_NAMED: Final = 3
_LONGEST_NAME: Final = 200
_LONGEST_LINE: Final = 2_000
"""Of an error's line so much is held against others."""
_ROW_OF_OPEN: Final = re.compile(rf"{_OPEN}(?:[.:/-]{_OPEN})+")
_QUOTED: Final = "`[^`]*`"
_says_something: Final = re.compile(r"\w").search
_is_word: Final = re.compile(r"[A-Za-z]+").fullmatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Two or more failing manifests that are alike: `words` is their first cause, `…` where they have something else each.

    `key` is what a query names the kind by, the same from report to report; `where` says what the steps have in common, or nothing.
    """

    key: str
    mark: Mark
    words: str
    where: str
    records: tuple[ParityRecord, ...]

    def __str__(self) -> str:
        """Return what they have in common as one line of visible text."""
        return f"{self.words}{f', at {self.where}' if self.where else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KindView:
    """A kind as the page shows it: `links` are addresses and names of its first manifests, `hidden` counts the others."""

    kind: Kind
    links: tuple[tuple[str, str], ...]
    hidden: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """What fails alike on the page: kinds in sight, folded ones, the number of those that are left out, and a sentence for all."""

    sentence: str
    first: tuple[KindView, ...]
    others: tuple[KindView, ...]
    hidden: int


def alike_of(kinds: Sequence[Kind], anchors: Mapping[int, str], failing: int) -> Alike | None:
    """Return kinds as the page shows them, or nothing where there are none; `anchors` are the addresses of records by their identity."""
    if not kinds:
        return None
    views = [
        KindView(
            kind=kind,
            links=tuple((anchors[id(record)], record.name) for record in kind.records[:MOST_LINKS]),
            hidden=max(0, len(kind.records) - MOST_LINKS),
        )
        for kind in kinds[: MOST_KINDS + MOST_FOLDED]
    ]
    alike = sum(len(kind.records) for kind in kinds)
    share = f"all {alike:,}" if alike == failing else f"{alike:,} of {failing:,}"
    return Alike(
        sentence=f"{share} failures, of {plural(len(kinds), 'kind')}",
        first=tuple(views[:MOST_KINDS]),
        others=tuple(views[MOST_KINDS:]),
        hidden=len(kinds) - len(views),
    )


def kinds_of(records: Sequence[ParityRecord]) -> tuple[Kind, ...]:
    """Return what fails alike among `records`, the most frequent first; whoever fails like nobody else is in none of them."""
    alike: dict[tuple[str, ...], list[ParityRecord]] = {}
    for record in records:
        if record.fails:
            alike.setdefault(_signature(record), []).append(record)
    kinds = [_kind(signature, tuple(each)) for signature, each in alike.items() if len(each) > 1]
    return tuple(sorted(kinds, key=lambda kind: -len(kind.records)))


def explained(failing: Sequence[ParityRecord], kinds: Sequence[Kind]) -> list[tuple[ParityRecord, Kind | None]]:
    """Return those that a summary explains; beside the first one of many that are alike their kind, for which it stands."""
    large = {id(record): kind for kind in kinds if len(kind.records) >= MANY for record in kind.records}
    return [
        (record, large.get(id(record)))
        for record in failing
        if id(record) not in large or record is large[id(record)].records[0]
    ]


def others_line(kind: Kind) -> str:
    """Return who else fails like the first of a kind: `29 more fail alike: a, b, c and 26 others, all in the table`."""
    others = [visible_line(record.name) for record in kind.records[1:]]
    more = len(others) - _NAMED
    named = ", ".join(others[:_NAMED])
    rest = f" and {plural(more, 'other')}, all in the table" if more > 0 else ""
    return f"{len(others):,} more fail alike: {named}{rest}"


def kind_line(kind: Kind) -> str:
    """Return `30 manifests fail alike, INFRA: could not run on e2b: ...`."""
    return f"{plural(len(kind.records), 'manifest')} fail alike, {kind.mark.word}: {kind}"


def _signature(record: ParityRecord) -> tuple[str, ...]:
    finding, error = deciding_finding(record), error_behind(record)
    factor = record.triage.factors[0] if record.triage and record.triage.factors else None
    mark = mark_of(record).key
    if factor and not error:
        return mark, "because of", factor.name, steady(factor.left), steady(factor.right)
    place = (finding.layer.value, finding.code) if finding else ("", "")
    words = _line_of(error) if error else cause_in_words(record).words
    hint = finding.hint if finding else ""
    return mark, *place, *("".join(_pieces(record, text, quoted=not error)[0::2]) for text in (words, hint))


def _kind(signature: tuple[str, ...], records: tuple[ParityRecord, ...]) -> Kind:
    words = _common([_pieces(record, _told(record, signature), quoted=True) for record in records])
    return Kind(
        key=words_anchor(words, *signature),
        mark=mark_of(records[0]),
        words=words,
        where=_where(records),
        records=records,
    )


def _told(record: ParityRecord, signature: tuple[str, ...]) -> str:
    """Return the words of a cause; where a factor is what they have in common, without what differs in each of them."""
    words = cause_in_words(record).words
    if signature[1] != "because of":
        return words
    return f"because of {words.partition('; because of ')[2]}" if "; because of " in words else words


def _common(each: list[list[str]]) -> str:
    """Return the words of the first; pieces at odd places are each one's own, and stay only where they are the same in all."""

    def shown(place: int, piece: str) -> str:
        if place % 2 == 0 or all(other[place : place + 1] == [piece] for other in each):
            return piece
        return f"`{_OPEN}`" if piece.startswith("`") else _OPEN

    return _ROW_OF_OPEN.sub(_OPEN, "".join(shown(place, piece) for place, piece in enumerate(each[0])))


def _pieces(record: ParityRecord, text: str, *, quoted: bool) -> list[str]:
    """Return a text in pieces, what is the record's own at odd places; `quoted` says that what stands in backquotes is."""
    patterns = [*([_QUOTED] if quoted else []), *_own(record, text), VARYING.pattern]
    return re.split(f"({'|'.join(patterns)})", text)


def _own(record: ParityRecord, text: str) -> Iterator[str]:
    """Yield patterns for the names and values of a record that `text` has, the longest first.

    One that is a word like any other counts only where it is said to be a step, or stands in quotation marks.
    """
    finding = deciding_finding(record)
    file = posixpath.basename(record.manifest)
    names = {record.name, record.manifest, file, file.removesuffix(".osiris.yaml"), record.pipeline_id}
    for run in record.targets:
        names |= {run.session_directory, run.sandbox_id, *(step.id for step in run.steps)}
    if finding:
        names |= {finding.path, finding.path.removeprefix(f"{finding.step}/"), finding.left, finding.right}
        names |= {*finding.members}
    names = {visible_line(name) for name in names if len(name) <= _LONGEST_NAME and _says_something(name)}
    there = [name for name in names - {run.target for run in record.targets} if name in text]
    for name in sorted(there, key=lambda name: (-len(name), name)):
        literal = re.escape(name)
        if _is_word(name):
            yield rf"(?<=\bstep ){literal}\b|(?<=['\"]){literal}(?=['\"])"
        else:
            yield rf"(?<![\w-]){literal}(?![\w-])"


def _where(records: Sequence[ParityRecord]) -> str:
    """Return the step that all part at, or the driver of their steps, where it is one."""
    steps = [cause_in_words(record).step for record in records]
    if not all(steps):
        return ""
    if len(set(steps)) == 1:
        return f"step `{steps[0]}`"
    drivers = {
        step.driver
        for record, name in zip(records, steps, strict=True)
        for run in record.targets
        for step in run.steps
        if step.id == name
    }
    return f"steps of driver `{visible_line(*drivers)}`" if len(drivers) == 1 else ""


def _line_of(error: str) -> str:
    """Return the first line of an error that says something, as far as it is looked at."""
    return visible_line(next((line for line in error.splitlines() if line.strip()), "").strip()[:_LONGEST_LINE])
