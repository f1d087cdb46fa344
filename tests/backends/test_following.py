"""How a worker is followed: what is done when a line breaks, in which order, how often, and when it is given up."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from osiris_core.backends.backoff import Backoff
from osiris_core.backends.filling import RANGE_BYTES
from osiris_core.backends.following import Following
from osiris_core.backends.protocol import Patience, TargetFacts
from osiris_core.backends.reach import LineBroken, LineEnded, Standing
from osiris_core.errors import SandboxError, WireError, WorkerLostError
from osiris_core.testing.simulation.clock import VirtualLoop
from osiris_core.wire.frames import encode_heartbeat, session_tag
from tests.session.tape import SESSION_ID, begin, healthy, open_writer

PATIENCE = Patience()


class Line:
    """A line that brings these pieces, then raises the exception, or brings nothing for ever."""

    def __init__(self, log, name, pieces, end=None):
        self._log, self._name, self._pieces, self._end = log, name, list(pieces), end

    async def read(self):
        """Return the next piece."""
        if self._pieces:
            return self._pieces.pop(0)
        if self._end is None:
            await _for_ever()
        raise self._end

    async def close(self):
        """Note it."""
        self._log.append(f"close {self._name}")


async def _for_ever():
    await asyncio.Event().wait()


class Worker:
    """Answers as it is told: each list holds the next answers, its last one for good; an exception is raised."""

    def __init__(self, spool=b"", lines=(), standing=(Standing.RUNNING,), status=(None,)):
        self.log, self.said, self.data = [], [], spool
        self.lines, self._standing, self._status = list(lines), list(standing), list(status)
        self.ranges = []
        self.refuses = 0

    def line(self, *pieces, end=None):
        """Have one more line ready."""
        self.lines.append(Line(self.log, len(self.lines) + 1, pieces, end))

    async def attach(self):
        """Give the next line."""
        self.log.append("attach")
        return _next(self.lines) if self.lines else _next([SandboxError("no such process")])

    async def spool(self, offset, size_bytes):
        """Give a range."""
        self.log.append("spool")
        self.ranges.append(offset)
        if isinstance(self.data, Exception):
            raise self.data
        return self.data[offset : offset + size_bytes]

    async def say(self, line):
        """Keep what is said."""
        self.said.append(line)
        if self.refuses:
            self.refuses -= 1
            raise SandboxError("no answer")

    async def standing(self):
        """Give the next answer."""
        self.log.append("standing")
        return _next(self._standing)

    async def status(self):
        """Give the next answer."""
        return _next(self._status)


def _next(answers):
    answer = answers.pop(0) if len(answers) > 1 else answers[0]
    if isinstance(answer, Exception):
        raise answer
    return answer


@pytest.fixture
def follow(tmp_path):
    """Follow a worker in virtual time; return what became of it."""

    class Followed:
        def __init__(self):
            self.session = open_writer(tmp_path)
            self.facts = TargetFacts(target="e2b", provider="told", isolation="none")
            self.loop = VirtualLoop()
            self.error = None

        def __call__(self, worker, first, patience=PATIENCE, **options):
            options.setdefault("spread", lambda: 0.0)
            following = Following(worker, first, self.session, self.facts, patience, heard=lambda: None, **options)
            try:
                self.loop.run_until_complete(following.to_the_end())
            except (SandboxError, WireError) as error:
                self.error = error
            return self

        @property
        def journal(self):
            return (self.session.host_directory / "journal.os1").read_bytes()

    followed = Followed()
    yield followed
    followed.session.release()
    followed.loop.close()


def test_the_old_line_is_closed_the_worker_looked_for_and_a_new_line_attached_before_the_spool_is_read(follow):
    """Any other order leaves a hole, or an old stream that holds up the new one."""
    tape = healthy()
    worker = Worker(tape.data)
    worker.line(*tape.lines[5:])

    follow(worker, Line(worker.log, 0, tape.lines[:3], LineBroken("reset by peer")))

    assert worker.log == ["close 0", "standing", "attach", "spool"]
    assert follow.journal == tape.data
    assert (follow.facts.reconnects, follow.facts.retries[0].cause) == (1, "reset by peer")
    assert worker.ranges == [sum(len(line) for line in tape.lines[:3])]


def test_a_line_that_brings_nothing_is_dead_after_the_time_of_a_stall(follow):
    """Whatever its transport says: the connection is open all the while."""
    tape = healthy()
    worker = Worker(tape.data)
    worker.line()

    follow(worker, Line(worker.log, 0, tape.lines[:3]))

    assert follow.journal == tape.data
    assert follow.facts.stalls == 1
    assert follow.loop.time() == 15.0


@pytest.mark.parametrize("lie", [LineEnded("the worker left with exit code 0"), LineBroken("closed without an end")])
def test_an_end_that_the_worker_does_not_confirm_is_none(follow, lie):
    """Exit code 0 of a worker that still runs, and a stream that ends in good order, are no success."""
    tape = healthy()
    worker = Worker(begin(type(tape)()).data)
    worker.line(*tape.lines[8:])

    follow(worker, Line(worker.log, 0, tape.lines[:2], lie))

    assert follow.session.terminal["outcome"] == "succeeded"
    assert follow.facts.reconnects == 1


def test_a_worker_that_is_said_not_to_exist_is_asked_for_again(follow):
    """A refused attachment is no news of the worker: it is looked for, and tried again after a wait."""
    tape = healthy()
    worker = Worker(tape.data)
    refused = SandboxError("process not found")
    worker.lines = [refused, refused, Line(worker.log, 1, [])]

    follow(worker, Line(worker.log, 0, tape.lines[:3], LineBroken("cut")))

    assert worker.log == ["close 0", "standing", "attach", "standing", "attach", "standing", "attach", "spool"]
    assert [retry.waited_ms for retry in follow.facts.retries] == [0.0, 200.0, 400.0]
    assert follow.session.terminal is not None


def test_a_worker_without_lines_is_followed_by_its_spool(follow):
    """When the attempts are used up the spool alone is read, a second after a second, later every five, exactly once."""
    tape = healthy()
    worker = Worker(tape.lines[0])
    reads = []

    async def growing(offset, size_bytes):
        reads.append(follow.loop.time())
        return tape.data[offset:] if len(reads) == 5 else tape.lines[0][offset:]

    worker.spool = growing
    follow(worker, Line(worker.log, 0, [], LineBroken("cut")))

    assert worker.log.count("attach") == PATIENCE.retry_attempts
    assert [round(later - sooner, 3) for sooner, later in pairwise(reads)] == [1.0, 2.0, 4.0, 5.0]
    assert follow.journal == tape.data


def test_a_sandbox_that_is_gone_is_lost_with_the_last_verified_record(follow):
    tape = healthy()
    worker = Worker(tape.data, standing=[Standing.GONE])

    follow(worker, Line(worker.log, 0, tape.lines[:4], LineBroken("cut")))

    assert isinstance(follow.error, WorkerLostError)
    assert follow.error.message == "the sandbox is gone: cut; the last verified record is 3"
    assert follow.error.data == {"last_verified_seq": 3}


def test_a_sandbox_that_cannot_be_reached_is_given_up_after_a_leases_time(follow):
    worker = Worker(SandboxError("no route"), lines=[SandboxError("no route")], standing=[Standing.UNKNOWN])

    follow(worker, Line(worker.log, 0, [], LineBroken("cut")))

    assert isinstance(follow.error, WorkerLostError)
    assert follow.error.message == "the sandbox could not be reached for 120 s: no route; no record came"
    assert 120 <= follow.loop.time() <= 130
    assert len(worker.log) < 120  # no storm


def test_a_worker_that_has_left_without_a_word_ends_the_following(follow):
    """Its absence is seen twice, and all of its spool is read: then there is nothing more to wait for."""
    tape = begin(type(healthy())())
    worker = Worker(tape.data, standing=[Standing.ENDED])

    follow(worker, Line(worker.log, 0, [], LineEnded("the worker left with exit code 137")))

    assert follow.error is None
    assert (follow.session.terminal, follow.journal) == (None, tape.data)
    assert worker.log.count("standing") == 2


def test_a_spool_of_several_ranges_is_read_to_its_end(follow):
    """Also when its worker has left without a last word that would tell how long it is."""
    tape = begin(type(healthy())())
    while len(tape.data) <= 2 * RANGE_BYTES:
        tape.printed("read", b"x" * 45_000)
    worker = Worker(tape.data, standing=[Standing.ENDED])

    follow(worker, Line(worker.log, 0, [], LineEnded("the worker left with exit code 137")))

    assert follow.journal == tape.data
    assert follow.facts.fills == 3
    assert worker.log.count("standing") == 2


def test_a_spool_that_can_be_read_is_news_of_its_sandbox(follow):
    """No line can be had and nobody can be asked for the worker, for as long as you like: it is not lost, while it is read."""
    tape = healthy()
    worker = Worker(lines=[SandboxError("no route")], standing=[Standing.UNKNOWN])

    async def late(offset, size_bytes):
        return tape.data[offset:] if follow.loop.time() > 3 * PATIENCE.unreachable_s else b""

    worker.spool = late
    follow(worker, Line(worker.log, 0, [], LineBroken("cut")))

    assert follow.error is None
    assert follow.session.terminal is not None


def test_an_absence_that_was_seen_once_is_not_believed(follow):
    tape = healthy()
    worker = Worker(tape.lines[0], standing=[Standing.ENDED, Standing.RUNNING])
    worker.line(*tape.lines[1:])

    follow(worker, Line(worker.log, 0, [], LineBroken("cut")))

    assert follow.session.terminal is not None


def test_a_last_word_that_speaks_of_more_has_the_spool_read_again(follow):
    """`status.json` says how long the spool is, when exit code and end event are long forgotten."""
    tape = healthy()
    worker = Worker(standing=[Standing.ENDED], status=[{"spool_bytes": len(tape.data)}])
    reads = []

    async def short_at_first(offset, size_bytes):
        reads.append(offset)
        return tape.data[offset:] if len(reads) > 3 else b""

    worker.spool = short_at_first
    follow(worker, Line(worker.log, 0, [], LineBroken("cut")))

    assert follow.session.terminal is not None


def test_a_damaged_line_is_read_again_at_once(follow):
    """Also when nothing behind it tells of a gap: what came damaged is reason enough."""
    tape = healthy()
    last = tape.lines[-1]
    changed = last[:60] + bytes([last[60] ^ 1]) + last[61:]
    worker = Worker(tape.data)

    follow(worker, Line(worker.log, 0, [*tape.lines[:-1], changed]))

    assert follow.session.terminal is not None
    assert (follow.loop.time(), worker.log) == (0.0, ["spool"])


def test_a_tail_that_was_lost_is_noticed_by_the_next_heartbeat(follow):
    tape = healthy()
    beat = encode_heartbeat(tag=session_tag(SESSION_ID), epoch=0, seq=len(tape.lines), offset=len(tape.data))
    worker = Worker(tape.data)

    follow(worker, Line(worker.log, 0, [*tape.lines[:-2], beat]))

    assert follow.session.terminal is not None
    assert (follow.facts.fills, follow.facts.filled_bytes) == (1, sum(len(line) for line in tape.lines[-2:]))


def test_a_spool_that_is_damaged_itself_is_an_error(follow):
    tape = healthy()
    worker = Worker(tape.data[:-30] + b"?" + tape.data[-29:])

    follow(worker, Line(worker.log, 0, [tape.lines[0], tape.lines[2]]))

    assert isinstance(follow.error, WireError)
    assert follow.error.message.startswith(f"the spool is damaged at byte {len(tape.data) - len(tape.lines[-1])}")


def test_a_spool_that_cannot_be_read_is_not_asked_for_with_every_piece_and_is_given_up_in_the_end(follow):
    """The live line goes on; what failed is tried again after a wait. A worker that answers otherwise is lost all the same."""
    tape = healthy()
    worker = Worker(SandboxError("no answer"), standing=[Standing.RUNNING, Standing.ENDED])
    worker.line(end=LineBroken("cut"))

    follow(worker, Line(worker.log, 0, [tape.lines[0], *tape.lines[2:]], LineBroken("cut")))

    assert worker.log.index("close 0") == 1  # one attempt for twenty pieces
    assert isinstance(follow.error, WorkerLostError)
    assert follow.error.what == "the worker's spool could not be reached for 120 s: no answer"
    assert follow.error.last_seq == 0


def test_whole_segments_are_acknowledged_once_they_are_on_the_disk(follow):
    """A refusal is said again later, and is no fault; the same segment is never acknowledged twice."""
    tape = healthy()
    worker = Worker(tape.data)
    worker.refuses = 1
    at = [sum(len(line) for line in tape.lines[: index + 1]) for index in range(len(tape.lines))]
    segment = at[4] - 10
    kept = []
    keep = follow.session.keep

    def noted():
        kept.append(keep())
        return kept[-1]

    follow.session.keep = noted

    class Slow(Line):
        async def read(self):
            """Return the next piece, a second later."""
            await asyncio.sleep(1)
            return await super().read()

    follow(worker, Slow(worker.log, 0, tape.lines), segment_bytes=segment)

    assert worker.said[0] == worker.said[0].strip() + "\n" == f"ACK {at[4]}\n"
    assert [int(line.split()[1]) for line in worker.said] == kept
    assert follow.facts.acknowledgements == len(worker.said) - 1
    assert len({offset // segment for offset in kept[1:]}) == len(kept[1:])
    assert follow.session.terminal is not None


def test_a_worker_that_stands_still_is_lost_whatever_the_provider_says(follow):
    """It is said to run, every line can be had, and nothing comes, not even heartbeats: that does not go on for ever."""
    tape = begin(type(healthy())())
    worker = Worker(tape.data)
    worker.line()

    follow(worker, Line(worker.log, 0, tape.lines))

    assert isinstance(follow.error, WorkerLostError)
    assert follow.error.what == "the worker gave no sign of life for 120 s"
    assert follow.error.last_seq == len(tape.lines) - 1
    assert follow.facts.stalls == PATIENCE.unreachable_s / PATIENCE.stall_s
    assert 120 <= follow.loop.time() <= 140


@pytest.mark.parametrize("sign", ["heartbeat", "spool"])
def test_a_worker_that_gives_any_sign_of_life_is_never_lost(follow, sign):
    """Lines that fall silent again and again are no silence of its own, if one of them, or its spool, brought something."""
    tape = healthy()
    worker = Worker(tape.lines[0])
    beat = encode_heartbeat(tag=session_tag(SESSION_ID), epoch=0, seq=1, offset=len(tape.lines[0]))
    for number in range(60):
        worker.line(*([beat] if sign == "heartbeat" and number % 7 == 6 else []))
    worker.line(*tape.lines)
    reads = []

    async def growing(offset, size_bytes):
        reads.append(offset)
        return tape.data[offset : sum(map(len, tape.lines[: 1 + len(reads) // 7]))]

    if sign == "spool":
        worker.spool = growing
    follow(worker, Line(worker.log, 0, tape.lines[:1]))

    assert follow.error is None
    assert follow.session.terminal is not None
    assert follow.loop.time() > 4 * PATIENCE.unreachable_s


def test_waits_double_and_are_cut_at_random():
    """Without chance the waits are 0.2, 0.4 ... 5 s; with it they are never less than half of that."""
    exact = Backoff(first_s=0.2, most_s=5.0, spread=lambda: 0.0)
    assert [round(exact.next_s(), 3) for _ in range(7)] == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    exact.reset()
    assert exact.next_s() == 0.2
    assert Backoff(first_s=0.2, most_s=5.0, spread=lambda: 0.5).next_s() == pytest.approx(0.15)


def test_a_range_holds_the_longest_line():
    assert RANGE_BYTES > 65536
