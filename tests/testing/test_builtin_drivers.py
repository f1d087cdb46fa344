"""Every driver that ships keeps every promise."""

from __future__ import annotations

import logging
from pathlib import Path

import bad_drivers
import pyarrow.parquet as pq
import pytest

from osiris_core.drivers.registry import builtin_specs, load_driver
from osiris_core.testing import conformance_checks

CODE = Path(bad_drivers.__file__).parent


class Quiet:
    """As much of `ctx` as a writer needs."""

    logger = logging.getLogger("tests.testing")

    def __init__(self, output_dir):
        self.output_dir = output_dir

    def log_metric(self, *_, **__):
        """Say nothing."""


def written_by(driver, option="path", **config):
    """Make a file from a table with the driver that writes such files."""

    def make(table, path):
        given = {option: path.name, **config}
        load_driver(driver).run(step_id="w", config=given, inputs={"df_x": table}, ctx=Quiet(path.parent))

    return make


EXAMPLES = {
    "filesystem.csv_extractor": {
        "config": {"path": "data/given.csv"},
        "make_input": written_by("filesystem.csv_writer"),
    },
    "filesystem.csv_writer": {"config": {"path": "out/table.csv", "delimiter": ";"}},
    "filesystem.parquet_extractor": {"config": {"path": "data/given.parquet"}, "make_input": pq.write_table},
    "filesystem.parquet_writer": {"config": {"path": "out/table.parquet", "compression": "snappy"}},
    "filesystem.jsonl_extractor": {
        "config": {"path": "data/given.jsonl"},
        "make_input": written_by("filesystem.jsonl_writer"),
        "excused": {"empty-inputs": "a file without lines says nothing of columns"},
    },
    "filesystem.jsonl_writer": {"config": {"path": "out/table.jsonl"}},
    "sql.extractor": {
        "config": {"database": "data/given.db", "query": "select * from given order by id"},
        "make_input": written_by("sql.writer", "database", table="given", engine="sqlite"),
    },
    "sql.writer": {"config": {"database": "out/table.db", "table": "given"}},
    "filesystem.copy": {"config": {"path": "data/given.parquet", "to": "copied.parquet"}, "make_input": pq.write_table},
    "shell.command": {
        "config": {"command": 'cp "$STEP_INPUTS"/* "$STEP_OUTPUT"/ || true', "shell": True, "tables": "parquet"}
    },
    "duckdb.processor": {"config": {"query": "select *, amount * 2 as twice from df_given order by id"}},
    "python.callable": {"config": {"function": "functions:with_rank", "kwargs": {"by": "id"}}, "code": [CODE]},
}
ON_TARGETS = {"filesystem.csv_extractor", "sql.writer", "shell.command", "python.callable"}
"""One of each kind. All of them run on both targets in the healthy pipelines (`tests/end_to_end/test_fixtures.py`)."""
NOT_ASKED = {
    "filesystem.csv_extractor": {"options-optional", "nothing-handed-on"},
    "filesystem.csv_writer": set(),
    "filesystem.parquet_extractor": {"options-optional", "defaults", "nothing-handed-on"},
    "filesystem.parquet_writer": set(),
    "filesystem.jsonl_extractor": {"options-optional", "defaults", "empty-inputs", "nothing-handed-on"},
    "filesystem.jsonl_writer": {"options-optional", "defaults"},
    "sql.extractor": {"options-optional", "defaults", "nothing-handed-on"},
    "sql.writer": {"options-optional"},
    "filesystem.copy": {"metrics", "nothing-handed-on"},
    "shell.command": {"metrics"},
    "duckdb.processor": {"options-optional", "defaults"},
    "python.callable": {"defaults"},
}
"""What an example has nothing of. Written out, so that nothing else goes unasked."""


def test_every_built_in_driver_has_an_example():
    """A new driver is held to the promises, too."""
    assert set(EXAMPLES) == set(builtin_specs())


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_built_in_driver_keeps_every_promise(name, server):
    """In this process, and one of each kind in pipelines on both targets."""
    options = {"large_rows": 5_000, "on_targets": name in ON_TARGETS, "server": lambda: server}
    found = [each.require() for each in conformance_checks(name, **options, **EXAMPLES[name])]
    assert {each.check for each in found if each.state == "not_asked"} == NOT_ASKED[name]
