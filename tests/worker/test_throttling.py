"""The spool's cap: below it nobody waits for the host; at it the run does, and still ends as it must."""

from __future__ import annotations

import subprocess

import pytest

SEGMENT = 16_384
CAP = 4 * SEGMENT
SPARE = 4 << 20
FLOOD = """
import signal
def flood(config, inputs, ctx):
    for n in range(2000): ctx.log_event("filler", n=n, text="x" * 500)
def tidy(config, inputs, ctx):
    try:
        while True: ctx.log_event("filler", text="x" * 500)
    finally:
        ctx.log_event("tidied")
def loud(config, inputs, ctx):
    while True: os.write(1, b"x" * 4096)
def deaf(config, inputs, ctx):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    loud(config, inputs, ctx)
"""


class Host:
    """Reads what a worker prints, and copies and acknowledges its spool when it is asked to."""

    def __init__(self, worker, driver, **options):
        """Start a run of one step with a small cap."""
        worker.prepare(
            FLOOD,
            [("one", driver, (), {}, options.pop("step", {}))],
            **{"segment_bytes": SEGMENT, "spool_cap_bytes": CAP, "heartbeat_s": 0.02, **options},
        )
        self.worker = worker
        self.process = worker.start(stdin=subprocess.PIPE)
        self.copy = b""
        self._held = b""

    def beats(self):
        """Yield the offset that each heartbeat tells, until the worker's end."""
        while data := self.process.stdout.read1(65536):
            *lines, self._held = (self._held + data).split(b"\n")
            yield from (int(line.split(b" ")[4]) for line in lines if line.startswith(b"\x1eOSB"))

    def wait_for_cap(self):
        """Return when a heartbeat says that the spool is full; what was written by then."""
        return next(offset for offset in self.beats() if offset >= CAP)

    def acknowledge(self):
        """Copy what there is, and say so."""
        self.copy += self.worker.spool_from(len(self.copy))
        self.say(f"ACK {len(self.copy)}")

    def say(self, line):
        """Write a line to the worker's stdin."""
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def finish(self):
        """Listen to the end; the run as it was written down."""
        for _ in self.beats():
            pass
        self.copy += self.worker.spool_from(len(self.copy))
        return self.worker.finish(copy=self.copy)


@pytest.fixture
def start(worker):
    """Starts a run, and returns its host."""
    return lambda driver, **options: Host(worker, driver, **options)


def test_a_run_at_its_cap_waits_for_the_host_and_goes_on(start):
    """Nothing is lost or doubled by the wait, one record a wait says how long it was, and what was taken is freed."""
    host = start("flood")
    assert host.wait_for_cap() < CAP + 600_000  # one read of each pipe, which is taken whole
    assert host.process.poll() is None
    host.acknowledge()
    for _ in host.beats():
        host.acknowledge()
    run = host.finish()
    assert run.terminal["outcome"] == "succeeded"
    assert [r["data"]["n"] for r in run.records if r.get("name") == "filler"] == list(range(2000))
    waits = run.of_kind("throttled")
    assert waits
    assert {wait["step"] for wait in waits} <= {"one", None}
    assert all(wait["waited_ms"] > 0 and wait["offset"] >= CAP for wait in waits)
    assert not (run.directory / "spool" / "00000000.os1").exists()


@pytest.mark.parametrize(("driver", "kept"), [("tidy", ["tidied"]), ("loud", [])])
def test_a_run_that_waits_can_be_cancelled(start, driver, kept):
    """The driver is asked to stop and may tidy up, although nobody acknowledges anything any more."""
    host = start(driver)
    host.wait_for_cap()
    host.say("CANCEL")
    run = host.finish()
    assert run.terminal["outcome"] == "cancelled"
    assert [name for name in run.events("one") if name == "tidied"] == kept
    assert {wait["step"] for wait in run.of_kind("throttled")} == {"one"}  # it may come to the cap again while it ends


def test_a_run_that_waits_has_its_deadline(start):
    """Time goes on while nothing is read, and nothing is acknowledged to the end."""
    run = start("tidy", timeout_s=0.5).finish()
    assert run.terminal["outcome"] == "deadline"


def test_a_step_that_waits_has_its_timeout(start):
    """It is interrupted, and has failed; the run then goes on as after any failure.

    However slow the machine is, one of the attempts gets as far as the driver's `try`; those before it have no effect.
    """
    run = start("tidy", step={"timeout_s": 0.3, "retries": 100}).finish()
    assert (run.terminal["outcome"], run.terminal["error"]["type"]) == ("failed", "StepTimeout")
    assert "tidied" in run.events("one")


def test_a_driver_that_floods_and_does_not_stop_is_killed(start):
    """The end is written down beyond the cap; how far beyond is bounded while the driver still writes."""
    host = start("deaf", cancel_grace_s=0.1)
    host.wait_for_cap()
    host.say("CANCEL")
    run = host.finish()
    assert run.terminal["outcome"] == "cancelled"
    assert len(run.spool) < CAP + SPARE + 600_000


def test_without_a_host_that_can_be_heard_there_is_no_cap(worker):
    """Where stdin has ended nobody can acknowledge anything: waiting would be for ever."""
    steps = [("one", "flood", (), {})]
    worker.prepare(FLOOD, steps, segment_bytes=SEGMENT, spool_cap_bytes=CAP)
    worker.start()
    run = worker.finish()
    assert run.terminal["outcome"] == "succeeded"
    assert len(run.spool) > 10 * CAP
    assert run.of_kind("throttled") == []


def test_what_makes_no_sense_is_not_acknowledged(start):
    """Torn, negative and absurd offsets free nothing that is not written yet, and end nothing."""
    host = start("flood", spool_cap_bytes=1 << 30)
    for line in ("ACK", "ACK -1", "ACK x", "ACK 1 2", "ack 5", "ACK 99999999999999999999", "ACK 9999999999999999"):
        host.say(line)
    assert host.finish().terminal["outcome"] == "succeeded"
