"""Differences in CSV files: rows, cells and columns. Only lines without quotes are changed, so that the rest stays as it is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from osiris_core.testing.mutations.model import Difference
from osiris_core.testing.mutations.places import NoPlaceError, pick
from osiris_core.testing.mutations.trees import CONTENT, spot
from osiris_core.testing.mutations.values import another_letter, next_float

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from osiris_core.testing.mutations.model import Spot
    from osiris_core.testing.mutations.session_copy import SessionCopy

    Rows = list[list[str]]
    ChangeRows = Callable[[Rows, Random], str]

_LAYER: Final = "artifacts"
_FEWEST: Final = 2


def change(copy: SessionCopy, rng: Random, how: ChangeRows) -> Spot:
    """Change the rows of one file, its header among them."""
    path = pick(rng, copy.artifacts(".csv"), "CSV file")
    text = copy.read(f"artifacts/{path}").decode("utf-8")
    end = "\r\n" if "\r\n" in text else "\n"
    rows = [line.split(",") for line in text.split(end)[:-1]]
    if '"' in text or len(rows) <= _FEWEST:
        raise NoPlaceError(f"{path} has quotes, or too few rows")
    what = how(rows, rng)
    copy.write(f"artifacts/{path}", "".join(f"{','.join(row)}{end}" for row in rows).encode())
    return spot(path, what)


def _a_row(rows: Rows, rng: Random) -> int:
    return rng.randrange(1, len(rows))


def drop(rows: Rows, rng: Random) -> str:
    """Drop a row."""
    place = _a_row(rows, rng)
    del rows[place]
    return f"row {place} dropped"


def double(rows: Rows, rng: Random) -> str:
    """Let a row come twice."""
    place = _a_row(rows, rng)
    rows.insert(place, list(rows[place]))
    return f"row {place} doubled"


def move(rows: Rows, rng: Random) -> str:
    """Put a row elsewhere."""
    before = list(rows)
    while rows == before:
        rows.insert(_a_row(rows, rng), rows.pop(place := _a_row(rows, rng)))
    return f"row {place} moved"


def _cell(rows: Rows, rng: Random, fits: Callable[[str], bool], changed: Callable[[str], str]) -> str:
    found = [(y, x) for y, row in enumerate(rows) for x, cell in enumerate(row) if y and fits(cell)]
    y, x = pick(rng, found, "cell to change so")
    before, rows[y][x] = rows[y][x], changed(rows[y][x])
    return f"row {y}, {rows[0][x]}: {before!r} became {rows[y][x]!r}"


def _is_float(cell: str) -> bool:
    try:
        return "." in cell and repr(float(cell)) == cell
    except ValueError:
        return False


def one_ulp(rows: Rows, rng: Random) -> str:
    """Put a float one unit in the last place away."""
    return _cell(rows, rng, _is_float, lambda cell: repr(next_float(float(cell))))


def leading_zero(rows: Rows, rng: Random) -> str:
    """Let a code lose its leading zeros."""
    return _cell(rows, rng, lambda c: c.isdigit() and len(c) > 1 and c.startswith("0"), lambda c: c.lstrip("0"))


def trailing_zero(rows: Rows, rng: Random) -> str:
    """Write a zero more behind a number's point."""
    return _cell(rows, rng, _is_float, lambda cell: f"{cell}0" if "e" not in cell else cell.replace("e", "0e"))


def quoted_nothing(rows: Rows, rng: Random) -> str:
    """Write an empty text where nothing was."""
    return _cell(rows, rng, lambda cell: not cell, lambda _: '""')


def word_for_nothing(rows: Rows, rng: Random) -> str:
    """Write a word where nothing was."""
    return _cell(rows, rng, lambda cell: not cell, lambda _: rng.choice(("NULL", "nan", "NA", "0")))


def letter(rows: Rows, rng: Random) -> str:
    """Change a letter of a word."""
    return _cell(rows, rng, lambda cell: cell.isalpha() and cell != "nan", lambda cell: another_letter(cell, rng))


def space(rows: Rows, rng: Random) -> str:
    """Put a blank behind a word."""
    return _cell(rows, rng, str.isalpha, lambda cell: f"{cell} ")


def rename(rows: Rows, rng: Random) -> str:
    """Call a column otherwise."""
    place = rng.randrange(len(rows[0]))
    before, rows[0][place] = rows[0][place], rng.choice((rows[0][place].upper(), f"{rows[0][place]}_"))
    return f"{before} became {rows[0][place]}"


def reorder(rows: Rows, rng: Random) -> str:
    """Put columns into another order, with their cells."""
    a, b = sorted(rng.sample(range(len(rows[0])), 2))
    for row in rows:
        row[a], row[b] = row[b], row[a]
    return f"columns {a} and {b} exchanged"


def relabel(rows: Rows, rng: Random) -> str:
    """Exchange the names of two columns, and not their cells."""
    a, b = rng.sample(range(len(rows[0])), 2)
    rows[0][a], rows[0][b] = rows[0][b], rows[0][a]
    return f"the names of columns {a} and {b} exchanged"


_HOW: Final[dict[str, tuple[ChangeRows, str]]] = {
    "row dropped": (drop, "table-rows"),
    "row doubled": (double, "table-duplicates"),
    "row moved": (move, "table-row-order"),
    "cell changed by one letter": (letter, "table-cells"),
    "cell with a blank more": (space, "table-cells"),
    "cell changed by one unit in the last place": (one_ulp, "table-cells"),
    "cell without its leading zeros": (leading_zero, "table-cells"),
    "cell with a trailing zero": (trailing_zero, "table-cells"),
    "nothing became an empty text": (quoted_nothing, "table-cells"),
    "nothing became a word": (word_for_nothing, "table-cells"),
    "column renamed": (rename, "table-schema"),
    "columns reordered": (reorder, "table-schema"),
    "column names exchanged": (relabel, "table-schema"),
}

DELIMITED: Final = tuple(
    Difference(name=f"CSV {name}", layer=_LAYER, codes=(code, CONTENT), plant=partial(change, how=how))
    for name, (how, code) in _HOW.items()
)
