"""Cancellation, the deadline, and what the supervisor is told."""

from __future__ import annotations

import signal
import subprocess

import pytest

WAITING = """
import threading
def first(config, inputs, ctx): return {"df": [1]}
def wait(config, inputs, ctx):
    (ctx.output_dir / "begun.txt").write_text("x")
    try:
        ctx.log_metric("ready", 1)
        threading.Event().wait()
    finally:
        ctx.logger.info("tidied")
        print("tidied up")
def never(config, inputs, ctx): pass
"""
STEPS = [
    ("first", "first", (), {}),
    ("wait", "wait", ("first",), {}),
    ("later", "never", ("wait",), {}),
    ("other", "never", (), {}),
]


def start_waiting(worker, *, stdin=subprocess.DEVNULL, source=WAITING, steps=STEPS, **options):
    """Start a run and return once its driver waits.

    A driver says that it is ready inside the `try` that it is interrupted in: the signal may come right behind the word.
    """
    worker.prepare(source, steps, **options)
    process = worker.start(stdin=stdin)
    worker.wait_for_metrics("ready")
    return process


def assert_cancelled(run):
    """The run says that it was cancelled in step `wait`, completely."""
    assert run.exit_code == 0
    terminal = run.terminal
    assert terminal["outcome"] == "cancelled"
    assert terminal["failed_step"] is None
    assert terminal["error"]["message"] == "the run was cancelled while step 'wait' ran"
    assert run.state("first") == ("succeeded", None, None)
    assert run.state("wait") == ("cancelled", None, None)
    assert run.state("later") == ("skipped", "cancelled", "wait")
    assert run.state("other") == ("skipped", "cancelled", "wait")
    assert run.events("wait")[-2:] == ["artifact_created", "step_failed"]
    assert run.event("step_failed", "wait")["error_type"] == "RunCancelled"
    assert run.events()[-1] == "run_cancelled"
    assert run.event("run_cancelled").keys() == {"duration_ms"}


def test_a_line_on_stdin_cancels_and_the_driver_may_tidy_up(worker):
    """`CANCEL` interrupts the driver; what it logs and prints while it tidies up is kept."""
    process = start_waiting(worker, stdin=subprocess.PIPE)
    process.stdin.write(b"{}\nACK 3\nCANCEL\n")
    process.stdin.flush()
    run = worker.finish()
    assert_cancelled(run)
    assert run.logged("wait") == ["INFO osiris.wait tidied"]
    assert run.printed("wait") == b"tidied up\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_supervisor_cancels(worker, number):
    """SIGTERM and SIGINT do what `CANCEL` does."""
    start_waiting(worker).send_signal(number)
    assert_cancelled(worker.finish())


def test_the_end_of_stdin_cancels_where_that_is_asked_for(worker):
    """With `stdin_end_cancels` a host that went away ends the run."""
    process = start_waiting(worker, stdin=subprocess.PIPE, stdin_end_cancels=True)
    process.stdin.close()
    process.stdin = None
    assert_cancelled(worker.finish())


def test_the_end_of_stdin_means_nothing_otherwise(worker):
    """Without it, a run whose stdin has ended goes on."""
    run = worker.run("def work(config, inputs, ctx): pass", "work", stdin_end_cancels=False)
    assert run.terminal["outcome"] == "succeeded"


def test_a_driver_that_does_not_stop_is_killed(worker):
    """A driver that ignores the interruption is killed after its grace, and says nothing more."""
    source = """
    import threading
    def wait(config, inputs, ctx):
        while True:
            try:
                ctx.log_metric("ready", 1)
                threading.Event().wait()
            except BaseException: ctx.logger.warning("no")
    """
    process = start_waiting(
        worker, source=source, steps=[("wait", "wait", (), {})], stdin=subprocess.PIPE, cancel_grace_s=0.1
    )
    process.stdin.write(b"CANCEL\n")
    process.stdin.flush()
    run = worker.finish()
    assert run.terminal["outcome"] == "cancelled"
    assert run.state("wait") == ("cancelled", None, None)


def test_a_driver_that_swallows_the_interruption_starts_no_other_step(worker):
    """A step that returns in spite of it has succeeded; the next one does not start."""
    source = """
    import threading
    def wait(config, inputs, ctx):
        try:
            ctx.log_metric("ready", 1)
            threading.Event().wait()
        except KeyboardInterrupt: pass
    def never(config, inputs, ctx): pass
    """
    steps = [("wait", "wait", (), {}), ("later", "never", (), {})]
    start_waiting(worker, source=source, steps=steps).send_signal(signal.SIGTERM)
    run = worker.finish()
    assert run.terminal["outcome"] == "cancelled"
    assert run.state("wait") == ("succeeded", None, None)
    assert run.state("later") == ("skipped", "cancelled", None)


def test_an_interruption_tears_no_message(worker):
    """A signal that finds the driver inside a record waits until the record is whole."""
    source = """
    def wait(config, inputs, ctx):
        ctx.log_metric("ready", 1)
        while True: ctx.log_event("filler", text="x" * 300_000)
    """
    process = start_waiting(worker, source=source, steps=[("wait", "wait", (), {})], stdin=subprocess.PIPE)
    process.stdin.write(b"CANCEL\n")
    process.stdin.flush()
    run = worker.finish()
    assert run.terminal["outcome"] == "cancelled"
    texts = {record["data"]["text"] for record in run.records if record.get("name") == "filler"}
    assert texts <= {"x" * 300_000}


def test_the_deadline_ends_the_run(worker):
    """A run that takes longer than its timeout has the outcome `deadline` and names the step it was in."""
    worker.prepare(WAITING, STEPS, timeout_s=0.3)
    worker.start()
    run = worker.finish()
    assert run.terminal["outcome"] == "deadline"
    assert run.terminal["error"]["type"] == "DeadlineExceeded"
    assert "0.3 s" in run.terminal["error"]["message"]
    assert run.terminal["error"]["data"]["timeout_s"] == 0.3
    assert {run.state(step)[0] for step in ("later", "other")} == {"skipped"}
    assert {run.state(step)[1] for step in ("later", "other")} == {"deadline"}
    assert run.events()[-1] == "run_failed"
    assert run.event("run_failed")["error_type"] == "DeadlineExceeded"


def test_a_run_within_its_deadline_succeeds(worker):
    """A timeout that is not reached changes nothing."""
    run = worker.run("def work(config, inputs, ctx): pass", "work", timeout_s=200.0)
    assert run.terminal["outcome"] == "succeeded"


def test_a_reader_that_is_away_costs_nothing(worker):
    """With nobody reading stdout the run ends, and the spool has everything; what stdout has are whole frames."""
    source = "def much(config, inputs, ctx):\n  for n in range(3000): ctx.log_metric('n', n, note='x' * 50)"
    worker.prepare(source, [("much", "much", (), {})])
    process = worker.start()
    process.wait(timeout=200)
    run = worker.finish()
    assert run.terminal["outcome"] == "succeeded"
    assert [r["value"] for r in run.of_kind("metric")][:-1] == list(range(3000))
    received = run.stdout.splitlines(keepends=True)
    assert 0 < len(received) < len(run.lines)
    assert [line for line in received if line not in set(run.lines)] in ([], received[-1:])


def test_a_reader_that_went_away_costs_nothing(worker):
    """With stdout closed by its reader the run succeeds all the same."""
    source = "def much(config, inputs, ctx):\n  for n in range(3000): ctx.log_metric('n', n)"
    worker.prepare(source, [("much", "much", (), {})])
    process = worker.start()
    process.stdout.close()
    process.stdout = None
    assert worker.finish().terminal["outcome"] == "succeeded"
