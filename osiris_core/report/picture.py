"""What a manifest looks like: its steps in a table and in a graph, and the time that they took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osiris_core.report.graph import graph_of
from osiris_core.report.steps import StepRow, step_list, step_rows
from osiris_core.report.timeline import ran_together, timeline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from osiris_core.parity.record import ParityRecord
    from osiris_core.report.finding_view import FindingGroup
    from osiris_core.report.graph import Graph
    from osiris_core.report.steps import StepList
    from osiris_core.report.timeline import Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The steps of a manifest; `rows` has the address of each step that has a row, by its id."""

    steps: StepList
    rows: Mapping[str, str]
    graph: Graph | None
    timeline: Timeline | None


def picture_of(record: ParityRecord, anchor: str, groups: Sequence[FindingGroup]) -> Picture:
    """Return the picture of a record; `anchor` is its manifest's address, `groups` are the differences that the page shows."""
    rows = step_rows(record, anchor, groups)
    steps = step_list(rows)
    shown = [row for row in steps.items if isinstance(row, StepRow)]
    addresses = {row.id: row.anchor for row in shown}
    return Picture(
        steps=steps,
        rows=addresses,
        graph=graph_of(rows, addresses),
        timeline=timeline(
            record.targets, {row.id: row.number for row in rows}, steps=steps, together=ran_together(record)
        ),
    )
