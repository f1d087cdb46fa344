"""Drivers with a bug each that one target shows and the other does not: what an author's machine has, and a sandbox lacks."""

SOURCE = '''
import math
import os
import unicodedata

import pyarrow as pa

ON_THE_HOST = os.environ.get("PLANTED_ON") == "host"  # no sandbox is given it


def changed(table, is_kind, change):
    # Others are left alone: nanoseconds become Python values with pandas only, which would be another bug.
    columns = [
        pa.array([change(each) for each in column.to_pylist()], column.type) if is_kind(column.type) else column
        for column in table.columns
    ]
    return pa.table(columns, names=table.schema.names)


class Normalising:
    """Normalises text as the machine's file system does."""

    kind = "processor"
    requirements = ("pyarrow",)
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        form = "NFD" if ON_THE_HOST else "NFC"
        normal = lambda each: None if each is None else unicodedata.normalize(form, each)
        return {"df": changed(next(iter(inputs.values())), pa.types.is_string, normal)}


class NanIsNull:
    """Takes NaN for a missing value, as some engines do."""

    kind = "processor"
    requirements = ("pyarrow",)
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        is_nan = lambda each: ON_THE_HOST and each is not None and math.isnan(each)
        change = lambda each: None if is_nan(each) else each
        return {"df": changed(next(iter(inputs.values())), pa.types.is_floating, change)}


class OtherOrder:
    """Writes rows in the order in which they happen to come."""

    kind = "writer"
    requirements = ("pyarrow",)
    options = {"path": {"type": "output_path", "required": True}}

    def run(self, *, step_id, config, inputs, ctx):
        table = next(iter(inputs.values()))
        rows = [table.slice(row, 1).to_string(preview_cols=99) for row in range(table.num_rows)]
        place = ctx.output_dir / config["path"]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("\\n".join(reversed(rows) if ON_THE_HOST else rows), encoding="utf-8")
        return {}
'''
