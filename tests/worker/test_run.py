"""A run from hello to terminal."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import sys
from pathlib import Path

import pytest

from tests.worker.conftest import Worker

LINEAR = """
def source(config, inputs, ctx):
    ctx.log_metric("rows_read", 3)
    ctx.logger.info("three rows")
    print("reading")
    return {"df": [1, 2, 3]}

def write(config, inputs, ctx):
    (ctx.output_dir / "out.txt").write_text(str(sum(inputs["df_read_it"])))
    return {}
"""
STEPS = [("read-it", "source"), ("write", "write", ("read-it",))]


@pytest.fixture(scope="module")
def linear_worker(tmp_path_factory, bundle):
    """The worker of the finished run."""
    return Worker(tmp_path_factory.mktemp("linear"), bundle)


@pytest.fixture(scope="module")
def linear(linear_worker):
    """A finished run of two steps, which is only looked at."""
    run = linear_worker.run(LINEAR, *STEPS)
    assert (run.exit_code, run.stderr) == (0, b"")
    return run


def test_events_stand_in_the_documented_order(linear):
    """Hello, run start, the events of each step, one final event."""
    assert linear.records[0]["kind"] == "hello"
    assert linear.events() == [
        "run_start",
        "step_start",
        "step_complete",
        "step_start",
        "inputs_resolved",
        "artifact_created",
        "step_complete",
        "run_complete",
    ]


def test_events_carry_the_documented_data(linear):
    """Each event has exactly its keys; what varies is a duration."""
    run_start = {
        "pipeline_id": "toy",
        "manifest_fingerprint": "f" * 64,
        "steps": 2,
        "logical_now": "2026-01-02T03:04:05.000006Z",
        "seed": 7,
    }
    assert linear.event("run_start") == run_start
    assert linear.event("step_start", "write") == {"driver": "toys:write", "needs": ["read-it"]}
    assert linear.event("inputs_resolved", "write") == {"key": "df_read_it", "from_step": "read-it", "rows": 3}
    complete = linear.event("step_complete", "read-it")
    assert complete.pop("duration_ms") > 0
    table = {"rows": 3, "schema": [], "ordered": "", "unordered": "", "columns": {}}
    assert complete == {"rows": 3, "tables": {"df": table}}
    assert linear.event("step_complete", "write").keys() == {"rows", "tables", "duration_ms"}
    assert linear.event("run_complete").keys() == {"steps_succeeded", "duration_ms"}


def test_the_run_starts_with_the_hello(linear):
    """`run_start` has the time of the executor's hello, not of the moment at which the supervisor read it."""
    (start,) = [record for record in linear.of_kind("event") if record["name"] == "run_start"]
    assert start["ts"] == linear.hello["ts"]


def test_the_terminal_record_accounts_for_everything(linear):
    """Its counts, digest and artifact root are those of the spool, computed here from their definitions."""
    terminal = linear.terminal
    assert terminal["outcome"] == "succeeded"
    assert terminal["failed_step"] is None
    assert terminal["error"] is None
    assert terminal["steps"] == [
        {"id": "read-it", "state": "succeeded", "reason": None, "cause": None},
        {"id": "write", "state": "succeeded", "reason": None, "cause": None},
    ]
    assert terminal["frames"] == len(linear.payloads) - 1
    assert terminal["digest"] == linear.digest_before(terminal["frames"])
    assert terminal["counts"] == {
        "artifact": 1,
        "checkpoint": 3,
        "event": 8,
        "hello": 1,
        "log": 1,
        "metric": 3,
        "stdio": 1,
    }
    row = ["write/out.txt", 1, False, hashlib.sha256(b"6").hexdigest()]
    assert terminal["artifact_root"] == hashlib.sha256(json.dumps([row], separators=(",", ":")).encode()).hexdigest()
    assert (terminal["artifacts"], terminal["stray_bytes"]) == (1, 0)


def test_a_checkpoint_states_what_came_before_it(linear):
    """Sequence, offset and digest of a checkpoint are those of the frames before its own."""
    checkpoints = linear.of_kind("checkpoint")
    assert checkpoints
    for checkpoint in checkpoints:
        assert checkpoint["offset"] == sum(len(line) for line in linear.lines[: checkpoint["seq"]])
        assert checkpoint["digest"] == linear.digest_before(checkpoint["seq"])
        assert json.loads(linear.payloads[checkpoint["seq"]]) == checkpoint


def test_checkpoints_come_every_so_many_records(warm_worker):
    """With `checkpoint_every` 10, no more than 10 frames stand between two checkpoints."""
    run = warm_worker.run(
        "def many(config, inputs, ctx):\n  for n in range(95): ctx.log_metric('n', n)", "many", checkpoint_every=10
    )
    places = [checkpoint["seq"] for checkpoint in run.of_kind("checkpoint")]
    assert len(places) >= 10
    assert max(after - before for before, after in itertools.pairwise(places)) <= 11


def test_stdout_is_the_spool(linear):
    """A reader that keeps up gets every frame of the spool and nothing else."""
    assert linear.stdout == linear.spool


def test_status_is_written_at_the_end(linear):
    """`status.json` says how it ended and how much was written."""
    status = json.loads((linear.directory / "status.json").read_text())
    assert status == {
        "outcome": "succeeded",
        "session": "20260102T030405Z-00000001",
        "epoch": 0,
        "frames": len(linear.lines),
        "spool_bytes": len(linear.spool),
    }


def test_hello_names_the_request_and_the_bundle(linear_worker, linear):
    """The digests in hello are those of the files the host sent; the nonce is fresh."""
    hello = linear.hello
    assert hello["protocol"] == 1
    assert hello["session"] == "20260102T030405Z-00000001"
    assert hello["request_digest"] == hashlib.sha256((linear.directory / "request.json").read_bytes()).hexdigest()
    assert hello["bundle_digest"] == hashlib.sha256(linear_worker.bundle.read_bytes()).hexdigest()
    assert len(bytes.fromhex(hello["nonce"])) == 16
    assert hello["pid_namespace"] == Path("/proc/self/ns/pid").stat().st_ino
    assert hello["supervisor_pid"] == linear_worker.process.pid


def test_hello_describes_the_executors_world(linear_worker, linear):
    """Roots and environment are those of this machine, of the variables only the names."""
    roots, environment = linear.hello["roots"], linear.hello["environment"]
    assert roots.keys() == {"project", "work", "output", "temporary", "home", "prefix", "site", "bundle"}
    assert roots["project"] == str(linear_worker.project)
    assert roots["prefix"] == sys.prefix
    assert roots["site"]
    assert environment["python"] == "{}.{}.{}".format(*sys.version_info[:3])
    assert environment["cwd"] == str(linear_worker.project)
    assert environment["umask"] == "0022"
    assert environment["affinity_cpus"] == len(os.sched_getaffinity(0))
    assert environment["distributions"]["msgspec"]
    assert "PATH" in environment["variables"]
    assert os.environ["PATH"] not in json.dumps(linear.hello)


def test_two_runs_have_two_nonces(worker, linear):
    """The nonce tells two processes apart that did the same."""
    second = worker.run(LINEAR, *STEPS)
    assert second.hello["nonce"] != linear.hello["nonce"]
    assert second.terminal["artifact_root"] == linear.terminal["artifact_root"]


def test_a_forked_run_records_what_a_started_one_does(warm_worker, linear):
    """So the tests that ask what is recorded may have their runs forked."""
    warm = warm_worker.run(LINEAR, *STEPS)
    assert (warm.exit_code, warm.stderr) == (0, b"")
    assert [facts(each) for each in warm.records] == [facts(each) for each in linear.records]
    assert (warm.hello["supervisor_pid"], warm.hello["pid"]) != (linear.hello["supervisor_pid"], linear.hello["pid"])


def facts(record):
    """What of a record does not depend on when, where and by which process it was made."""
    volatile = {"ts", "digest", "offset", "nonce", "pid", "supervisor_pid", "roots", "environment", "request_digest"}
    data = record.get("data")
    if record.get("volatile"):
        volatile.add("value")
    if isinstance(data, dict):
        data = {key: value for key, value in data.items() if not key.endswith("_ms")}
    return {key: value for key, value in record.items() if key not in volatile} | {"data": data}


def test_inputs_are_named_for_every_need(warm_worker):
    """Every upstream arrives as `df_<sanitized id>`; one without a table as None, with rows null."""
    source = """
    def table(config, inputs, ctx): return {"df": [1, 2]}
    def none(config, inputs, ctx): pass
    def sink(config, inputs, ctx):
        print(sorted(inputs.items()))
    """
    run = warm_worker.run(source, ("a-b", "table"), ("c_d", "none"), ("sink", "sink", ("a-b", "c_d")))
    assert run.printed("sink") == b"[('df_a_b', [1, 2]), ('df_c_d', None)]\n"
    resolved = [r["data"] for r in run.records if r.get("name") == "inputs_resolved"]
    assert resolved == [
        {"key": "df_a_b", "from_step": "a-b", "rows": 2},
        {"key": "df_c_d", "from_step": "c_d", "rows": None},
    ]


def test_the_context_is_the_requests(warm_worker):
    """Logical time, seed and session come from the request; the generator depends on seed and step alone."""
    source = """
    def tell(config, inputs, ctx):
        print(ctx.session_id, ctx.step_id, ctx.now.isoformat(), ctx.seed, config["x"])
        print([ctx.rng.randrange(100) for _ in range(3)])
    """
    run = warm_worker.run(source, ("one", "tell", (), {"x": 1}), ("two", "tell", (), {"x": 2}))
    first, second = run.printed("one").decode().splitlines(), run.printed("two").decode().splitlines()
    assert first[0] == "20260102T030405Z-00000001 one 2026-01-02T03:04:05.000006+00:00 7 1"
    assert first[1] != second[1]
    assert first[1] == "[95, 39, 5]"  # random.Random("7:one"), drawn by another interpreter


def test_the_global_generators_are_left_alone(worker):
    """The worker does not seed `random`: two processes draw different numbers."""
    source = "import random\ndef draw(config, inputs, ctx): print(random.random(), random.random())"
    run = worker.run(source, "draw")
    again = type(worker)(worker.project.parent / "again", worker.bundle).run(source, "draw")
    assert run.printed("draw") != again.printed("draw")


def test_tables_are_let_go_after_their_last_use(warm_worker):
    """A table that no later step needs is freed; one that is needed stays."""
    source = """
    import gc, weakref
    class Table(list): pass
    seen = {}
    def make(config, inputs, ctx):
        table = Table([1]); seen[ctx.step_id] = weakref.ref(table)
        return {"df": table}
    def look(config, inputs, ctx):
        gc.collect(); print({name: ref() is not None for name, ref in sorted(seen.items())})
    """
    run = warm_worker.run(
        source, ("a", "make"), ("b", "make"), ("use", "look", ("a",)), ("after", "look"), ("last", "look", ("b",))
    )
    assert run.printed("use") == b"{'a': True, 'b': True}\n"
    assert run.printed("after") == b"{'a': False, 'b': True}\n"


def test_a_long_record_travels_in_parts(warm_worker):
    """A record beyond one line is cut into parts that add up to it, and counted once by its own kind.

    Escaped twice it has 600,000 characters: 19 slices of 32,448.
    """
    source = """
    def long(config, inputs, ctx):
        ctx.logger.warning('"\\\\' * 100_000)
        ctx.log_metric("after", 1)
    """
    run = warm_worker.run(source, "long")
    assert run.logged("long") == ["WARNING osiris.long " + '"\\\\' * 100_000]
    assert run.terminal["counts"]["log"] == 1
    assert run.terminal["counts"]["part"] == sum(b'"kind":"part"' in payload for payload in run.payloads) == 19
    assert run.terminal["digest"] == run.digest_before(run.terminal["frames"])


def test_code_directories_come_before_everything_but_the_bundle(worker):
    """`sys.path` starts with the bundle and the code; the work directory is not on it, and no user site."""
    source = "def path(config, inputs, ctx): print(sys.path[:2], os.getcwd() in sys.path, '' in sys.path, sys.flags.no_user_site)"
    run = worker.run(source, "path")
    assert run.printed("path").decode() == f"{[str(worker.bundle), str(worker.code)]} False False 1\n"


def test_a_run_without_steps_of_output_has_no_strays(linear):
    """Nothing is printed outside the steps by the worker itself."""
    assert linear.terminal["stray_bytes"] == 0
