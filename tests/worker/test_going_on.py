"""`on_failure: continue`: a failed step costs the steps that need it, and no other."""

from __future__ import annotations

import pytest


@pytest.fixture
def worker(warm_worker):
    """What a failure costs is asked here, and not how a process starts."""
    return warm_worker


SOURCE = """
def table(config, inputs, ctx): return {"df": [1]}
def fail(config, inputs, ctx):
    (ctx.output_dir / "half.txt").write_text("x")
    raise ValueError(ctx.step_id)
def write(config, inputs, ctx): (ctx.output_dir / "out.txt").write_text(str(sorted(inputs)))
def crash(config, inputs, ctx): os._exit(3)
"""
STEPS = [
    ("source", "table"),
    ("broken", "fail", ("source",)),
    ("needs-broken", "write", ("broken", "source")),
    ("needs-skipped", "write", ("needs-broken",)),
    ("other", "write", ("source",)),
    ("broken-too", "fail", ("other",)),
    ("needs-both", "write", ("broken-too", "needs-broken")),
    ("needs-second", "write", ("broken-too",)),
    ("last", "write", ("other",)),
]


@pytest.fixture
def run(worker):
    """A finished run with two failures in it."""
    return worker.run(SOURCE, *STEPS, on_failure="continue")


def test_all_steps_run_that_need_no_failed_one(run):
    """The outcome is `failed`, by the first failure; every other step has run or says which failure it waits for."""
    assert run.terminal["outcome"] == "failed"
    assert run.terminal["failed_step"] == "broken"
    assert (run.terminal["error"]["type"], run.terminal["error"]["message"]) == ("ValueError", "broken")
    assert [(each["id"], each["state"], each["reason"], each["cause"]) for each in run.terminal["steps"]] == [
        ("source", "succeeded", None, None),
        ("broken", "failed", None, None),
        ("needs-broken", "skipped", "upstream-failed", "broken"),
        ("needs-skipped", "skipped", "upstream-failed", "broken"),
        ("other", "succeeded", None, None),
        ("broken-too", "failed", None, None),
        ("needs-both", "skipped", "upstream-failed", "broken"),
        ("needs-second", "skipped", "upstream-failed", "broken-too"),
        ("last", "succeeded", None, None),
    ]


def test_every_step_has_one_end(run):
    """One start and one end, or one skip; the skips stand before the final event, in order of execution."""
    for step in ("source", "broken", "other", "broken-too", "last"):
        assert run.events(step)[0] == "step_start"
        assert sum(name in ("step_complete", "step_failed") for name in run.events(step)) == 1
    for step in ("needs-broken", "needs-skipped", "needs-both", "needs-second"):
        assert run.events(step) == ["step_skipped"]
    skipped = [record["step"] for record in run.records if record.get("name") == "step_skipped"]
    assert skipped == ["needs-broken", "needs-skipped", "needs-both", "needs-second"]
    assert run.events()[-1] == "run_failed"
    assert run.event("run_failed")["steps_succeeded"] == 3
    assert run.event("run_failed")["failed_step"] == "broken"


def test_files_of_all_steps_are_kept(run):
    """What failed steps left is there, as what the others wrote."""
    assert [record["path"] for record in run.of_kind("artifact")] == [
        "broken/half.txt",
        "other/out.txt",
        "broken-too/half.txt",
        "last/out.txt",
    ]


def test_with_stop_nothing_runs_after_a_failure(worker):
    """The same pipeline without `continue` ends at its first failure."""
    run = worker.run(SOURCE, *STEPS)
    assert run.state("needs-broken") == ("skipped", "upstream-failed", "broken")
    assert run.state("needs-both") == ("skipped", "upstream-failed", "broken")
    assert run.state("other") == ("skipped", "run-stopped", "broken")
    assert run.state("last") == ("skipped", "run-stopped", "broken")
    assert run.event("run_failed")["steps_succeeded"] == 1


def test_a_crash_ends_the_run_all_the_same(worker):
    """Nothing can run without the executor; the first failure stays the first, and each skip names its own."""
    steps = [("broken", "fail"), ("crash", "crash"), ("a", "write", ("broken",)), ("b", "write", ("crash",)), ("c", "write")]  # fmt: skip
    run = worker.run(SOURCE, *steps, on_failure="continue")
    assert run.terminal["outcome"] == "crashed"
    assert run.terminal["failed_step"] == "broken"
    assert run.terminal["error"]["message"] == "the executor left with exit code 3 while step 'crash' ran"
    assert run.state("a") == ("skipped", "upstream-failed", "broken")
    assert run.state("b") == ("skipped", "upstream-failed", "crash")
    assert run.state("c") == ("skipped", "run-stopped", "crash")


def test_tables_are_let_go_although_the_steps_that_needed_them_were_skipped(worker):
    """A table whose last use was skipped is freed at that place, as it would have been after it."""
    source = """
    import gc, weakref
    class Table(list): pass
    seen = {}
    def make(config, inputs, ctx):
        table = Table([1]); seen[ctx.step_id] = weakref.ref(table)
        return {"df": table}
    def fail(config, inputs, ctx): raise ValueError
    def look(config, inputs, ctx):
        gc.collect(); print({name: ref() is not None for name, ref in sorted(seen.items())})
    """
    steps = [("a", "make"), ("broken", "fail"), ("before", "look"), ("use", "look", ("a", "broken")), ("after", "look")]
    run = worker.run(source, *steps, on_failure="continue")
    assert run.printed("before") == b"{'a': True}\n"
    assert run.printed("after") == b"{'a': False}\n"


def test_a_run_without_failures_is_a_success(worker):
    """`continue` changes nothing where nothing fails."""
    run = worker.run(SOURCE, ("source", "table"), ("write", "write", ("source",)), on_failure="continue")
    assert run.terminal["outcome"] == "succeeded"
