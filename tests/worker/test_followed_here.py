"""A worker on this machine is followed by the rules of one far away: gaps, acknowledgements, silence, and what a dead host left."""

from __future__ import annotations

import os
import signal
import sys
from types import SimpleNamespace

import pytest

from osiris_core.backends.local import LocalBackend, _stopped_by
from osiris_core.backends.local_following import LocalFollowing
from osiris_core.backends.local_worker import LocalWorker
from osiris_core.backends.protocol import Cancellation, Patience, TargetFacts
from osiris_core.errors import WorkerLostError
from osiris_core.session.writer import SessionWriter
from tests.session.tape import healthy, open_writer, outbox

SEGMENT = 65_536
SOURCE = """
import signal
def flood(config, inputs, ctx):
    for n in range(3000): ctx.log_event("filler", n=n, text="x" * 500)
def stop(config, inputs, ctx):
    ctx.log_event("stopping")
    os.kill(os.getppid(), signal.SIGSTOP)
    ctx.log_event("stopped")
"""


class Followed:
    """A worker, its session, and who follows it."""

    def __init__(self, worker, driver, facts, **patience):
        """Start a run of one step with small segments and a small cap."""
        worker.prepare(
            SOURCE,
            [("one", driver, (), {})],
            segment_bytes=SEGMENT,
            spool_cap_bytes=4 * SEGMENT,
            heartbeat_s=0.05,
            stdin_end_cancels=True,
        )
        self.directory = worker.run_directory
        self.worker = LocalWorker.start(
            [sys.executable, "-s", "-P", worker.bundle, "run", self.directory],
            self.directory,
            cwd=self.directory,
            env=worker.environment,
            segment_bytes=SEGMENT,
        )
        self.facts = facts
        self.session = SessionWriter.open(
            root=worker.run_directory.parent,
            session_id=worker.request.session_id,
            target="local",
            request=worker.request,
            manifest_json=worker.request.manifest,
        )
        self.heard = []
        self.following = LocalFollowing(
            self.worker,
            self.session,
            facts,
            Patience(**patience),
            heard=lambda: self.heard.append(self.session.next_seq),
        )

    def wait_until_stopped(self):
        """Return when the worker stands still."""
        os.waitid(os.P_PID, self.worker.pid, os.WSTOPPED | os.WNOWAIT)

    def close(self):
        """Take what the lines did not bring, as the backend does; close the session, and return it."""
        if self.session.needs_fill:
            self.session.fill(self.directory / "spool", segment_bytes=SEGMENT)
        return self.session.close(target_facts=self.facts.to_json())


@pytest.fixture
def follow(worker):
    """Starts a run; its worker is ended with the test."""
    made = []

    def start(driver, facts=None, **patience):
        made.append(Followed(worker, driver, facts or new_facts(), **patience))
        return made[0]

    yield start
    for each in made:
        each.worker.kill()
        each.worker.end(Patience())
        each.session.release()


def new_facts(kind=TargetFacts):
    return kind(target="local", provider="host", isolation="none")


def test_a_run_of_many_segments_is_acknowledged_and_not_held_up_for_long(follow):
    """Everything arrives through a spool that is freed while the run goes on; what was counted is in target.json."""
    followed = follow("flood")
    followed.following.to_the_end()
    followed.worker.end(Patience())
    session = followed.close()
    assert session.outcome == "succeeded"
    assert [event["n"] for event in session.events if event["event"] == "filler"] == list(range(3000))
    assert not (followed.directory / "spool" / "00000000.os1").exists()
    assert 1 < session.target_facts["acknowledgements"] <= 1 + session.target_facts["frames"] * 700 // SEGMENT
    assert followed.heard == sorted(followed.heard)


class Waking(TargetFacts):
    """Facts that have the worker go on as soon as its silence was noticed."""

    pid = 0

    def __setattr__(self, name, value):
        """Continue the process at the first stall."""
        super().__setattr__(name, value)
        if name == "stalls" and value:
            os.kill(Waking.pid, signal.SIGCONT)


def test_a_worker_that_stands_still_is_noticed_and_waited_for(follow, monkeypatch):
    """Without heartbeats something is wrong: that is counted, and what comes afterwards is taken as ever."""
    followed = follow("stop", new_facts(Waking), stall_s=0.1)
    monkeypatch.setattr(Waking, "pid", followed.worker.pid)
    followed.wait_until_stopped()
    followed.following.to_the_end()
    followed.worker.end(Patience())
    session = followed.close()
    assert session.outcome == "succeeded"
    assert session.target_facts["stalls"] >= 1
    assert session.target_facts["retries"][0]["cause"] == "nothing came for 0.1 s, not even heartbeats"


def test_a_worker_that_never_goes_on_is_lost(follow):
    """Its silence has an end: it is killed with all that it started, and the last verified record is said."""
    followed = follow("stop", stall_s=0.05, unreachable_s=0.1)
    followed.wait_until_stopped()
    with pytest.raises(WorkerLostError, match=r"no sign of life for 0.1 s; "):
        followed.following.to_the_end()
    followed.worker.end(Patience())
    session = followed.close()
    assert session.outcome == "lost"
    frames = session.target_facts["frames"]
    assert session.error["data"]["last_verified_seq"] == (frames - 1 if frames else None)


def test_a_worker_that_does_not_hear_a_stop_is_killed_when_its_time_is_over(follow):
    """It stands still and cannot obey: the stop ends it all the same, long before its silence would."""
    followed = follow("stop")
    followed.wait_until_stopped()
    cancellation = Cancellation()
    with _stopped_by(cancellation, followed.worker, Patience(driver_stop_s=0.05, fetch_s=0.05)):
        cancellation.request()
        followed.following.to_the_end()
    followed.worker.end(Patience())
    assert followed.session.terminal is None
    assert followed.facts.stalls == 0


@pytest.fixture
def left(tmp_path):
    """A session whose host was killed before it noted anything, and the run directory that it left."""
    writer = open_writer(tmp_path)
    run_directory = writer.host_directory / "run"
    run_directory.mkdir()
    (run_directory / "request.json").write_bytes(b"{")
    yield writer, run_directory
    writer.release()


def test_what_a_dead_host_has_begun_is_taken_up_and_not_run_again(left):
    """The spool that its worker left is all of the run; nothing is started."""
    writer, run_directory = left
    (run_directory / "spool").mkdir()
    (run_directory / "spool" / "00000000.os1").write_bytes(healthy().data)
    outbox(run_directory / "outbox")
    job = SimpleNamespace(bundle=SimpleNamespace(digest="d" * 64))  # what a start would need is not there
    backend = LocalBackend()
    backend.run(job, writer, backend.facts(), Cancellation())
    session = writer.close(target_facts=backend.facts().to_json())
    assert (session.outcome, len(session.artifacts)) == ("succeeded", 2)


def test_a_run_directory_in_which_nothing_began_is_in_nobodys_way(left):
    """It is removed, so that the run can be started in its place."""
    writer, run_directory = left
    assert not LocalBackend()._takes_up(writer, run_directory)
    assert not run_directory.exists()
