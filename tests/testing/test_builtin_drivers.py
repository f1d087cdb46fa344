"""Every driver that ships keeps every promise."""

from __future__ import annotations

from pathlib import Path

import bad_drivers
import pyarrow.parquet as pq
import pytest

from osiris_core.drivers.csv_text import CsvFormat, csv_lines
from osiris_core.sandbox.launch import ServerProcess
from osiris_core.testing import conformance_checks

CODE = Path(bad_drivers.__file__).parent


@pytest.fixture(scope="module")
def server(bubblewrap):
    """One embedded server for this module."""
    with ServerProcess.start() as process:
        yield process.address


def csv_file(table, path):
    """Write a table as a CSV file."""
    form = CsvFormat()
    path.write_bytes(b"".join((form.header(table.column_names), *csv_lines(table, form))))


EXAMPLES = {
    "filesystem.csv_extractor": {"config": {"path": "data/given.csv"}, "make_input": csv_file},
    "filesystem.csv_writer": {"config": {"path": "out/table.csv", "delimiter": ";"}},
    "filesystem.parquet_extractor": {"config": {"path": "data/given.parquet"}, "make_input": pq.write_table},
    "filesystem.parquet_writer": {"config": {"path": "out/table.parquet", "compression": "snappy"}},
    "filesystem.copy": {"config": {"path": "data/given.parquet", "to": "copied.parquet"}, "make_input": pq.write_table},
    "shell.command": {
        "config": {"command": 'cp "$STEP_INPUTS"/* "$STEP_OUTPUT"/ || true', "shell": True, "tables": "parquet"}
    },
    "duckdb.processor": {"config": {"query": "select *, amount * 2 as twice from df_given order by id"}},
    "python.callable": {"config": {"function": "functions:with_rank", "kwargs": {"by": "id"}}, "code": [CODE]},
}
SHARED = {"large_rows": 20_000}
NOT_ASKED = {
    "filesystem.csv_extractor": {"options-optional", "nothing-handed-on"},
    "filesystem.csv_writer": set(),
    "filesystem.parquet_extractor": {"options-optional", "defaults", "nothing-handed-on"},
    "filesystem.parquet_writer": set(),
    "filesystem.copy": {"metrics", "nothing-handed-on"},
    "shell.command": {"metrics"},
    "duckdb.processor": {"options-optional", "defaults"},
    "python.callable": {"defaults"},
}
"""What an example has nothing of. Written out, so that nothing else goes unasked."""


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_built_in_driver_keeps_every_promise(name, server):
    """In this process, and in a pipeline on both targets."""
    found = [each.require() for each in conformance_checks(name, **SHARED, server=lambda: server, **EXAMPLES[name])]
    assert {each.check for each in found if each.state == "not_asked"} == NOT_ASKED[name]
