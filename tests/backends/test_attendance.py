"""How a worker in a sandbox is attended: when a run is ended from here, and what is taken before that."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from osiris_core.backends.attendance import Attendance
from osiris_core.backends.fetching import Fetching
from osiris_core.backends.protocol import Patience, TargetFacts
from osiris_core.backends.stopping import Stop
from osiris_core.errors import OverdueError, WorkerLostError
from osiris_core.testing.simulation.clock import VirtualLoop
from osiris_core.wire.frames import encode_heartbeat, session_tag
from tests.session.tape import REQUEST, SESSION_ID, begin, healthy, open_writer

PATIENCE = Patience()
TIMEOUT_S = 30.0


class Living:
    """A worker that gives a sign of life every five seconds for ever, and is its own line."""

    def __init__(self, data):
        self.data, self.said = data, []

    async def read(self):
        """Return a heartbeat."""
        await asyncio.sleep(5)
        return encode_heartbeat(tag=session_tag(SESSION_ID), epoch=0, seq=0, offset=0)

    async def spool(self, offset, size_bytes):
        """Return what was written."""
        return self.data[offset : offset + size_bytes]

    async def say(self, line):
        """Keep it."""
        self.said.append(line)

    async def close(self):
        """Hold nothing."""


class Lease:
    """A lease that is about to end after so long; None for never."""

    id, sandbox = "box", None

    def __init__(self, ends_s=None):
        self._ends_s = ends_s
        self.trouble = "" if ends_s is None else "refused"

    async def about_to_end(self):
        """Return why."""
        await (asyncio.Event().wait() if self._ends_s is None else asyncio.sleep(self._ends_s))
        return self.trouble


@pytest.fixture
def attend(tmp_path, monkeypatch):
    """Attend a worker in virtual time, with a stop after so long; return the session, and when it was over."""
    loop = VirtualLoop()
    session = open_writer(tmp_path)
    session._request = replace(REQUEST, timeout_s=TIMEOUT_S)  # the tapes say hello to the request without a timeout
    monkeypatch.setattr(Fetching, "look", lambda self: None)  # files are another matter

    def run(worker, lease, stop_s=None):
        async def follow():
            stop = Stop()
            if stop_s is not None:
                asyncio.get_running_loop().call_later(stop_s, stop.set)
            facts = TargetFacts(target="e2b", provider="told", isolation="none")
            attendance = Attendance(lease, session, facts, PATIENCE, stop, heard=lambda: None)
            await attendance.follow(worker, worker)

        try:
            loop.run(follow())
        finally:
            session.ended_s = loop.time()
        return session

    run.session = session
    yield run
    session.release()
    loop.end()


def test_a_worker_that_goes_on_long_after_its_timeout_is_ended(attend):
    """It minds its time itself; one that does not is alive and well as far as its lines tell, and is waited for no longer."""
    worker = Living(begin(type(healthy())()).data)
    with pytest.raises(OverdueError, match="timeout of 30 s, and its worker still goes on after 90 s"):
        attend(worker, Lease())
    assert attend.session.ended_s == TIMEOUT_S + PATIENCE.overdue_s
    assert attend.session.next_offset == len(worker.data)  # what there is by then was taken


def test_an_end_that_is_in_the_spool_by_then_is_the_end(attend):
    """Nobody is told that a run is overdue, or its lease over, that has ended."""
    assert attend(Living(healthy().data), Lease(20.0)).terminal["outcome"] == "succeeded"
    assert attend.session.ended_s == 20.0


def test_a_lease_that_is_about_to_end_ends_the_run(attend):
    with pytest.raises(
        WorkerLostError, match=r"lease of sandbox box could not be renewed \(refused\) and is about to end"
    ):
        attend(Living(begin(type(healthy())()).data), Lease(20.0))
    assert attend.session.ended_s == 20.0


def test_a_stop_is_told_to_the_worker_which_is_then_listened_to_for_as_long_as_promised(attend):
    worker = Living(begin(type(healthy())()).data)
    assert attend(worker, Lease(), stop_s=11.0).terminal is None
    assert worker.said == ["CANCEL\n"]
    assert attend.session.ended_s == 11.0 + PATIENCE.stopped_run_s
