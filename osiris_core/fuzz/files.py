"""Files for the drivers that read them: content, and the options that say how it is to be read."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

from osiris_core.fuzz.tables import MAX_ROWS, CsvForm, column_names, columns, csv_bytes, csv_rows
from osiris_core.fuzz.values import texts

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
        options["encoding"] = draw(st.sampled_from(["utf-8", "utf-16", "latin-1"]))
    match draw(st.integers(0, 5)):
        case 4:
            options["columns"] = draw(st.permutations(names)) if options.get("header", True) else names
        case 5:
            types = st.sampled_from(
                ["VARCHAR", "BIGINT", "DOUBLE", "DATE", "DECIMAL(18, 3)", "TIMESTAMP WITH TIME ZONE"]
            )
            options["columns"] = {name: draw(types) for name in names if name != "<<"}
    form = CsvForm(
        delimiter=options.get("delimiter", ","),
        header=options.get("header", True),
        encoding={"utf-16": "utf-16"}.get(options.get("encoding", "utf-8"), options.get("encoding", "utf-8")),
        newline=draw(st.sampled_from(["\n", "\r\n"])),
    )
    return InputFile(path=f"{stem}.csv", content=csv_bytes(names, rows, form), options=options)


@st.composite
def jsonl_file(draw: Draw, stem: str) -> InputFile:
    """Return a file of JSON lines."""
    names = draw(column_names())
    value = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts(huge=False)
    rows = draw(st.lists(st.tuples(*(value for _ in names)), max_size=MAX_ROWS))
    lines = [json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n" for row in rows]
    return InputFile(path=f"{stem}.jsonl", content="".join(lines).encode(), is_table=False)


@st.composite
def parquet_file(draw: Draw, stem: str) -> InputFile:
    """Return a Parquet file of the types that `fuzz_steps:table` makes."""
    import io

    import pyarrow.parquet as pq

    from osiris_core.fuzz.step_code import table

    out = io.BytesIO()
    pq.write_table(table({}, None, [each for each in draw(columns()) if each["type"] != "null"]), out)
    return InputFile(path=f"{stem}.parquet", content=out.getvalue(), is_table=False)


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
