"""Drivers with a bug each that one target shows and the other does not: what an author's machine has, and a sandbox lacks."""

SOURCE = '''
import math
import os
import unicodedata

import pyarrow as pa

ON_THE_HOST = os.environ.get("PLANTED_ON") == "host"  # no sandbox is given it


def changed(table, change):
    columns = [pa.array([change(each) for each in column.to_pylist()], column.type) for column in table.columns]
    return pa.table(columns, names=table.schema.names)


class Normalising:
    """Normalises text as the machine's file system does."""

    kind = "processor"
    requirements = ("pyarrow",)
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        form = "NFD" if ON_THE_HOST else "NFC"
        normal = lambda each: unicodedata.normalize(form, each) if isinstance(each, str) else each
        return {"df": changed(next(iter(inputs.values())), normal)}


class NanIsNull:
    """Takes NaN for a missing value, as some engines do."""

    kind = "processor"
    requirements = ("pyarrow",)
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        is_nan = lambda each: ON_THE_HOST and isinstance(each, float) and math.isnan(each)
        return {"df": changed(next(iter(inputs.values())), lambda each: None if is_nan(each) else each)}


class OtherOrder:
    """Writes rows in the order in which they happen to come."""

    kind = "writer"
    requirements = ("pyarrow",)
    options = {"path": {"type": "output_path", "required": True}}

    def run(self, *, step_id, config, inputs, ctx):
        rows = [repr(row) for row in next(iter(inputs.values())).to_pylist()]
        place = ctx.output_dir / config["path"]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("\\n".join(reversed(rows) if ON_THE_HOST else rows), encoding="utf-8")
        return {}
'''
