"""Makes views of findings: places of one file of JSON in one table, findings of one signature in one bundle, each with its address."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from osiris_core.parity.record import Layer
from osiris_core.report.diffs import read_diff
from osiris_core.report.dumps import dumps
from osiris_core.report.finding_view import Bundle, FindingGroup, FindingView
from osiris_core.report.json_view import is_in_json, json_place
from osiris_core.report.lookalikes import looks_alike
from osiris_core.report.rest import rest_of
from osiris_core.report.table_view import table_view
from osiris_core.report.text import LINE_FEED_MARK, first_lines
from osiris_core.report.trees import artifact_of
from osiris_core.report.words import marked_pair

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osiris_core.parity.record import Finding, TableDifference, TargetRun
    from osiris_core.parity.record import FindingGroup as Signature
    from osiris_core.report.images.gallery import ImagesOf

SHOWN_IN_A_GROUP: Final = 50
SHOWN_PLACES: Final = 100
OPEN_BUNDLES: Final = 3
"""So many kinds of difference at the causes are in sight, unless their hint has been given before; the others have a line each."""
_NUMBER: Final = re.compile(r"\d+")

SignatureKey = tuple[Layer, str | None, str, str]


class Arranging:
    """Makes views of findings and remembers their addresses."""

    def __init__(
        self,
        anchor: str,
        runs: Sequence[TargetRun],
        names: tuple[str, str],
        counts: dict[SignatureKey, int],
        images: ImagesOf | None = None,
    ) -> None:
        self._anchor, self._runs, self._names, self._counts = anchor, runs, names, counts
        self._images = images
        self._files = {path for run in runs for step in run.steps for path in step.artifacts}
        self.anchors: dict[int, str] = {}
        self._above: dict[tuple[str | None, str, TableDifference | None], str] = {}

    def group(
        self, key: str, title: str, findings: Sequence[Finding], unheld: Sequence[Signature] = ()
    ) -> FindingGroup:
        """Return findings bundled, the first ones as views."""
        numbered = [(finding, f"{self._anchor}-{key}-{number}") for number, finding in enumerate(findings, 1)]
        bundles: dict[SignatureKey, list[list[tuple[Finding, str]]]] = {}
        for unit in self._units(numbered):
            bundles.setdefault(signature_of(unit[0][0]), []).append(unit)
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
        """Return the place of the file that a finding is in, as its path begins: an artifact, or what lies in one."""
        if finding.layer is not Layer.ARTIFACTS:
            return ""
        return ":".join((artifact_of(finding, self._files), *finding.members))

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
        images = self._images(finding, artifact_of(finding, self._files), self._names) if self._images else None
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
            images=images,
        )


def signature_of(finding: Finding) -> SignatureKey:
    """Return what findings of one kind have in common: layer, step, code, and the place but for its numbers."""
    return finding.layer, finding.step, finding.code, _NUMBER.sub("#", finding.path)


def _signatures(unit: Sequence[tuple[Finding, str]]) -> set[SignatureKey]:
    return {signature_of(finding) for finding, _ in unit}


def _value(text: str) -> str:
    """Return a value with its surplus lines counted and its last line feed, if any, as a mark."""
    lines, hidden = first_lines(text)
    end = f"\n… ({hidden:,} more lines)" if hidden else ""
    return "\n".join(lines) + (LINE_FEED_MARK if text.endswith("\n") else "") + end
