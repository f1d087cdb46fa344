"""The differences of a record as the page shows them: the first of the first cause in sight, what follows from it folded behind.

A record may have thousands of differences of a few kinds. Those of one file of JSON are one table of its places, and those of one
signature (layer, code, place but for numbers, step) one bundle, of which the first is shown and the others unfold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from osiris_core.parity.hints import hint_rank
from osiris_core.parity.record import Layer
from osiris_core.report.diffs import read_diff
from osiris_core.report.dumps import dumps
from osiris_core.report.json_view import is_in_json, json_place
from osiris_core.report.lookalikes import looks_alike
from osiris_core.report.rest import rest_of
from osiris_core.report.table_view import table_view
from osiris_core.report.text import LINE_FEED_MARK, first_lines
from osiris_core.report.trees import artifact_tree, file_of
from osiris_core.report.units import plural
from osiris_core.report.words import marked_pair

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osiris_core.parity.record import Comparison, Finding, TableDifference, TargetRun
    from osiris_core.parity.record import FindingGroup as Signature
    from osiris_core.report.diffs import Diff
    from osiris_core.report.dumps import Dump
    from osiris_core.report.json_view import JsonPlace
    from osiris_core.report.table_view import TableView
    from osiris_core.report.trees import Tree
    from osiris_core.report.words import Marked

SHOWN_IN_A_GROUP: Final = 50
SHOWN_PLACES: Final = 100
OPEN_BUNDLES: Final = 3
"""So many kinds of difference at the causes are in sight, unless their hint has been given before; the others have a line each."""
_SHORT_GROUP: Final = 3
_NUMBER: Final = re.compile(r"\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """A finding as the page shows it; `finding` holds the words, the rest its visual form.

    `places` are all differences of the same file of JSON, this one among them, `findings` their number. `note` says what both values
    have that cannot be seen, `rest` where what is left out here can be found, `said_above` the address of the difference that has
    table and diff of the same file already.
    """

    anchor: str
    finding: Finding
    left: tuple[Marked, ...]
    right: tuple[Marked, ...]
    note: str
    diff: Diff
    table: TableView | None
    dumps: tuple[Dump, ...]
    hidden_ranges: int
    places: tuple[JsonPlace, ...]
    hidden_places: int
    findings: int
    rest: tuple[str, ...]
    said_above: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Findings of one signature: the first, the others that are shown, and how many there are of it in all.

    `is_open`: its first stands in sight, not behind its line.
    """

    first: FindingView
    others: tuple[FindingView, ...]
    total: int
    is_open: bool = False

    @property
    def hidden(self) -> int:
        """How many of it are not shown."""
        return self.total - self.first.findings - sum(each.findings for each in self.others)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingGroup:
    """Findings that belong together: `key` is `cause`, `effect`, `waived` or `clue`; `unheld` the signatures that are only counted.

    `hint_from` is an effect with a hint, where no cause has one.
    """

    key: str
    title: str
    bundles: tuple[Bundle, ...]
    total: int
    unheld: tuple[Signature, ...] = ()
    hint_from: FindingView | None = None

    @property
    def findings(self) -> tuple[FindingView, ...]:
        """All that are shown, one after the other."""
        return tuple(each for bundle in self.bundles for each in (bundle.first, *bundle.others))

    @property
    def hidden(self) -> int:
        """How many of the group are not shown."""
        return self.total - sum(each.findings for each in self.findings)

    @property
    def short(self) -> bool:
        """Whether the group is too small to be worth folding away; clues always are folded."""
        return self.total <= _SHORT_GROUP and self.key != "clue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """All differences of a comparison: `tally` is their number in words, `1 cause, 37 effects`; `tree` the files that differ."""

    tally: str = ""
    groups: tuple[FindingGroup, ...] = ()
    tree: Tree | None = None


def differences_of(comparison: Comparison, anchor: str, runs: Sequence[TargetRun]) -> Differences:
    """Return the differences: those of the steps that differ by themselves, their effects, accepted ones, clues.

    `runs` are both targets; `anchor` begins every address.
    """
    names = _names(runs)
    first = comparison.first_diverging_step
    begins = comparison.causes or (first,)
    deciding = [finding for finding in comparison.findings if not finding.locates and not finding.waived_by]
    causes = [finding for finding in deciding if first is None or finding.step in begins]
    effects = [finding for finding in deciding if first is not None and finding.step not in begins]
    clues = [finding for finding in comparison.findings if finding.locates and not finding.waived_by]
    told = {finding.step for finding in causes}
    where_it_begins = [finding for finding in clues if finding.step in begins and finding.step not in told]
    causes = _first_thing_first([*causes, *where_it_begins], comparison)
    clues = [finding for finding in clues if finding not in where_it_begins]
    waived = [finding for finding in comparison.findings if finding.waived_by]
    also = f", and in {', '.join(comparison.causes[1:])}" if len(comparison.causes) > 1 else ""
    title = f"What differs in step {first}, where the targets part{also}" if first else "What differs"
    counts = {(each.layer, each.step, each.code, each.pattern): each for each in comparison.groups}
    arranged = _Arranging(anchor, runs, names, {signature: each.count for signature, each in counts.items()})
    held = {_signature(finding) for finding in deciding}
    unheld = [each for signature, each in counts.items() if signature not in held]
    groups = (
        arranged.group("cause", title, causes, [each for each in unheld if not each.effect]),
        arranged.group(
            "effect", "What differs elsewhere, probably as an effect", effects, [each for each in unheld if each.effect]
        ),
        arranged.group("waived", "What differs and was accepted for now", waived),
        arranged.group("clue", "Clues: differences that decide nothing, and help to find the place", clues),
    )
    shown = [(finding, arranged.anchors.get(id(finding), "")) for finding in (*causes, *effects, *waived)]
    tree = artifact_tree(shown, runs, names, comparison.compared.artifacts[0])
    groups = (_with_hint(groups[0], groups[1]), *groups[1:])
    effect_count = max(comparison.effects, groups[1].total)
    effects_told = f", {plural(effect_count, 'effect')}" if effect_count else ""
    tally = f"{plural(max(1, len(comparison.causes)), 'cause')}{effects_told}"
    is_told = bool(deciding or where_it_begins)
    return Differences(
        tally=tally if is_told else "", groups=tuple(group for group in groups if group.total), tree=tree
    )


def _names(runs: Sequence[TargetRun]) -> tuple[str, str]:
    names = [run.target for run in runs]
    return (names[0] if names else "left", names[1] if len(names) > 1 else "right")


def _first_thing_first(findings: list[Finding], comparison: Comparison) -> list[Finding]:
    """Return findings in the order of the causes, the one that tells most first: with a hint at the first step, if there is one."""
    ranks = {step: rank for rank, step in enumerate(comparison.causes)}
    ordered = sorted(findings, key=lambda finding: ranks.get(finding.step or "", len(ranks)))
    there = [finding for finding in ordered if finding.step == comparison.first_diverging_step] or ordered
    hinted = [finding for finding in there if finding.hint and not finding.locates]
    lead = min(hinted, key=lambda finding: hint_rank(finding.hint), default=there[0] if there else None)
    return sorted(ordered, key=lambda finding: finding is not lead)


def _with_hint(cause: FindingGroup, effect: FindingGroup) -> FindingGroup:
    """Lend causes without a hint that of an effect: what differs downstream may tell why better than where it began."""
    if any(each.finding.hint for each in cause.findings):
        return cause
    hinted = [each for each in effect.findings if each.finding.hint]
    return replace(cause, hint_from=min(hinted, key=lambda each: hint_rank(each.finding.hint), default=None))


class _Arranging:
    """Makes views of findings and remembers their addresses."""

    def __init__(
        self, anchor: str, runs: Sequence[TargetRun], names: tuple[str, str], counts: dict[_Signature, int]
    ) -> None:
        self._anchor, self._runs, self._names, self._counts = anchor, runs, names, counts
        self._files = {path for run in runs for step in run.steps for path in step.artifacts}
        self.anchors: dict[int, str] = {}
        self._above: dict[tuple[str | None, str, TableDifference | None], str] = {}

    def group(
        self, key: str, title: str, findings: Sequence[Finding], unheld: Sequence[Signature] = ()
    ) -> FindingGroup:
        """Return findings bundled, the first ones as views."""
        numbered = [(finding, f"{self._anchor}-{key}-{number}") for number, finding in enumerate(findings, 1)]
        bundles: dict[_Signature, list[list[tuple[Finding, str]]]] = {}
        for unit in self._units(numbered):
            bundles.setdefault(_signature(unit[0][0]), []).append(unit)
        made: list[Bundle] = []
        room, said = SHOWN_IN_A_GROUP, set[str]()
        for units in bundles.values():
            views = [self._view(unit) for unit in units[:room]]
            room -= len(views)
            if views:
                total = max(sum(map(len, units)), self._counted(units) if key in {"cause", "effect"} else 0)
                hint = views[0].finding.hint
                is_open = key == "cause" and len(made) < OPEN_BUNDLES and hint not in said
                said |= {hint} if hint else set()
                made.append(Bundle(first=views[0], others=tuple(views[1:]), total=total, is_open=is_open))
        there = {signature for units in bundles.values() for unit in units for signature in _signatures(unit)}
        counted = sum(self._counts.get(signature, 0) for signature in there) if key in {"cause", "effect"} else 0
        total = max(len(findings), counted) + sum(each.count for each in unheld)
        return FindingGroup(key=key, title=title, bundles=tuple(made), total=total, unheld=tuple(unheld))

    def _units(self, numbered: Sequence[tuple[Finding, str]]) -> Iterator[list[tuple[Finding, str]]]:
        """Yield what is shown as one: places of one file of JSON, else a finding by itself."""
        units: dict[tuple[object, ...], list[tuple[Finding, str]]] = {}
        for finding, anchor in numbered:
            in_json = is_in_json(finding)
            key = (finding.layer, finding.step, self._json_file(finding)) if in_json else (anchor,)
            units.setdefault(key, []).append((finding, anchor))
        yield from units.values()

    def _json_file(self, finding: Finding) -> str:
        return file_of(finding.path, self._files) if finding.layer is Layer.ARTIFACTS else ""

    def _counted(self, units: Sequence[Sequence[tuple[Finding, str]]]) -> int:
        signatures = {signature for unit in units for signature in _signatures(unit)}
        return sum(self._counts.get(signature, 0) for signature in signatures)

    def _view(self, unit: Sequence[tuple[Finding, str]]) -> FindingView:
        finding, anchor = unit[0]
        self.anchors |= {id(each): address for each, address in unit}
        left, right = marked_pair(_value(finding.left), _value(finding.right))
        above = self._above.get((finding.step, finding.diff, finding.table), "") if finding.table else ""
        self._above.setdefault((finding.step, finding.diff, finding.table), anchor)
        diff = read_diff("" if above else finding.diff)
        table = table_view(finding.table, self._names) if finding.table and not above else None
        file = self._json_file(finding)
        places = (
            tuple(
                json_place(
                    each,
                    each.path.removeprefix(f"{file}:") if file else each.path,
                    "" if address == anchor else address,
                )
                for each, address in unit[:SHOWN_PLACES]
            )
            if is_in_json(finding)
            else ()
        )
        is_cut = bool(diff.hidden_lines or diff.notes or (table and table.more) or finding.ranges)
        return FindingView(
            anchor=anchor,
            finding=finding,
            left=left,
            right=right,
            note=looks_alike(finding.left, finding.right),
            diff=diff,
            table=table,
            dumps=dumps(finding.samples),
            hidden_ranges=max(0, len(finding.ranges) - len(finding.samples)) if finding.samples else 0,
            places=places,
            hidden_places=len(unit) - len(places) if places else 0,
            findings=len(unit),
            rest=rest_of(finding, self._runs, self._files) if is_cut else (),
            said_above=above,
        )


_Signature = tuple[Layer, str | None, str, str]


def _signature(finding: Finding) -> _Signature:
    return finding.layer, finding.step, finding.code, _NUMBER.sub("#", finding.path)


def _signatures(unit: Sequence[tuple[Finding, str]]) -> set[_Signature]:
    return {_signature(finding) for finding, _ in unit}


def _value(text: str) -> str:
    """Return a value with its surplus lines counted and its last line feed, if any, as a mark."""
    lines, hidden = first_lines(text)
    end = f"\n… ({hidden:,} more lines)" if hidden else ""
    return "\n".join(lines) + (LINE_FEED_MARK if text.endswith("\n") else "") + end
