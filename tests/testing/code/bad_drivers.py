"""One honest driver, and one that breaks each promise and no other."""

from __future__ import annotations

import decimal
import logging
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

AT_END = threading.Event()
LEFT = []


def given(inputs):
    """The table of the one step before."""
    (key,) = [each for each in inputs if each.startswith("df_")]
    table = inputs[key]
    if table is None:
        raise ValueError(f"{key} has no table")
    return table


def with_texts(table, column, change):
    """The table with a column's texts changed."""
    texts = pa.array([None if each is None else change(each) for each in table[column].to_pylist()], pa.string())
    return table.set_column(table.column_names.index(column), column, texts)


class Honest:
    """Adds a suffix to texts."""

    kind = "processor"
    requirements = ["pyarrow"]
    options = {
        "column": {"type": "string", "required": True},
        "suffix": {"type": "string"},
        "case": {"type": "string", "choices": ["keep", "upper"], "default": "keep"},
    }

    def run(self, *, step_id, config, inputs, ctx):
        suffix = config.get("suffix", "")
        upper = config.get("case", "keep") == "upper"
        table = with_texts(given(inputs), config["column"], lambda text: (text.upper() if upper else text) + suffix)
        ctx.log_metric("rows_out", table.num_rows, unit="rows")
        return {"df": table}


class HonestWriter:
    """Writes how many rows there are."""

    kind = "writer"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        ctx.log_metric("rows_written", given(inputs).num_rows, unit="rows")
        (ctx.output_dir / "rows.txt").write_text(f"{given(inputs).num_rows}\n")


class HonestPandas:
    """Is handed a frame, and changes a copy."""

    kind = "processor"
    frame = "pandas"
    requirements = ["pyarrow", "pandas"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        return {"df": given(inputs).assign(doubled=lambda frame: frame["amount"] * 2)}


class DeclaresAnotherType:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {"size": {"type": "string"}}

    def run(self, *, step_id, config, inputs, ctx):
        return {"df": given(inputs).slice(0, config.get("size", 2))}


class FailsAtOnce:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        raise RuntimeError("not today")


class AsksForMore:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        return {"df": given(inputs).slice(0, config.get("limit"))}


class RunsWithoutTheRequired:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {"column": {"type": "string", "required": True}}

    def run(self, *, step_id, config, inputs, ctx):
        return {"df": given(inputs).sort_by(config.get("column", "id"))}


class NeedsTheOptional:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {"column": {"type": "string"}}

    def run(self, *, step_id, config, inputs, ctx):
        return {"df": given(inputs).sort_by(config["column"])}


class TakesAnotherDefault:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {"suffix": {"type": "string", "default": "!"}}

    def run(self, *, step_id, config, inputs, ctx):
        return {"df": with_texts(given(inputs), "name", lambda text: text + config.get("suffix", "?"))}


class ReturnsMore:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        return {"df": given(inputs), "rows": 8}


class ReturnsAList:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        return [given(inputs)]


class ReturnsNoTable:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        return {}


class ReturnsTwoColumnsOfOneName:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        return {"df": given(inputs).append_column("id", given(inputs)["id"])}


class Miscounts:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        ctx.log_metric("rows_out", given(inputs).num_rows + 1, unit="rows")
        return {"df": given(inputs)}


class MiscountsWhatItWrites:
    kind = "writer"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        ctx.log_metric("rows_written", given(inputs).num_rows - 1, unit="rows")
        (ctx.output_dir / "rows.txt").write_text(f"{given(inputs).num_rows}\n")


class CountsTheFirstChunk:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        table = given(inputs)
        ctx.log_metric("rows_out", min(table.num_rows, 1000), unit="rows")
        return {"df": table}


class RollsDice:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        table = given(inputs)
        return {"df": table.append_column("luck", pa.array([os.urandom(8).hex()] * table.num_rows, pa.string()))}


class LogsDice:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        ctx.log_metric("luck", int.from_bytes(os.urandom(4)))
        return {"df": given(inputs)}


class TellsDice:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        ctx.log_event("luck", number=os.urandom(8).hex())
        return {"df": given(inputs)}


class WritesDice:
    kind = "writer"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        given(inputs)
        (ctx.output_dir / "luck.txt").write_text(os.urandom(8).hex())


class ChangesItsFrame:
    kind = "processor"
    frame = "pandas"
    requirements = ["pyarrow", "pandas"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        frame = given(inputs)
        frame["doubled"] = frame["amount"] * 2
        return {"df": frame}


class EmptiesItsInputs:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        given(inputs)
        return {"df": inputs.popitem()[1]}


class ChangesItsFile:
    kind = "extractor"
    requirements = ["pyarrow"]
    options = {"path": {"type": "input_path", "required": True}}

    def run(self, *, step_id, config, inputs, ctx):
        table = pq.read_table(config["path"])
        with Path(config["path"]).open("ab") as file:
            file.write(b"read")
        return {"df": table}


class ReadsTheBeginning:
    kind = "extractor"
    requirements = ["pyarrow"]
    options = {"path": {"type": "input_path", "required": True}}

    def run(self, *, step_id, config, inputs, ctx):
        return {"df": pq.read_table(config["path"]).slice(0, 1000)}


class RenamesColumns:
    kind = "extractor"
    requirements = ["pyarrow"]
    options = {"path": {"type": "input_path", "required": True}}

    def run(self, *, step_id, config, inputs, ctx):
        table = pq.read_table(config["path"])
        return {"df": table.rename_columns([name.encode("ascii", "ignore").decode() for name in table.column_names])}


class ChangesItsConfig:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {"size": {"type": "integer"}}

    def run(self, *, step_id, config, inputs, ctx):
        config["size"] = config.get("size", 4) // 2
        return {"df": given(inputs).slice(0, config["size"])}


class FailsWithoutRows:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        first = given(inputs)["id"][0]
        ctx.log_event("first", id=first.as_py())
        return {"df": given(inputs)}


class LosesColumnsWithoutRows:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        rows = given(inputs).to_pylist()
        return {"df": pa.Table.from_pylist(rows, schema=given(inputs).schema if rows else pa.schema([]))}


class FailsWhereAllIsMissing:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        table = given(inputs)
        if table.num_rows:
            ctx.log_event("largest", id=max(each for each in table["id"].to_pylist() if each is not None))
        return {"df": table}


class FailsWithoutATable:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        ((_, table),) = inputs.items()
        return {"df": table.slice(0, 5)}


class Normalizes:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        return {"df": with_texts(given(inputs), "name", lambda text: unicodedata.normalize("NFC", text))}


class WritesLatin:
    kind = "writer"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        names = [each for each in given(inputs)["name"].to_pylist() if each is not None]
        (ctx.output_dir / "names.txt").write_bytes("\n".join(names).encode("latin-1", "replace"))


class TakesTheFirstChunk:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        table = given(inputs)
        return {"df": pa.Table.from_batches([table.to_batches()[0]]) if table.num_rows else table}


class WritesBesideTheManifest:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        Path("cache.txt").write_text("cached")
        return {"df": given(inputs)}


class WritesToTheHome:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        (Path.home() / ".cache").mkdir()
        return {"df": given(inputs)}


class LeavesATemporaryFile:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        descriptor, _ = tempfile.mkstemp()
        os.close(descriptor)
        return {"df": given(inputs)}


class LeavesALink:
    kind = "writer"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        (ctx.output_dir / "rows.txt").write_text(str(given(inputs).num_rows))
        (ctx.output_dir / "latest.txt").symlink_to("rows.txt")


class WritesNothing:
    kind = "writer"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        given(inputs)


class SetsAVariable:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        os.environ["BAD_DRIVER"] = "was here"
        return {"df": given(inputs)}


class GoesElsewhere:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        os.chdir("/")
        return {"df": given(inputs)}


class SetsTheUmask:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        os.umask(0o077)
        return {"df": given(inputs)}


class SeedsEverybody:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        random.seed(1)
        return {"df": given(inputs)}


class SeedsNumpy:
    kind = "processor"
    requirements = ["pyarrow", "numpy"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        import numpy as np  # the other drivers of this module do without

        np.random.seed(1)  # noqa: NPY002 - the global state is the point
        return {"df": given(inputs)}


class MovesTheClock:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        before = os.environ.get("TZ")
        os.environ["TZ"] = "XXX-7"
        time.tzset()
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        return {"df": given(inputs)}


class CountsLessExactly:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        decimal.getcontext().prec = 5
        return {"df": given(inputs)}


class HandlesSignals:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        signal.signal(signal.SIGALRM, lambda *_: None)
        return {"df": given(inputs)}


class LogsToTheRoot:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        logging.getLogger().addHandler(logging.NullHandler())
        return {"df": given(inputs)}


class LeavesAThread:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        threading.Thread(target=AT_END.wait, daemon=True, name="left-behind").start()
        return {"df": given(inputs)}


class LeavesAProcess:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        LEFT.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))
        return {"df": given(inputs)}


class ImportsWhatItDoesNotDeclare:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        import packaging.version

        ctx.log_event("version", public=packaging.version.Version("1.0").public)
        return {"df": given(inputs)}


class TellsTheMachine:
    kind = "processor"
    requirements = ["pyarrow"]
    options = {}

    def run(self, *, step_id, config, inputs, ctx):
        table = given(inputs)
        return {"df": table.append_column("host", pa.array([socket.gethostname()] * table.num_rows, pa.string()))}
