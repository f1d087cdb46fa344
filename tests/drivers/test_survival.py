"""The table in `docs/drivers.md` that says what survives a file, cell by cell."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from osiris_core.drivers.registry import load_driver

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "CSV": ("filesystem.csv", "x.csv"),
    "Parquet": ("filesystem.parquet", "x.parquet"),
    "JSON lines": ("filesystem.jsonl", "x.jsonl"),
    "SQLite": ("sql", "x.db"),
    "DuckDB": ("sql", "x.duckdb"),
}
SAMPLES = {
    "bool": pa.array([True, False, None]),
    "int64": pa.array([2**63 - 1, -(2**63), None]),
    "double": pa.array([0.1, 5e-324, 1e300, None]),
    "string": pa.array(["a", "", 'x,"\n', "žluťoučký 👩‍🌾", None]),
    "date32": pa.array([date(1, 1, 1), date(9999, 12, 31), None]),
    "timestamp[us]": pa.array([datetime(2013, 1, 1, 5, 0, 0, 1), None], pa.timestamp("us")),  # noqa: DTZ001
    "timestamp[us, UTC]": pa.array([datetime(2013, 1, 1, 5, tzinfo=UTC), None], pa.timestamp("us", "UTC")),
    "timestamp[us, another zone]": pa.array([datetime(2013, 1, 1, tzinfo=UTC)], pa.timestamp("us", "America/New_York")),
    "timestamp[s]": pa.array([1, None], pa.timestamp("s")),
    "timestamp[ns]": pa.array([1357016400123456789, None], pa.timestamp("ns")),
    "timestamp[ns, UTC]": pa.array([1357016400123456789, None], pa.timestamp("ns", "UTC")),
    "timestamp of the year 10000": pa.array([253402300800], pa.timestamp("s")),
    "time64[us]": pa.array([time(5, 6, 7), None]),
    "int8, int16, int32": pa.array([1, None], pa.int8()),
    "uint8, uint16, uint32": pa.array([1, None], pa.uint16()),
    "uint64 up to 2^63-1": pa.array([2**63 - 1, None], pa.uint64()),
    "uint64 beyond": pa.array([2**64 - 1, None], pa.uint64()),
    "float32": pa.array([0.5, None], pa.float32()),
    "float16": pa.array([0.5, None]).cast(pa.float16()),
    "decimal128": pa.array([Decimal("1.50"), None], pa.decimal128(10, 2)),
    "decimal256": pa.array([Decimal("1.50"), None], pa.decimal256(50, 2)),
    "binary": pa.array([b"\0\xff", None]),
    "list": pa.array([[1, None], None]),
    "struct": pa.array([{"a": 1}, None]),
    "map": pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())),
    "dictionary of strings": pa.array(["a", None]).dictionary_encode(),
    "large_string": pa.array(["a", None], pa.large_string()),
    "null": pa.nulls(2),
    "duration": pa.array([1], pa.duration("us")),
    "interval": pa.array([pa.MonthDayNano([1, 2, 3])]),
    "union": pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1]), pa.array(["a"])]),
    "NaN": pa.array([1.0, math.nan, None]),
    "infinity": pa.array([math.inf, -math.inf, 1.0]),
    "-0.0": pa.array([-0.0, 1.5]),
    "NUL in a string": pa.array(["a\0b"]),
    "string of 3 MB": pa.array(["x" * 3_000_000]),
    "no rows, int64": pa.array([], pa.int64()),
}


def rows_of(page: Path) -> dict[str, dict[str, str]]:
    """Return the table's cells by row and column."""
    lines = page.read_text(encoding="utf-8").partition("## What survives")[2].partition("\n## ")[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    head = cells[0][1:]
    return {row[0]: dict(zip(head, row[1:], strict=True)) for row in cells[2:]}


def texts_of(column: pa.Array) -> list[str]:
    """Return the values so that NaN equals itself, and one zero not the other."""
    plain = column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
    return [repr(value) for value in plain.to_pylist()]


def outcome(column: pa.Array, kind: str, ctx, here: Path) -> str:
    """Return what becomes of a column that is written and read back, as the table says it."""
    family, name = FILES[kind]
    table = pa.table({"x": column})
    place = {"database": name, "table": "t", "query": "select * from t"} if family == "sql" else {"path": name}
    try:
        load_driver(f"{family}{'.' if family == 'sql' else '_'}writer").run(
            step_id="w", config=place, inputs={"df_x": table}, ctx=ctx
        )
    except (TypeError, ValueError) as error:
        return "refused" if "'x'" in str(error) else f"{error}"
    (ctx.output_dir / name).rename(here / name)
    reader = load_driver(f"{family}{'.' if family == 'sql' else '_'}extractor")
    try:
        back = reader.run(step_id="r", config=place, inputs={}, ctx=ctx)["df"]["x"].combine_chunks()
    except ValueError as error:
        return "no columns" if "say in columns" in str(error) else f"{error}"
    if back.type == column.type:
        return "=" if texts_of(back) == texts_of(column) else "other values"
    return str(back.type).replace("[day]", "").replace(", tz=UTC", ", UTC").partition("<")[0].partition("(")[0]


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_page_says_what_survives(sample, repository: Path, ctx, here):
    """Every cell of one row; a row of the page without a sample, or the other way round, is found below."""
    expected = rows_of(repository / "docs" / "drivers.md").get(sample)
    assert {kind: outcome(SAMPLES[sample], kind, ctx, here) for kind in FILES} == expected


def test_the_page_has_all_samples(repository: Path):
    """And nothing else."""
    assert list(rows_of(repository / "docs" / "drivers.md")) == list(SAMPLES)
