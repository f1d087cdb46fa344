"""Whole rows around what differs, readable: a cell alone does not tell a reader which row it is in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osiris_core.parity.kinds.tables.plain import shown
from osiris_core.parity.record import RowSample
from osiris_core.parity.values import shorten, show_pair

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import pyarrow as pa

KEPT_ROWS: Final = 5
"""Differing rows that are kept whole, and as many of those that one side alone has."""

SHOWN_COLUMNS: Final = 8
"""Columns of a kept row that are told, those that differ among them."""

_KEPT_COLUMNS: Final = 64
"""Which of the columns will turn out to differ is not known yet when the first rows do: so many are kept, from the left."""

_Cells = dict[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRow:
    """A row of one side or of both, its readable cells by their place; `text` is the whole of it on one line, or what it is called."""

    text: str
    left: Mapping[int, str] | None = None
    right: Mapping[int, str] | None = None


def kept_places(width: int, differing: Collection[int] = ()) -> list[int]:
    """Return the places of a table of so many columns whose cells are kept: the first ones, and those that differ."""
    return sorted({*range(min(width, _KEPT_COLUMNS)), *sorted(differing)[:SHOWN_COLUMNS]})


def kept_pair(
    text: str, left: Sequence[pa.Array], right: Sequence[pa.Array], index: int, places: Sequence[int]
) -> KeptRow:
    """Return the row at an index of both sides."""
    sides: tuple[_Cells, _Cells] = {}, {}
    for place in places:
        pair = show_pair(shown(left[place][index].as_py()), shown(right[place][index].as_py()))
        sides[0][place], sides[1][place] = pair
    return KeptRow(text=text, left=sides[0], right=sides[1])


def kept_alone(text: str, columns: Sequence[pa.Array], index: int, *, is_left: bool) -> KeptRow:
    """Return the row at an index of the only side that has it."""
    cells = {place: shorten(shown(columns[place][index].as_py())) for place in kept_places(len(columns))}
    return KeptRow(text=text, left=cells if is_left else None, right=None if is_left else cells)


def told_rows(
    names: Sequence[str], rows: Sequence[KeptRow], key: Collection[int], differing: Collection[int]
) -> tuple[tuple[str, ...], tuple[RowSample, ...]]:
    """Return the columns that are told, in their order, and the rows with just these cells."""
    kept = [set(cells) for row in rows for cells in (row.left, row.right) if cells is not None]
    there = set.intersection(*kept) if kept else set()
    wanted = [place for place in (*sorted(key), *sorted(differing), *sorted(there)) if place in there]
    places = sorted(list(dict.fromkeys(wanted))[:SHOWN_COLUMNS])
    told = tuple(
        RowSample(
            row=row.text if row.left and row.right else "", left=_told(row.left, places), right=_told(row.right, places)
        )
        for row in rows
    )
    return tuple(names[place] for place in places), told


def around(indices: Sequence[int], is_equal: Sequence[bool]) -> Iterator[int]:
    """Yield some rows and the equal ones just before and behind each, in their order."""
    near = {
        place for index in indices for place in (index - 1, index + 1) if 0 <= place < len(is_equal) and is_equal[place]
    }
    yield from sorted({*indices, *near})


def _told(cells: Mapping[int, str] | None, places: Sequence[int]) -> tuple[str, ...]:
    return () if cells is None else tuple(cells[place] for place in places)
