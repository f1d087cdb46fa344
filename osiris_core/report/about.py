"""What a page holds and what it leaves out, in sentences with numbers: the end of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osiris_core.report.units import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.parity.record import Comparison, ParityRecord


def about_page(records: Sequence[ParityRecord], *, brief: int, shown: int) -> tuple[tuple[str, str], ...]:
    """Return `(name, sentence)` for each thing that a reader of the page should know of the page itself.

    `brief` of the records are shown without their parts, and `shown` differences that decide something are in the page.
    """
    return (
        ("manifests", _manifests(len(records), brief)),
        ("differences", _differences([record.comparison for record in records if record.comparison], shown)),
        ("secrets", _secrets(sum(run.masked for record in records for run in record.targets))),
    )


def _manifests(total: int, brief: int) -> str:
    told = plural(total, "manifest")
    return f"{told}, {brief:,} of them in brief: without steps, times and rules" if brief else f"{told}, none in brief"


def _differences(comparisons: Sequence[Comparison], shown: int) -> str:
    total = sum(each.findings_total for each in comparisons)
    kept = sum(sum(not finding.locates for finding in each.findings) for each in comparisons)
    if not total:
        return "none between the targets"
    return f"{shown:,} of {total:,} shown; the records have {kept:,} of them"


def _secrets(masked: int) -> str:
    if not masked:
        return "no declared secret was met in what the pipelines wrote"
    return f"{plural(masked, 'occurrence')} of declared secrets stand as masks in the sessions, and in this page"
