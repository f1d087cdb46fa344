"""The page as data: everything a template shows, in the order it shows it, so that templates decide nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from osiris_core.parity.exhibit.reading import read_exhibit
from osiris_core.parity.gates import ending_soon
from osiris_core.report.about import about_page
from osiris_core.report.anchors import manifest_anchors
from osiris_core.report.as_text import as_text
from osiris_core.report.attempts import attempt_in_words, is_flaky
from osiris_core.report.bulk.embedding import Bulk
from osiris_core.report.evidence import evidence_of
from osiris_core.report.gathered import origin_lines
from osiris_core.report.history import flaky_in, identity_of
from osiris_core.report.images.gallery import Gallery
from osiris_core.report.kinds import alike_of, kinds_of
from osiris_core.report.ledger import ledger_of
from osiris_core.report.manifest_view import groups_of, manifest_view
from osiris_core.report.marks import MARKS, failures_first
from osiris_core.report.orders import orders_of
from osiris_core.report.place import sandbox_places, time_columns
from osiris_core.report.search import KEYS, search_index
from osiris_core.report.sentence import report_sentence
from osiris_core.report.shared_environments import environments_of, shared_environments
from osiris_core.report.since import since_view
from osiris_core.report.terminal import ending_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from osiris_core.parity.exhibit.model import Exhibit
    from osiris_core.parity.record import ParityRecord, RecordSet, ReportSection
    from osiris_core.parity.since import Since
    from osiris_core.report.bulk.embedding import Embedded
    from osiris_core.report.kinds import Alike
    from osiris_core.report.ledger import Ledger
    from osiris_core.report.manifest_view import ManifestGroup, ManifestView
    from osiris_core.report.marks import Mark
    from osiris_core.report.orders import Order
    from osiris_core.report.place import Place
    from osiris_core.report.search import SearchIndex
    from osiris_core.report.shared_environments import SharedEnvironment
    from osiris_core.report.since import SinceView

ALL_IN_FULL = 200
"""Up to so many manifests are all shown in full; in larger reports those that pass are brief, and those that fail after so many others, and say so."""

_MOST_FLAKY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The whole report. `counts` has the marks that occur; `targets` the column heads; `unmet` what the run as a whole lacks.

    `flaky` are the first of those that passed in a later attempt only: address, name, and what the attempts come to.
    """

    sentence: str
    note: str
    good: bool
    counts: tuple[tuple[Mark, int], ...]
    failing: int
    unmet: tuple[str, ...]
    places: tuple[Place, ...]
    created_at: str
    host: tuple[tuple[str, str], ...]
    remarks: tuple[str, ...]
    flaky: tuple[tuple[str, str, str], ...]
    flaky_left_out: int
    origins: tuple[str, ...]
    targets: tuple[str, ...]
    manifests: tuple[ManifestView, ...]
    alike: Alike | None
    groups: tuple[ManifestGroup, ...]
    ledger: Ledger | None
    environments: tuple[SharedEnvironment, ...]
    about: tuple[tuple[str, str], ...]
    search: SearchIndex
    orders: tuple[Order, ...]
    keys: tuple[tuple[tuple[str, ...], str], ...]
    texts: dict[str, str]
    sections: tuple[ReportSection, ...]
    since: SinceView | None
    embedded: Embedded

    @property
    def order_data(self) -> dict[str, dict[str, Any]]:
        """What the script is given of the orders, by their keys."""
        return {order.key: order.data for order in self.orders}


def page_of(
    records: RecordSet,
    *,
    roots: Sequence[Path] = (),
    since: Since | None = None,
    read: Callable[[ParityRecord, Sequence[Path]], Exhibit] = read_exhibit,
    beside: Path | None = None,
) -> Page:
    """Arrange `records` for reading: failures first, a single one unfolded, equal environments shared.

    Below one of `roots` lie the sessions that they name, and `read` reads those of a record; at most those of one are in memory.
    `since` is what changed since older records. From `beside`, the directory of the page, links lead to their files.
    """
    bulk, gallery = Bulk(lambda record: read(record, roots)), Gallery(roots)
    ordered = failures_first(records.records)
    failing = sum(record.fails for record in ordered)
    kinds = kinds_of(ordered)
    diffs = [environments_of(record) for record in ordered]
    environments = shared_environments(diffs)
    anchors = manifest_anchors(record.name for record in ordered)
    manifests = tuple(
        manifest_view(
            record,
            anchor,
            environments[diff],
            bulk,
            evidence_of(record, roots, beside),
            gallery=gallery,
            alone=failing == 1,
            brief=len(ordered) > ALL_IN_FULL and (record.passed or position >= ALL_IN_FULL),
        )
        for position, (record, anchor, diff) in enumerate(zip(ordered, anchors, diffs, strict=True))
    )
    told = since_view(since) if since else None
    if told and told.history:
        manifests = tuple(
            replace(view, history=told.history.strips.get(identity_of(view.record))) for view in manifests
        )
    counts = Counter(view.mark for view in manifests)
    flaky = [view for view in manifests if is_flaky(view.record)]
    return Page(
        sentence=report_sentence(records.records),
        note=records.note,
        good=bool(ordered) and not any(record.fails for record in ordered) and not (records.unmet or records.note),
        counts=tuple((mark, counts[mark]) for mark in MARKS if counts[mark]),
        failing=failing,
        unmet=records.unmet,
        places=tuple(sandbox_places(ordered)),
        created_at=records.created_at,
        host=tuple(sorted(records.host.items())),
        remarks=(*records.remarks, *map(ending_line, ending_soon(ordered))),
        flaky=tuple((view.anchor, view.record.name, attempt_in_words(view.record)) for view in flaky[:_MOST_FLAKY]),
        flaky_left_out=max(0, len(flaky) - _MOST_FLAKY),
        origins=tuple(origin_lines(records)),
        targets=time_columns(ordered),
        manifests=manifests,
        alike=alike_of(kinds, {id(record): anchor for record, anchor in zip(ordered, anchors, strict=True)}, failing),
        groups=groups_of(manifests),
        ledger=ledger_of((view.record, view.anchor) for view in manifests),
        environments=tuple(shared for shared in environments.values() if shared.anchor),
        about=(
            *about_page(ordered, brief=sum(view.brief for view in manifests), shown=_shown_differences(manifests)),
            *gallery.told(),
        ),
        search=search_index(ordered, kinds, flaky_in(since.history) if since and since.history else ()),
        orders=orders_of(ordered),
        keys=KEYS,
        texts={view.anchor: as_text(view.record) for view in manifests if view.record.fails and not view.brief},
        sections=records.sections,
        since=_since(told, manifests) if told else None,
        embedded=bulk.embedded(),
    )


def _since(told: SinceView, manifests: Sequence[ManifestView]) -> SinceView:
    """Return what changed, and what older runs say, with the way from each manifest there to its place on this page."""
    anchors = {id(view.record): view.anchor for view in manifests}
    told = replace(told, changes=tuple(replace(each, anchor=anchors.get(id(each.record), "")) for each in told.changes))
    if told.history is None:
        return told
    places = {id(view.history): view.anchor for view in reversed(manifests) if view.history}
    rows = tuple(replace(each, anchor=places.get(id(each), "")) for each in told.history.rows)
    return replace(told, history=replace(told.history, rows=rows))


def _shown_differences(manifests: Iterable[ManifestView]) -> int:
    shown = (each for view in manifests for group in view.findings.groups for each in group.findings)
    return sum(each.findings for each in shown if not each.finding.locates)
