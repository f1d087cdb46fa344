"""A table goes from step to step as it is: the very buffers, and nothing beside them."""

from __future__ import annotations

import json

import pyarrow as pa

from osiris_core.check import CheckOptions, check, load
from osiris_core.drivers.exact import exact_batches, exact_schema

CODE = """
import datetime as dt
import pyarrow as pa

def make(inputs, ctx):
    texts = pa.array(["one", None, "three"]).dictionary_encode()
    whole = pa.table({"n": [1, 2, 3], "t": texts, "at": [dt.datetime(2026, 1, each) for each in (1, 2, 3)]})
    return tell(pa.concat_tables([whole, whole.slice(1)]), ctx)

def hand_on(inputs, ctx):
    return tell(inputs["df_make"], ctx)

def look(inputs, ctx):
    tell(inputs["df_hand_on"], ctx)

def tell(table, ctx):
    chunks = [chunk for column in table.columns for chunk in column.chunks]
    ctx.log_event("buffers", addresses=[each.address for chunk in chunks for each in chunk.buffers() if each])
    return table
"""
MANIFEST = """
osiris: "1"
pipeline: {id: hand-over}
code: [code]
steps:
  - {id: make, driver: python.callable, config: {function: "tables:make"}}
  - {id: hand-on, driver: python.callable, needs: [make], config: {function: "tables:hand_on"}}
  - {id: look, driver: python.callable, needs: [hand-on], config: {function: "tables:look"}}
"""


def test_a_table_is_handed_on_without_a_copy(tmp_path):
    """Three steps in a real worker see the same addresses."""
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "tables.py").write_text(CODE)
    path = tmp_path / "hand-over.osiris.yaml"
    path.write_text(MANIFEST)
    record = check(load(path, project_root=tmp_path), ["local"], CheckOptions(project_root=tmp_path))
    assert record.passed, record.headline
    lines = (tmp_path / record.targets[0].session_directory / "events.jsonl").read_text().splitlines()
    told = [each["addresses"] for each in map(json.loads, lines) if each["event"] == "buffers"]
    assert len(told) == 3
    assert told[0]
    assert told[0] == told[1] == told[2]


def test_a_table_is_described_without_a_copy():
    """What the engine is given to read are the columns' own values, moments too."""
    kinds = [pa.int64(), pa.float64(), pa.timestamp("us"), pa.time64("ns"), pa.date32(), pa.string(), pa.binary()]
    plain = {pa.string(): ["a", None], pa.binary(): [b"a", None]}
    table = pa.table({str(kind): pa.array(plain.get(kind, [1, None]), kind) for kind in kinds})
    (batch,) = exact_batches(table, exact_schema(table.schema))
    for column, described in zip(table.columns, batch.columns, strict=False):
        (given,) = column.chunks
        assert described.buffers()[-1].address == given.buffers()[-1].address, column.type
