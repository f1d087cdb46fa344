"""The orders in which a page can list its manifests, besides that of `marks.failures_first`: as data for the script.

The script (`templates/script/order.js`) moves what is there. Which manifest comes before which is decided here, and what an order goes by
is told beside each of them, as far as its line does not say so anyway.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from osiris_core.report.text import visible_line
from osiris_core.report.units import plural, ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from osiris_core.parity.record import ParityRecord

_NUMBER: Final = re.compile(r"(\d+)", re.ASCII)
_DASH: Final = "—"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order: `title` is its choice, `heading` and `column` stand over the list; `places` are those of manifests in the page's own order.

    `texts` has what the order goes by, of each manifest in the page's own order; it is empty where the line of a manifest has it.
    """

    key: str
    title: str
    heading: str
    places: tuple[int, ...]
    column: str = ""
    texts: tuple[str, ...] = ()

    @property
    def data(self) -> dict[str, Any]:
        """What the script is given."""
        return {"heading": self.heading, "column": self.column, "places": self.places, "texts": self.texts}


def orders_of(records: Sequence[ParityRecord]) -> tuple[Order, ...]:
    """Return the orders that tell something of `records`, which stand in the page's own order; it decides between equals."""
    if len(records) < 2:  # noqa: PLR2004 - one has no order
        return ()
    names = [_counting(record.name) for record in records]
    orders = [
        Order(key="name", title="by name", heading="by name", places=_sorted(len(records), lambda place: names[place]))
    ]
    times = [max((run.elapsed_ms for run in record.targets), default=0.0) for record in records]
    if any(times):
        by_time = _sorted(len(records), lambda place: -times[place])
        orders.append(
            Order(key="slowest", title="slowest first", heading="by the slower target's time", places=by_time)
        )
    ratios = [_ratio(record) for record in records]
    if any(ratios):
        what = _of_two(records)
        by_ratio = _sorted(len(records), lambda place: -ratios[place])
        texts = tuple(ratio(1.0, each) if each else _DASH for each in ratios)
        title = f"ratio {what}".rstrip()
        orders.append(
            Order(
                key="ratio",
                title=f"greatest {title}",
                heading=f"by {title}",
                places=by_ratio,
                column=what or "ratio",
                texts=texts,
            )
        )
    counts = [record.comparison.findings_total if record.comparison else 0 for record in records]
    if any(counts):
        by_count = _sorted(len(records), lambda place: -counts[place])
        said = tuple(plural(each, "difference") if each else _DASH for each in counts)
        orders.append(
            Order(
                key="differences",
                title="most differences",
                heading="by number of differences",
                places=by_count,
                column="differences",
                texts=said,
            )
        )
    return tuple(orders)


def _sorted(count: int, key: Callable[[int], Any]) -> tuple[int, ...]:
    return tuple(sorted(range(count), key=key))


def _counting(name: str) -> list[str | tuple[int, str]]:
    """Return a name as people count: its numbers, at odd places, by their digits, because `int` takes only so many of them."""
    pieces: list[str | tuple[int, str]] = []
    for place, piece in enumerate(_NUMBER.split(name)):
        digits = piece.lstrip("0")
        pieces.append((len(digits), digits) if place % 2 else piece.casefold())
    return pieces


def _ratio(record: ParityRecord) -> float:
    """Return how many times the first target's time the second one's is; 0 where one of them did not run to an end."""
    if len(record.targets) != 2 or not all(run.outcome and run.elapsed_ms > 0 for run in record.targets):  # noqa: PLR2004 - of two
        return 0.0
    return record.targets[1].elapsed_ms / record.targets[0].elapsed_ms


def _of_two(records: Sequence[ParityRecord]) -> str:
    """Return `e2b/local`, or nothing where pairs of targets are of different names."""
    pairs = {tuple(run.target for run in record.targets) for record in records if _ratio(record)}
    return visible_line("/".join(reversed(pairs.pop()))) if len(pairs) == 1 else ""
