"""Large tables wait in files of the run directory: nobody can tell by what comes out."""

from __future__ import annotations

import json

SOURCE = """
import datetime as dt, decimal
import pyarrow as pa
class Make:
    def run(self, *, step_id, config, inputs, ctx):
        return {"df": pa.table({
            "d": pa.array([decimal.Decimal("1.50"), None]),
            "t": pa.array([dt.datetime(2026, 3, 29, tzinfo=dt.UTC), None], pa.timestamp("us", "Europe/Prague")),
            "c": pa.array(["a", None]).dictionary_encode(),
            "l": pa.array([[b"x", None], None]),
            "n": pa.nulls(2),
        })}
class Pass:
    frame = "arrow"
    def run(self, *, step_id, config, inputs, ctx):
        (key,) = (name for name in inputs if name.startswith("df_"))
        ctx.log_event("mapped", places=[place for place in mapped() if place == f"spill/{key[3:]}.arrows"])
        return {"df": inputs[key]}
class Pandas(Pass): pass
class End:
    def run(self, *, step_id, config, inputs, ctx):
        ctx.log_event("mapped", places=mapped())
def mapped():
    lines = [line.split() for line in open("/proc/self/maps") if "arrows" in line]
    assert all(line[-1] == "(deleted)" for line in lines)
    return ["/".join(line[-2].split("/")[-2:]) for line in lines]
"""
STEPS = [("make", "Make"), ("arrow", "Pass", ("make",)), ("pandas", "Pandas", ("arrow",)), ("last", "Pass", ("pandas",)), ("end", "End")]  # fmt: skip


def told(worker, run):
    """The mapped files that each step saw, and everything else that the run says, without times."""
    assert run.terminal["outcome"] == "succeeded", run.terminal["error"]
    assert not any((worker.run_directory / "spill").glob("*"))
    mapped = {r["step"]: r["data"]["places"] for r in run.records if r.get("name") == "mapped"}
    complete = [{**r["data"], "duration_ms": 0} for r in run.records if r.get("name") == "step_complete"]
    return mapped, json.dumps(complete)


def test_a_run_with_and_without_spilled_tables_is_the_same(real_worker, tmp_path):
    """Digests, types and rows of every step are equal; each file goes with the last use of its table."""
    declared = {"Pandas": {"frame": "pandas"}}
    none, plain = told(real_worker, real_worker.run(SOURCE, *STEPS, declared=declared))
    other = type(real_worker)(tmp_path / "other", real_worker.bundle)
    some, spilled = told(other, other.run(SOURCE, *STEPS, declared=declared, spill_bytes=0))
    assert spilled == plain
    assert none == {"arrow": [], "pandas": [], "last": [], "end": []}
    assert some == {
        "arrow": ["spill/make.arrows"],
        "pandas": ["spill/arrow.arrows"],
        "last": ["spill/pandas.arrows"],
        "end": [],
    }
