"""A step's timeout: who is interrupted, who is killed, and how the run goes on."""

from __future__ import annotations

import os
import signal
import time

import pytest

from osiris_core.worker import recorder as recorder_module
from osiris_core.worker import stop as stop_module
from osiris_core.worker.staging import read_assignment
from osiris_core.worker.stop import AttemptOverdue, StopRun, StopSignal
from osiris_core.worker.supervisor import Supervision

SOURCE = """
import signal, subprocess, threading
def wait(config, inputs, ctx): threading.Event().wait()
def swallow(config, inputs, ctx):
    try: threading.Event().wait()
    except KeyboardInterrupt: return {"df": [1]}
def tidy(config, inputs, ctx):
    try: threading.Event().wait()
    finally: (ctx.output_dir / "tidied.txt").write_text("x")
def deafen(config, inputs, ctx): signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
def quick(config, inputs, ctx): print("ran")
def child(config, inputs, ctx):
    process = subprocess.Popen(["sleep", "600"], stdout=subprocess.DEVNULL)
    try: process.wait()
    finally: print("child", process.wait(), flush=True); ctx.log_event("reaped")
"""
LATE = {"timeout_s": 0.1}
MESSAGE = "the step took longer than its timeout of 0.1 s"
DATA = {"step": "late", "timeout_s": 0.1}


@pytest.mark.parametrize("driver", ["wait", "swallow"])
def test_an_overdue_step_is_interrupted_and_has_failed(worker, driver):
    """A driver that stops when it is asked to, or returns what it has by then, fails its step; the run goes on."""
    steps = [("late", driver, (), {}, LATE), ("needs-it", "quick", ("late",), {}), ("other", "quick", (), {})]
    run = worker.run(SOURCE, *steps, on_failure="continue")
    assert run.terminal["outcome"] == "failed"
    assert run.terminal["failed_step"] == "late"
    assert run.terminal["error"] == {"type": "StepTimeout", "message": MESSAGE, "traceback": [], "data": DATA}
    assert run.event("step_failed", "late")["error_type"] == "StepTimeout"
    assert run.state("late") == ("failed", None, None)
    assert run.state("needs-it") == ("skipped", "upstream-failed", "late")
    assert run.printed("other") == b"ran\n"


def test_with_stop_the_run_ends_there(worker):
    """Without `continue` an overdue step is a failure like any other."""
    run = worker.run(SOURCE, ("late", "wait", (), {}, LATE), ("other", "quick", (), {}))
    assert run.terminal["outcome"] == "failed"
    assert run.state("other") == ("skipped", "run-stopped", "late")


@pytest.mark.parametrize("on_failure", ["stop", "continue"])
def test_a_step_that_does_not_stop_ends_the_run(worker, on_failure):
    """With its executor killed nothing else can run: the outcome is `deadline`, and the step is named."""
    steps = [
        ("deafen", "deafen", (), {}),
        ("late", "wait", ("deafen",), {}, LATE),
        ("needs-it", "quick", ("late",), {}),
        ("other", "quick", (), {}),
    ]
    run = worker.run(SOURCE, *steps, on_failure=on_failure, cancel_grace_s=0.1)
    assert run.exit_code == 0
    assert run.terminal["outcome"] == "deadline"
    assert run.terminal["failed_step"] == "late"
    message = f"{MESSAGE}, and did not stop when it was asked to"
    assert run.terminal["error"] == {"type": "StepTimeout", "message": message, "traceback": [], "data": DATA}
    assert run.state("late") == ("failed", None, None)
    assert run.state("needs-it") == ("skipped", "upstream-failed", "late")
    assert run.state("other") == ("skipped", "deadline", "late")
    assert run.events("late") == ["step_start", "inputs_resolved", "step_failed"]
    assert run.event("run_failed")["failed_step"] == "late"


def test_every_attempt_has_its_own_time_and_tidies_up(worker):
    """An overdue attempt without effect is repeated; one that left something while it tidied up is not.

    However slow the machine is, one of the attempts gets as far as the driver's `try`.
    """
    run = worker.run(SOURCE, ("late", "tidy", (), {}, {"timeout_s": 0.05, "retries": 100}))
    refused = run.event("retry_refused", "late")
    assert refused["reason"] == "it has left files"
    assert run.events("late").count("step_retried") == refused["attempt"] - 1
    assert [record["path"] for record in run.of_kind("artifact")] == ["late/tidied.txt"]
    assert run.terminal["error"]["message"] == "the step took longer than its timeout of 0.05 s"


def test_a_child_of_an_overdue_step_is_told_too(worker):
    """SIGTERM reaches what the driver started; without it this driver would wait for its child until it is killed."""
    run = worker.run(SOURCE, ("late", "child", (), {}, {"timeout_s": 0.1, "retries": 100}))
    assert run.terminal["error"]["type"] == "StepTimeout"
    assert run.printed("late").endswith(b"child -15\n")


def test_a_timeout_that_is_not_reached_changes_nothing(worker):
    """Neither in the records nor for the step after it."""
    run = worker.run(SOURCE, ("a", "quick", (), {}, {"timeout_s": 60.0}), ("b", "quick", (), {}, {"timeout_s": 60.0}))
    assert run.terminal["outcome"] == "succeeded"
    assert run.events("a") == ["step_start", "step_complete"]


def test_the_runs_own_deadline_comes_first(worker):
    """A step's longer timeout does not hold the run's; the step that ran is then cancelled, not failed."""
    run = worker.run(SOURCE, ("late", "wait", (), {}, {"timeout_s": 60.0}), timeout_s=0.1)
    assert run.terminal["outcome"] == "deadline"
    assert run.terminal["error"]["type"] == "DeadlineExceeded"


class Orders:
    """What the supervisor has told."""

    def __init__(self, *lines):
        """Hold the lines that are pending."""
        self.lines = list(lines)

    def pending(self):
        """Give each line once."""
        told, self.lines = self.lines, []
        return told


class Writing:
    """A channel, in or out of a message."""

    writer = None
    postponed = None


@pytest.fixture
def calls(monkeypatch):
    """What is done to signals and processes: noted, and not done."""
    noted = []
    monkeypatch.setattr(stop_module.signal, "signal", lambda *given: noted.append(given))
    monkeypatch.setattr(stop_module.os, "killpg", lambda *given: noted.append(given))
    return noted


def test_an_attempt_that_has_ended_is_not_interrupted(calls):
    """An order that comes late, or is about another attempt, interrupts nobody, and no child of the next step."""
    orders = Orders(b"TIMEOUT 1")
    stop = StopSignal(Writing(), orders)
    assert stop.begin_attempt() == 1
    assert stop.end_attempt() is False
    stop._handle(15, None)
    stop.begin_attempt()
    orders.lines = [b"TIMEOUT 1"]
    stop._handle(15, None)
    assert stop.end_attempt() is False
    assert calls == []


def test_an_order_for_the_running_attempt_interrupts_it(calls):
    """Once; and its children are told."""
    stop = StopSignal(Writing(), Orders(b"TIMEOUT 1"))
    stop.begin_attempt()
    with pytest.raises(AttemptOverdue):
        stop._handle(15, None)
    assert stop.end_attempt() is True
    assert (0, 15) in calls
    stop.check()


@pytest.mark.parametrize("lines", [(), (b"STOP",), (b"TIMEOUT 1", b"STOP")])
def test_a_signal_without_an_order_or_with_another_ends_the_run(calls, lines):
    """Whoever sent it; the end of the run goes before the end of an attempt."""
    stop = StopSignal(Writing(), Orders(*lines))
    stop.begin_attempt()
    with pytest.raises(StopRun):
        stop._handle(15, None)
    with pytest.raises(StopRun):
        stop.check()


def test_no_message_is_torn(calls):
    """Inside a message the interruption waits for its end, and is void when the attempt has ended by then."""
    import threading

    channel = Writing()
    stop = StopSignal(channel, Orders(b"TIMEOUT 1"))
    stop.begin_attempt()
    channel.writer = threading.get_ident()
    stop._handle(15, None)
    with pytest.raises(AttemptOverdue):
        channel.postponed()
    stop.end_attempt()
    channel.postponed()


class Executor:
    """An executor that only remembers what was done to it."""

    def __init__(self):
        """Nothing was done yet."""
        self.done = []

    def interrupt(self, number):
        """Note the interruption of an attempt."""
        self.done.append(("interrupt", number))

    def signal(self, number):
        """Note a signal."""
        self.done.append(("signal", number))

    def stop(self):
        """Note the end of the run."""
        self.done.append("stop")


@pytest.fixture
def supervision(worker, monkeypatch):
    """The supervision of a run whose step may take 60 s, with 60 s of grace; its clock is read, and never waited for."""
    worker.prepare("", [("one", "one", (), {}, {"timeout_s": 60.0})])
    descriptor = os.open(os.devnull, os.O_WRONLY)
    monkeypatch.setattr(recorder_module, "_STDOUT", descriptor)
    made = Supervision(read_assignment(worker.run_directory), Executor(), None)
    yield made
    made._recorder.spool.close()
    os.close(descriptor)


def test_the_grace_of_an_attempt_ends_with_it(supervision):
    """An attempt that ended in time leaves no kill behind for the one after it, which has a time of its own."""
    ledger, executor = supervision._recorder.ledger, supervision._executor
    ledger.begin_attempt("one", 1, started=time.monotonic() - 61)
    supervision._check_clock()
    assert executor.done == [("interrupt", 1)]
    ledger.end_attempt()
    ledger.begin_attempt("one", 2, started=time.monotonic())
    supervision._kill_due = time.monotonic() - 1  # the first attempt's grace is over by now
    supervision._check_clock()
    assert executor.done == [("interrupt", 1)]
    assert supervision._patience_s() > 0


def test_an_attempt_that_outlives_its_grace_is_killed_once(supervision):
    """And it is not interrupted a second time."""
    ledger, executor = supervision._recorder.ledger, supervision._executor
    ledger.begin_attempt("one", 1, started=time.monotonic() - 61)
    supervision._check_clock()
    supervision._check_clock()
    supervision._kill_due = time.monotonic() - 1
    supervision._check_clock()
    supervision._check_clock()
    assert executor.done == [("interrupt", 1), ("signal", signal.SIGKILL)]


def test_the_end_of_the_run_goes_before_the_end_of_an_attempt(supervision):
    """A run that is stopped interrupts no attempt any more, and keeps its own grace when the attempt ends."""
    ledger, executor = supervision._recorder.ledger, supervision._executor
    ledger.begin_attempt("one", 1, started=time.monotonic() - 61)
    supervision._check_clock()
    supervision._stop("cancelled")
    ledger.end_attempt()
    supervision._check_clock()
    assert executor.done == [("interrupt", 1), "stop"]
    assert supervision._kill_due is not None


@pytest.mark.parametrize("skew_s", [3600, -3600, 86_400 * 366])
def test_a_wall_clock_that_jumps_has_no_effect(supervision, monkeypatch, skew_s):
    """Deadlines go by the monotonic clock and order by number: an hour forth or back ends nothing and moves no record."""
    ledger, recorder = supervision._recorder.ledger, supervision._recorder
    ledger.begin_attempt("one", 1, started=time.monotonic())
    recorder.start_run()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + skew_s)
    monkeypatch.setattr(recorder_module.records, "timestamp", lambda: "1999-12-31T23:59:59.000000Z")
    supervision._check_clock()
    recorder.on_output("one", b"later")
    recorder.flush()
    assert supervision._executor.done == []
    assert 0 < supervision._patience_s() <= 60
    spool = (supervision._assignment.spool / "00000000.os1").read_bytes().splitlines()
    assert [line.split(b" ")[3] for line in spool] == [b"0", b"1"]
    assert b'"ts":"1999' in spool[1]
