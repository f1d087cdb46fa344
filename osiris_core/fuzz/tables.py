"""Tables for generated pipelines: as arguments of the step `fuzz_steps:table`, and as the text of CSV files."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from osiris_core.fuzz.values import FLOATS, INTEGERS, decimals, floats, integers, kinds, seldom, texts, usual_kinds

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

MAX_ROWS = 6
MAX_COLUMNS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvForm:
    """How a CSV file is written; the defaults are those of the driver that reads it."""

    delimiter: str = ","
    header: bool = True
    encoding: str = "utf-8"
    newline: str = "\n"


@functools.cache
def column_names() -> SearchStrategy[list[str]]:
    """Return names for the columns of one table, all different."""
    known = ["a", "b", "order", "A b", "Größe", "e\u0301", 'qu"ote', "日本", "select", "c.d"]
    name = st.sampled_from(known) | st.text(
        st.characters(min_codepoint=33, exclude_categories=["Cs", "Cn"]), min_size=1, max_size=4
    )
    return st.lists(name, min_size=1, max_size=MAX_COLUMNS, unique_by=str.casefold)


@st.composite
def columns(draw: Callable[[SearchStrategy[Any]], Any], *, max_rows: int = MAX_ROWS) -> list[dict[str, Any]]:
    """Return the argument `columns` of `fuzz_steps:table`."""
    names = draw(column_names())
    first = usual_kinds() if not draw(seldom()) else kinds()
    chosen = [draw(kinds() if index else first) for index in range(len(names))]
    rows = draw(st.lists(st.tuples(*(_or_missing(each.values) for each in chosen)), max_size=max_rows))
    return [
        {"name": name, "type": kind.type, "values": [row[index] for row in rows]}
        for index, (name, kind) in enumerate(zip(names, chosen, strict=True))
    ]


def _or_missing(values: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """Return these values, and now and then None."""
    return seldom().flatmap(lambda missing: st.none() if missing else values)


@functools.cache
def _cell_kinds() -> SearchStrategy[SearchStrategy[str]]:
    """Return strategies for the cells of one column, so that whole columns look like numbers, moments or text."""
    moments = [
        "2024-02-29",
        "2024-03-31 02:30:00",
        "1970-01-01 00:00:00+00",
        "2024-10-27T02:30:00+02:00",
        "12:30:00",
        "0001-01-01",
    ]
    return st.sampled_from(
        [
            texts(),
            integers(-(2**64), 2**64),
            floats(),
            st.sampled_from([*map(str, INTEGERS), *map(repr, FLOATS), "007", "1e5", "+1", "1.50", ".5"]),
            st.sampled_from(moments),
            st.sampled_from(["true", "false", "TRUE", "t", "0"]),
            decimals(20, 2),
        ]
    )


@st.composite
def csv_rows(
    draw: Callable[[SearchStrategy[Any]], Any], *, max_rows: int = MAX_ROWS
) -> tuple[list[str], list[list[str | None]]]:
    """Return the names of the columns and the rows of a CSV file; None is a field with nothing in it, not even quotes."""
    names = draw(column_names())
    cells = [draw(_cell_kinds()) for _ in names]
    rows = draw(st.lists(st.tuples(*(_or_missing(each) for each in cells)), max_size=max_rows))
    return names, [list(row) for row in rows]


def csv_bytes(names: list[str], rows: list[list[str | None]], form: CsvForm) -> bytes:
    """Return the file, with quotes where a field needs them."""
    head: list[list[str | None]] = [[*names]] if form.header else []
    lines = [*head, *rows]
    text = "".join(form.delimiter.join(_field(each, form) for each in line) + form.newline for line in lines)
    return text.encode(form.encoding, "replace")


def _field(text: str | None, form: CsvForm) -> str:
    if text is None:
        return ""
    needs = not text or text != text.strip() or any(each in text for each in (form.delimiter, '"', "\n", "\r"))
    return '"' + text.replace('"', '""') + '"' if needs else text
