"""What the search of a page knows of each manifest: facts such as `step:delays`, as data for the script.

    v:divergent step:write driver:duckdb "exact text" -word

The script reads the language (`templates/script/query.js`); keys, facts and examples come from here. Every fact is
visible text, and is told once however many manifests it holds of.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from osiris_core.report.attempts import is_flaky
from osiris_core.report.history import identity_of
from osiris_core.report.marks import MARKS, mark_of
from osiris_core.report.text import capped_line, visible_line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from osiris_core.parity.record import Comparison, ParityRecord
    from osiris_core.report.history import Identity
    from osiris_core.report.kinds import Kind

_EXAMPLES: Final = 2
_STATES: Final = 3
"""So many values `is:` has, all of which are examples: `flaky` would never be one of the most frequent among failures."""
_CHARACTERS: Final = 300  # as much as a path has that people use, so that it is found whole
_MEANINGS: Final = {  # key -> (short form, what it asks for)
    "is": (
        "",
        "`failing` or `passing`; `flaky`: it passed in a later attempt only, or went to and fro from run to run",
    ),
    "verdict": ("v", "the verdict"),
    "manifest": ("m", "the manifest's name"),
    "step": ("s", "a step that it has"),
    "at": ("", "the step where it parts first"),
    "driver": ("d", "a driver that it uses"),
    "target": ("t", "a target that it ran on"),
    "cause": ("c", "where the divergence comes from"),
    "kind": ("k", "what fails alike: the list above the manifests names them"),
    "layer": ("l", "what differs: logs, tables, artifacts …"),
    "code": ("", "how it differs"),
    "rule": ("r", "a rule that set something aside"),
    "waiver": ("w", "a waiver that it met"),
    "origin": ("o", "the file that it was merged from"),
}
KEYS: Final = (
    (("/",), "search"),
    (("j", "k"), "next and previous manifest"),
    (("n", "p"), "next and previous difference"),
    (("o", "Enter"), "unfold or fold the manifest"),
    (("f",), "list what fails, or everything"),
    (("c",), "copy the command of the manifest"),
    (("t",), "colours: as the system, light, dark"),
    (("?",), "this help"),
    (("Esc",), "empty the search; close this help"),
)
"""What keys do, as the help of the page tells it; `templates/script/keys.js` does it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchKey:
    """A key of the language; `short` may be empty, `examples` are values that occur, those of failing manifests first."""

    name: str
    short: str
    meaning: str
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchIndex:
    """The facts of all manifests: `facts` are distinct, `of` has the places of each manifest's own, in the page's order."""

    keys: tuple[SearchKey, ...]
    facts: tuple[tuple[str, str], ...]
    of: tuple[tuple[int, ...], ...]

    @property
    def data(self) -> dict[str, Any]:
        """What the script is given: keys with their short forms, the values that verdicts have, facts, and whose they are."""
        return {
            "keys": {key.name: key.short for key in self.keys},
            "verdicts": [mark.key for mark in MARKS],
            "facts": self.facts,
            "of": self.of,
        }


def search_index(
    records: Sequence[ParityRecord], kinds: Sequence[Kind] = (), flaky: Collection[Identity] = ()
) -> SearchIndex:
    """Return the index of records in the order in which the page shows them; `kinds` are those that fail alike, `flaky` those that older runs say it of."""
    alike = {id(record): kind.key for kind in kinds for record in kind.records}
    places: dict[tuple[str, str], int] = {}
    of = tuple(
        tuple(
            places.setdefault((key, _value(value)), len(places))
            for key, value in dict.fromkeys(_facts(record, alike.get(id(record), ""), flaky))
        )
        for record in records
    )
    facts = tuple(places)
    return SearchIndex(keys=_keys(records, facts, of), facts=facts, of=of)


def _value(text: str) -> str:
    return capped_line(visible_line(text), _CHARACTERS)


def _keys(
    records: Sequence[ParityRecord], facts: Sequence[tuple[str, str]], of: Sequence[tuple[int, ...]]
) -> tuple[SearchKey, ...]:
    """Return the keys that some manifest has a fact of, each with its most frequent values as examples."""
    weights = Counter(place for record, own in zip(records, of, strict=True) for place in own if record.fails)
    ordered = sorted(range(len(facts)), key=lambda place: (-weights[place], place))
    values: dict[str, list[str]] = {}
    for place in ordered:
        key, value = facts[place]
        if len(values.setdefault(key, [])) < (_STATES if key == "is" else _EXAMPLES):
            values[key].append(value)
    return tuple(
        SearchKey(name=name, short=short, meaning=meaning, examples=tuple(values[name]))
        for name, (short, meaning) in _MEANINGS.items()
        if name in values
    )


def _facts(record: ParityRecord, kind: str, flaky: Collection[Identity]) -> Iterable[tuple[str, str]]:
    yield "is", "failing" if record.fails else "passing"
    if is_flaky(record) or identity_of(record) in flaky:
        yield "is", "flaky"
    yield "verdict", mark_of(record).key
    yield "manifest", record.name
    for run in record.targets:
        yield "target", run.target
        for step in run.steps:
            yield "step", step.id
            yield "driver", step.driver
    parted = record.first_diverging_step
    cause = (record.triage.cause if record.triage else "") or record.cause
    single = {"at": parted or "", "cause": cause, "kind": kind, "origin": record.origin}
    yield from ((key, value) for key, value in single.items() if value)
    for each in (record.comparison, *(held.comparison for held in (record.baseline.held if record.baseline else ()))):
        yield from _compared_facts(each) if each else ()


def _compared_facts(comparison: Comparison) -> Iterable[tuple[str, str]]:
    for finding in comparison.findings:
        if not finding.locates:
            yield "layer", finding.layer.value
            yield "code", finding.code
    yield from (("rule", use.rule) for use in comparison.rules if use.left_hits or use.right_hits)
    yield from (("waiver", use.name) for use in comparison.waivers if use.hits)
