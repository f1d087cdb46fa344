"""What drivers of other frames are given and may return."""

from __future__ import annotations

import pytest


@pytest.fixture
def real_worker(warm_real_worker):
    """What drivers are handed is asked here, and not how a process starts."""
    return warm_real_worker


TELL = """
import pyarrow as pa
class Source:
    def run(self, *, step_id, config, inputs, ctx):
        return {"df": pa.table({"a": [1, None, 3]})}
class Nothing:
    def run(self, *, step_id, config, inputs, ctx):
        return None
class Tell:
    def run(self, *, step_id, config, inputs, ctx):
        for key, value in sorted(inputs.items()):
            print(key, type(value).__module__.partition(".")[0], type(value).__name__)
        print("polars" in sys.modules)
class Arrow(Tell): pass
class Pandas(Tell): pass
class Polars(Tell): pass
"""


def test_a_driver_is_handed_the_frame_it_declares(real_worker):
    """Tables come as declared, nothing stays None, and no engine is loaded that nobody has asked for yet."""
    needs = ("source", "none")
    steps = [
        ("source", "Source"),
        ("none", "Nothing"),
        *((name.lower(), name, needs) for name in ("Arrow", "Pandas", "Polars")),
    ]
    declared = {"Arrow": {"frame": "arrow"}, "Pandas": {"frame": "pandas"}, "Polars": {"frame": "polars"}}
    run = real_worker.run(TELL, *steps, declared=declared)
    assert run.terminal["outcome"] == "succeeded", run.terminal["error"]
    none = "df_none builtins NoneType"
    whole = ["none builtins dict", "source builtins dict"]
    assert run.printed("arrow").decode().splitlines() == [none, "df_source pyarrow Table", "False"]
    assert run.printed("pandas").decode().splitlines() == [none, "df_source pandas DataFrame", *whole, "False"]
    assert run.printed("polars").decode().splitlines() == [none, "df_source polars DataFrame", "True"]


def test_frames_of_all_kinds_follow_each_other(real_worker):
    """Each driver returns what it was handed; the table that comes out has the rows and values that went in."""
    source = """
    import pyarrow as pa
    class Source:
        def run(self, *, step_id, config, inputs, ctx):
            return {"df": pa.table({"a": pa.array([2**60 + 1, None]), "b": ["x", None]})}
    class Pass:
        def run(self, *, step_id, config, inputs, ctx):
            (table,) = [value for key, value in inputs.items() if key.startswith("df_")]
            return {"df": table}
    class Pandas(Pass): pass
    class Polars(Pass): pass
    """
    run = real_worker.run(
        source,
        ("source", "Source"),
        ("pandas", "Pandas", ("source",)),
        ("polars", "Polars", ("pandas",)),
        ("arrow", "Pass", ("polars",)),
        declared={"Pandas": {"frame": "pandas"}, "Polars": {"frame": "polars"}},
    )
    assert run.terminal["outcome"] == "succeeded", run.terminal["error"]
    tables = {
        step: run.event("step_complete", step)["tables"]["df"] for step in ("source", "pandas", "polars", "arrow")
    }
    assert tables["source"]["columns"]["a"]["sum"] == 2**60 + 1
    assert all(table["columns"] == tables["source"]["columns"] for table in tables.values())
    assert all(table["ordered"] == tables["source"]["ordered"] for table in tables.values())


OSIRIS = """
import pandas as pd
class Extract:
    def run(self, *, step_id, config, inputs, ctx):
        ctx.log(f"[{step_id}] starting")
        ctx.log("no more pages", level="error")
        if hasattr(ctx, "log_event"):
            ctx.log_event("extraction.start", {"pages": 1})
        if hasattr(ctx, "log_metric"):
            ctx.log_metric("rows_read", 2, tags={"step": step_id})
        return {"df": pd.DataFrame({"a": [1, 2]}, index=[7, 8]), "state": {"last": "2026-01-02", "seen": [1, 2]}}
class Use:
    def run(self, *, step_id, config, inputs=None, ctx=None):
        whole = inputs["extract-it"]
        print(whole["state"], whole["df"] is inputs["df_extract_it"])
        whole["state"]["seen"].append(3)
        return {}
"""


def test_osiris_own_drivers_find_what_they_use(real_worker):
    """Metrics with `tags`, events with a dict, `ctx.log`; the whole result of an upstream beside its frame."""
    pandas = {"frame": "pandas"}
    run = real_worker.run(
        OSIRIS,
        ("extract-it", "Extract"),
        ("use", "Use", ("extract-it",)),
        ("again", "Use", ("extract-it",)),
        declared={"Extract": pandas, "Use": pandas},
    )
    assert run.terminal["outcome"] == "succeeded", run.terminal["error"]
    assert run.logged("extract-it") == [
        "INFO osiris.extract-it [extract-it] starting",
        "ERROR osiris.extract-it no more pages",
    ]
    assert run.event("extraction.start", "extract-it") == {"pages": 1}
    (metric,) = [record for record in run.of_kind("metric") if record["name"] == "rows_read"]
    assert metric["tags"] == {"step": "extract-it"}
    told = b"{'last': '2026-01-02', 'seen': [1, 2]} True\n"
    assert (run.printed("use"), run.printed("again")) == (told, told)
    complete = run.event("step_complete", "extract-it")
    assert complete.keys() == {"rows", "tables", "values", "duration_ms"}
    assert complete["values"] == {"state": {"last": "2026-01-02", "seen": [1, 2]}}
    assert run.event("step_complete", "use").keys() == {"rows", "tables", "duration_ms"}


NO_JSON = "Object of type bytes is not JSON serializable"


def test_what_could_not_be_compared_is_refused(real_worker):
    """A result's further keys are recorded and compared, or the step fails: nothing is overlooked."""
    source = """
    class Odd:
        def run(self, *, step_id, config, inputs, ctx):
            return {"arrow": {"state": {}}, "bytes": {"other": b""}, "number": {1: 2}}[step_id]
    class Pandas(Odd): pass
    """
    steps = [("arrow", "Odd"), ("bytes", "Pandas"), ("number", "Pandas")]
    run = real_worker.run(source, *steps, declared={"Pandas": {"frame": "pandas"}}, on_failure="continue")
    failed = {step: run.event("step_failed", step) for step, _ in steps}
    assert {step: each["message"] for step, each in failed.items()} == {
        "arrow": "a driver returns its table as 'df'; this one returned also state",
        "bytes": "a driver returns its table as 'df', and beside it only what JSON can say; 'other' is bytes: "
        + NO_JSON,
        "number": "a driver's result has texts as keys, not 1",
    }
    assert {each["error_type"] for each in failed.values()} == {"TypeError"}


def test_a_class_that_cannot_be_had_fails_the_step_in_its_own_words(real_worker):
    """Import errors, missing names, and errors in the module or the constructor are the step's failure."""
    (real_worker.code / "broken.py").write_text("1 / 0\n")
    source = """
    class Demanding:
        def __init__(self, what): pass
    """
    targets = {
        "absent": "not_there:Driver",
        "nameless": "toys:Absent",
        "broken": "broken:Driver",
        "greedy": "toys:Demanding",
    }
    declared = {name: {"target": target} for name, target in targets.items()}
    run = real_worker.run(source, *((name, name) for name in targets), declared=declared, on_failure="continue")
    failed = {name: run.event("step_failed", name) for name in targets}
    assert run.terminal["failed_step"] == "absent"
    assert {name: (each["error_type"], each["message"]) for name, each in failed.items()} == {
        "absent": ("ModuleNotFoundError", "No module named 'not_there'"),
        "nameless": ("AttributeError", "module 'toys' has no attribute 'Absent'"),
        "broken": ("ZeroDivisionError", "division by zero"),
        "greedy": ("TypeError", "Demanding.__init__() missing 1 required positional argument: 'what'"),
    }


def test_a_frame_that_is_not_installed_fails_the_step_that_asks_for_it(real_worker):
    """A missing engine is the step's failure, in the words of the import system."""
    (real_worker.code / "polars.py").write_text("raise ImportError('no polars here')\n")
    steps = [("source", "Source"), ("tell", "Tell", ("source",))]
    run = real_worker.run(TELL, *steps, declared={"Tell": {"frame": "polars"}})
    assert run.state("source") == ("succeeded", None, None)
    assert run.terminal["failed_step"] == "tell"
    assert run.terminal["error"]["message"] == "no polars here"
    assert run.events("tell")[:2] == ["step_start", "inputs_resolved"]


def test_a_driver_may_change_its_config_without_changing_the_next_ones(worker):
    """Every step gets a config of its own."""
    source = "def change(config, inputs, ctx): config['list'].append(1); print(config)"
    shared = {"list": []}
    run = worker.run(source, ("one", "change", (), shared), ("two", "change", (), shared))
    assert run.printed("one") == run.printed("two") == b"{'list': [1]}\n"
