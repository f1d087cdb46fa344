"""Heartbeats: what a host hears while nothing else is to be said."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from osiris_core.wire.frames import Frame, FrameReader, Heartbeat, session_tag
from osiris_core.worker.live import LiveCopy

WAIT = """
import pathlib
def wait(config, inputs, ctx):
    os.mkfifo("go"); ctx.log_event("waiting"); open("go").close()
"""


def test_a_silent_driver_leaves_the_worker_heard(worker):
    """Heartbeats come while nothing happens, tell how far the spool has come, and are no records."""
    worker.prepare(WAIT, [("one", "wait", (), {})], heartbeat_s=0.02, epoch=3)
    process = worker.start(stdin=subprocess.DEVNULL)
    reader, items = FrameReader(session_tag(worker.request.session_id)), []
    while len([item for item in items[-3:] if isinstance(item, Heartbeat)]) < 3:
        items += reader.feed(process.stdout.read1(65536))
    (worker.project / "go").write_bytes(b"")
    run = worker.finish()
    items += reader.feed(run.stdout) + reader.finish()
    written = [item for item in items if isinstance(item, Frame)]
    beats = [item for item in items if isinstance(item, Heartbeat)]
    assert b"".join(frame.line for frame in written) == run.spool
    assert len(written) + len(beats) == len(items)
    assert {beat.epoch for beat in beats} == {3}
    ends = {(frame.seq + 1, frame.offset + len(frame.line)) for frame in written} | {(0, 0)}
    assert {(beat.seq, beat.offset) for beat in beats} <= ends


def test_the_epoch_is_said_everywhere(worker):
    """In every frame (which the reader of spools checks), in hello and in status.json."""
    run = worker.run("def work(config, inputs, ctx): pass", "work", epoch=7)
    status = json.loads((worker.run_directory / "status.json").read_bytes())
    assert (run.hello["epoch"], status["epoch"]) == (7, 7)
    assert {line.split(b" ")[2] for line in run.lines} == {b"7"}


@pytest.fixture
def pipe():
    """A pipe: (reading end, writing end), the writing end not blocking."""
    ends = os.pipe()
    yield ends
    os.close(ends[0])
    os.close(ends[1])


def fill(descriptor):
    """Write until nothing fits."""
    written = 0
    for size in (65536, 1024, 1):
        while True:
            try:
                written += os.write(descriptor, bytes(size))
            except BlockingIOError:
                break
    return written


def test_a_heartbeat_that_does_not_fit_is_left_out(pipe):
    """Behind an abandoned reader it waits for nothing, and leaves nothing half."""
    live = LiveCopy(pipe[1])
    filled = fill(pipe[1])
    live.beat(b"heartbeat\n")
    assert not live.unfinished
    assert os.read(pipe[0], 1 << 20) == bytes(filled)
    live.beat(b"again\n")
    assert os.read(pipe[0], 1 << 20) == b"again\n"


def test_a_heartbeat_never_cuts_a_batch(pipe):
    """While a batch is unfinished there is none."""
    live = LiveCopy(pipe[1])
    batch = b"a" * 100_000
    live.offer(batch)
    live.beat(b"heartbeat\n")
    received = b""
    while live.unfinished:
        received += os.read(pipe[0], 65536)
        live.push()
    assert received + os.read(pipe[0], 1 << 20) == batch
