"""How much longer the CSV and Parquet drivers take than plain DuckDB and pyarrow doing the same job.

    python benchmarks/drivers.py [--rows N] [--rounds N] [--clock wall|cpu] [--only csv-read,csv-write,parquet-read,parquet-write]

Reading is from a file to an Arrow table, writing is from the same Arrow table to a file. Ours and each peer take turns; the ratio is made round
by round, and its median is what to quote: below 1 ours is faster. On a machine that others use, too, the CPU's clock is the one to believe.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from osiris_core.drivers.registry import load_driver

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pyarrow as pa

TABLE = """
select i as id, i % 1000 as store, (hash(i) % 1000000) / 100.0::double as amount, hash(i + 1) % 3 = 0 as open,
       'customer ' || hash(i + 2) % 100000 as name, case when i % 50 = 0 then null else 'note-' || i end as note,
       date '2020-01-01' + cast(i % 2000 as int) as day, timestamp '2020-01-01 00:00:00' + interval (i) second as at
from range({rows}) t(i)
"""


class Context:
    """As much of `ctx` as these drivers use."""

    logger = logging.getLogger("osiris.bench")

    def __init__(self, output_dir: Path) -> None:
        self.output_dir = output_dir

    def log_metric(self, *_: Any, **__: Any) -> None:
        """Say nothing."""


def read(name: str, path: Path) -> pa.Table:
    """Read a file with a driver of ours."""
    config = {"path": str(path)}
    return load_driver(name).run(step_id="s", config=config, inputs={}, ctx=Context(path.parent))["df"]  # type: ignore[arg-type,index]


def write(name: str, table: pa.Table, place: Path, **config: Any) -> None:
    """Write a file with a driver of ours."""
    given = {"path": place.name, **config}
    load_driver(name).run(step_id="s", config=given, inputs={"df_x": table}, ctx=Context(place.parent))  # type: ignore[arg-type]


def by_duckdb(query: str, **tables: pa.Table) -> pa.Table:
    """Run a query in a fresh connection."""
    with duckdb.connect() as connection:
        for name, table in tables.items():
            connection.register(name, table)
        return connection.sql(query).to_arrow_table()


def copied_by_duckdb(table: pa.Table, place: Path, options: str) -> None:
    """Write a table by DuckDB's COPY."""
    with duckdb.connect() as connection:
        connection.register("given", table)
        connection.execute(f"copy given to '{place}' ({options})")


def jobs(table: pa.Table, csv: Path, parquet: Path, out: Path) -> Mapping[str, Mapping[str, Callable[[], Any]]]:
    """Return, by job, the contestants: ours first."""
    return {
        "csv-read": {
            "ours": lambda: read("filesystem.csv_extractor", csv),
            "duckdb": lambda: by_duckdb(f"select * from read_csv('{csv}')"),
            "pyarrow": lambda: pa_csv.read_csv(csv),
        },
        "csv-write": {
            "ours": lambda: write("filesystem.csv_writer", table, out),
            "duckdb": lambda: copied_by_duckdb(table, out, "format csv, header"),
            "pyarrow": lambda: pa_csv.write_csv(table, out, pa_csv.WriteOptions(quoting_style="needed")),
        },
        "parquet-read": {
            "ours": lambda: read("filesystem.parquet_extractor", parquet),
            "duckdb": lambda: by_duckdb(f"select * from read_parquet('{parquet}')"),
            "pyarrow": lambda: pq.read_table(parquet),
        },
        "parquet-write": {
            "ours": lambda: write("filesystem.parquet_writer", table, out),
            "duckdb": lambda: copied_by_duckdb(table, out, "format parquet, compression zstd"),
            "pyarrow": lambda: pq.write_table(table, out, compression="zstd"),
        },
    }


CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


def timed(work: Callable[[], Any], out: Path, clock: Callable[[], float]) -> float:
    """Return the seconds that `work` takes by `clock`; what it wrote is removed before."""
    out.unlink(missing_ok=True)
    gc.collect()
    started = clock()
    result = work()
    elapsed = clock() - started
    del result
    return elapsed


def main() -> int:
    """Print one row a job: the medians of all contestants, and ours over each peer, with the range of the best."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        table = by_duckdb(TABLE.format(rows=given.rows))
        csv, parquet, out = root / "table.csv", root / "table.parquet", root / "out.file"
        write("filesystem.csv_writer", table, csv)
        pq.write_table(table, parquet, compression="zstd")
        print(
            f"{given.rows} rows, {table.num_columns} columns, {table.nbytes >> 20} MiB in Arrow,"
            f" {csv.stat().st_size >> 20} MiB in CSV, {os.cpu_count()} CPUs, rounds: {given.rounds}, clock: {given.clock}"
        )
        print(f"{'job':>14} {'ours s':>8} {'duckdb s':>9} {'pyarrow s':>10} {'/duckdb':>8} {'/pyarrow':>9}")
        for job, contestants in jobs(table, csv, parquet, out).items():
            if given.only and job not in given.only.split(","):
                continue
            rounds = [
                {name: timed(work, out, CLOCKS[given.clock]) for name, work in contestants.items()}
                for _ in range(given.rounds)
            ]
            medians = {name: statistics.median(each[name] for each in rounds) for name in contestants}
            ratios = {
                peer: statistics.median(each["ours"] / each[peer] for each in rounds) for peer in ("duckdb", "pyarrow")
            }
            print(
                f"{job:>14} {medians['ours']:8.2f} {medians['duckdb']:9.2f} {medians['pyarrow']:10.2f}"
                f" {ratios['duckdb']:8.2f} {ratios['pyarrow']:9.2f}",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
