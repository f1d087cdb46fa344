"""Files for the drivers that read them: content, and the options that say how it is to be read."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

from osiris_core.fuzz.tables import MAX_ROWS, CsvForm, column_names, columns, csv_bytes, csv_rows
from osiris_core.fuzz.values import seldom, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hypothesis.strategies import SearchStrategy

    Draw = Callable[[SearchStrategy[Any]], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """A file of a generated project; `options` are those of the driver that its content asks for."""

    path: str
    content: bytes
    options: Mapping[str, Any] = field(default_factory=dict)
    is_table: bool = True


@st.composite
def csv_file(draw: Draw, stem: str) -> InputFile:
    """Return a CSV file that any reader of the usual form can read."""
    names, rows = draw(csv_rows())
    return InputFile(path=f"{stem}.csv", content=csv_bytes(names, rows, CsvForm()))


@st.composite
def csv_file_with_options(draw: Draw, stem: str) -> InputFile:
    """Return a CSV file in one of the forms that `filesystem.csv_extractor` knows, and the options that say so."""
    names, rows = draw(csv_rows())
    options: dict[str, Any] = {}
    if draw(st.booleans()):
        options["delimiter"] = draw(st.sampled_from([",", ";", "\t", "|"]))
    if draw(st.booleans()):
        options["header"] = draw(st.sampled_from([True, False]))
    if draw(st.booleans()):
        options["encoding"] = draw(
            st.sampled_from(["utf-8", "utf-16", *(["latin-1"] if _is_latin(names, rows) else [])])
        )
    match draw(st.integers(0, 5)):
        case 4:
            options["columns"] = draw(st.permutations(names)) if options.get("header", True) else names
        case 5:
            typed = {name: draw(_types([row[index] for row in rows])) for index, name in enumerate(names)}
            if "<<" not in typed:  # which in YAML merges
                options["columns"] = typed
    form = CsvForm(
        delimiter=options.get("delimiter", ","),
        header=options.get("header", True),
        encoding=options.get("encoding", "utf-8"),
        newline=draw(st.sampled_from(["\n", "\r\n"])),
    )
    return InputFile(path=f"{stem}.csv", content=csv_bytes(names, rows, form), options=options)


_CONTROL: Final = re.compile(r"[\x80-\x9f]")
"""Bytes that Latin-1 has and DuckDB does not take for it."""


def _is_latin(names: list[str], rows: list[list[str | None]]) -> bool:
    """Whether all names stay what they are, and apart, in Latin-1, and nothing is refused."""
    texts_ = [*names, *(cell or "" for row in rows for cell in row)]
    return all(map(str.isascii, names)) and not any(map(_CONTROL.search, texts_))


_WHOLE: Final = re.compile(r"-?[0-9]{1,18}")
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?")
_TYPES: Final = ("BIGINT", "DOUBLE", "DATE", "DECIMAL(18, 3)", "TIMESTAMP WITH TIME ZONE")


def _types(cells: list[str | None]) -> SearchStrategy[str]:
    """Return SQL types that a column can be read as, and seldom one that it probably cannot."""
    there = [each for each in cells if each is not None]
    fitting = ["VARCHAR"]
    if all(map(_NUMBER.fullmatch, there)):
        fitting.append("DOUBLE")
    if all(map(_WHOLE.fullmatch, there)):
        fitting.append("BIGINT")
    return seldom().flatmap(lambda wrong: st.sampled_from(_TYPES if wrong else fitting))


@st.composite
def jsonl_file(draw: Draw, stem: str) -> InputFile:
    """Return a file of JSON lines, most with one type a column and at least one line."""
    names = draw(column_names())
    kinds = (
        texts(huge=False),
        st.integers(-(2**63), 2**63 - 1),
        st.booleans(),
        st.floats(allow_nan=False, allow_infinity=False),
    )
    mixed = draw(seldom())
    columns_ = [st.none() | (st.one_of(*kinds) if mixed else draw(st.sampled_from(kinds))) for _ in names]
    rows = draw(st.lists(st.tuples(*columns_), min_size=0 if mixed else 1, max_size=MAX_ROWS))
    lines = [json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n" for row in rows]
    return InputFile(
        path=f"{stem}.jsonl", content="".join(lines).encode(), options=_selection(draw, names), is_table=False
    )


def _selection(draw: Draw, names: list[str]) -> dict[str, Any]:
    """Return now and then the option `columns`, with all of them in some order."""
    return {"columns": draw(st.permutations(names))} if draw(seldom()) else {}


@st.composite
def parquet_file(draw: Draw, stem: str) -> InputFile:
    """Return a Parquet file of the types that `fuzz_steps:table` makes."""
    import io

    import pyarrow.parquet as pq

    from osiris_core.fuzz.step_code import table

    out = io.BytesIO()
    drawn = [each for each in draw(columns()) if each["type"] != "null"]
    pq.write_table(table({}, None, drawn), out)
    chosen = _selection(draw, [each["name"] for each in drawn]) if drawn else {}
    return InputFile(path=f"{stem}.parquet", content=out.getvalue(), options=chosen, is_table=False)


@st.composite
def any_file(draw: Draw, stem: str) -> InputFile:
    """Return a file of any bytes."""
    return InputFile(path=f"{stem}.bin", content=draw(st.binary(max_size=16)), is_table=False)


FILES: Final[Mapping[str, Callable[[str], SearchStrategy[InputFile]]]] = {
    "filesystem.csv_extractor": csv_file_with_options,
    "filesystem.jsonl_extractor": jsonl_file,
    "filesystem.parquet_extractor": parquet_file,
    "filesystem.copy": any_file,
}
"""By driver; a driver that is not here is given a CSV file."""
TOLD_BY_FILE: Final[Mapping[str, frozenset[str]]] = {
    "filesystem.csv_extractor": frozenset({"delimiter", "header", "encoding", "columns"}),
    "filesystem.jsonl_extractor": frozenset({"columns"}),
    "filesystem.parquet_extractor": frozenset({"columns"}),
}
"""Options by driver that say how the file is written: anything else than what it says would mostly be refused."""
