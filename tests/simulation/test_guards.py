"""Each guard of the transport guards: switched off, a named schedule breaks the named invariants; switched on, it breaks none.

"Caught" means that no invariant is broken: the run came through whole, or the session says that it is lost, and why.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from osiris_core.backends import following as following_module
from osiris_core.backends.filling import Filling
from osiris_core.backends.following import Following
from osiris_core.backends.protocol import Patience
from osiris_core.session import closing
from osiris_core.session.intake import Intake
from osiris_core.session.journal import Journal
from osiris_core.session.walk import JournalWalk
from osiris_core.session.writer import SessionWriter
from osiris_core.testing.simulation import Fault, Kind, Schedule, broken, play
from osiris_core.testing.simulation.play import PATIENCE
from osiris_core.testing.simulation.script import Deed, Script, short
from osiris_core.wire import frames
from osiris_core.wire.frames import Frame, Heartbeat, Stray

if TYPE_CHECKING:
    from collections.abc import Callable

HELLO_BYTES = 350
"""A byte of the short script's first event, behind its hello."""
LAST_BYTES = 1000
"""A byte of its terminal record."""


def take_everything(self, items, batch):
    """Take every frame as it comes, as a reader does that looks at no number."""
    for item in items:
        if isinstance(item, Frame):
            self._landmarks.note(item)
            batch.append(item.line)
        elif isinstance(item, Heartbeat):
            self._known_seq = max(self._known_seq, item.seq)
        else:
            self._keep_stray(item)


async def do_not_fill(self):
    """Leave the spool unread."""


def believe_damage(self, data, reason):
    """Take a damaged line for a frame when its head can be read."""
    head = frames._HEAD.match(data)
    if head is None or not data.endswith(b"\n"):
        return Stray(data)
    _, _, epoch, seq, offset, _, _ = head.groups()
    return Frame(int(seq), int(epoch), int(offset), data[head.end() : -1], data)


async def fill_before_attaching(self, cause):
    """Read the spool first and attach then, so that what is written in between is in neither."""
    if await self._has_ended(cause):
        return False
    await self._filling.fill()
    self.line = await self._worker.attach()
    return True


def believe_every_epoch(self, items, batch):
    """Sort frames as if their worker were the one that is believed."""
    epoch = self._landmarks.epoch
    sort(self, [item._replace(epoch=epoch) if isinstance(item, Frame) else item for item in items], batch)


sort = Intake._sort
decide = closing.decide


def believe_silence(evidence):
    """Take a run of which nothing bad is known for a success."""
    ending = decide(evidence)
    return replace(ending, outcome="succeeded", error=None) if evidence.terminal is None else ending


def keep_nothing(self):
    """Say that the disk keeps what it was not asked to keep."""
    return self.next_offset


def cut_nothing(self, size_bytes):
    """Leave a torn line where it is, and write behind it."""


@dataclass(frozen=True, kw_only=True)
class Guard:
    """A guard, how it is switched off, the schedule that needs it, and what breaks without it."""

    off: Callable[[pytest.MonkeyPatch], None]
    schedule: Schedule
    breaks: set[str]
    caught_as: str = "succeeded"
    patience: Patience = PATIENCE


def patched(target: object, name: str, value: object) -> Callable[[pytest.MonkeyPatch], None]:
    """Return what switches a guard off by another attribute in its place."""
    return lambda monkeypatch: monkeypatch.setattr(target, name, value)


def run(*faults: Fault, script: Script | None = None, **manners: int) -> Schedule:
    """Return a schedule of the short script, or of another."""
    return Schedule(seed=1, script=script or short(), faults=faults, **manners)


def longer(first_s: float, lingers_s: float = 0.0) -> Script:
    """Return the short script with its last event after so long, and a worker that stays for a while behind its end."""
    hello, start, end = short().deeds
    return Script(deeds=(hello, start, Deed(first_s, end.record)), leaves_after_s=lingers_s)


LONG_PATIENCE = Patience(stall_s=2000.0, heartbeat_s=10_000.0, unreachable_s=100_000.0)
GUARDS = {
    "only-the-next-number": Guard(
        off=patched(Intake, "_sort", take_everything),
        schedule=run(Fault(kind=Kind.DOUBLE, at=454, size=127)),
        breaks={"no_loss", "no_dup", "order", "prefix"},
    ),
    "a-second-copy-must-be-equal": Guard(
        off=patched(Journal, "holds", lambda self, frame: True),
        schedule=run(Fault(kind=Kind.STRAY, at=600, size=5)),
        breaks={"equivocation-missed"},
        caught_as="lost",
    ),
    "a-gap-is-filled": Guard(
        off=patched(Filling, "fill", do_not_fill),
        schedule=run(Fault(kind=Kind.LOSE, at=HELLO_BYTES, size=20)),
        breaks={"no_loss"},
    ),
    "the-digest-is-verified": Guard(
        off=lambda monkeypatch: [
            monkeypatch.setattr(JournalWalk, name, lambda *_: None) for name in ("_check_terminal", "_check_checkpoint")
        ],
        schedule=run(Fault(kind=Kind.FORGE, at=HELLO_BYTES)),
        breaks={"no_false_success"},
        caught_as="lost",
    ),
    "a-frame-has-a-checksum": Guard(
        off=patched(frames.FrameReader, "_judge", believe_damage),
        schedule=run(Fault(kind=Kind.GARBLE, at=HELLO_BYTES + 50, size=0)),
        breaks={"no_loss", "prefix"},
    ),
    "attached-before-the-spool-is-read": Guard(
        off=patched(Following, "_attached_again", fill_before_attaching),
        schedule=run(Fault(kind=Kind.RESET, at=HELLO_BYTES), script=longer(0.025, lingers_s=5000.0)),
        breaks={"late"},
        patience=LONG_PATIENCE,
    ),
    "silence-is-a-stall": Guard(
        off=patched(following_module.asyncio, "timeout", lambda _: following_module.asyncio.Timeout(None)),
        schedule=run(Fault(kind=Kind.STALL, at=HELLO_BYTES)),
        breaks={"one_terminal", "live"},
    ),
    "an-older-worker-is-not-heard": Guard(
        off=patched(Intake, "_sort", believe_every_epoch),
        schedule=run(Fault(kind=Kind.STRAY, at=HELLO_BYTES, size=3), epoch=1),
        breaks={"no_loss", "prefix", "fenced"},
    ),
    "success-needs-a-terminal-record": Guard(
        off=patched(closing, "decide", believe_silence),
        schedule=run(
            Fault(kind=Kind.FALSE_EXIT, at=HELLO_BYTES), Fault(kind=Kind.KILL_WORKER, at=HELLO_BYTES + 1, size=50)
        ),
        breaks={"no_false_success", "loss_is_said"},
        caught_as="lost",
    ),
    "an-end-is-asked-for-twice": Guard(
        off=patched(following_module, "_ABSENCES", 1),
        schedule=run(Fault(kind=Kind.STANDING_ENDED, at=0), Fault(kind=Kind.FALSE_EXIT, at=HELLO_BYTES)),
        breaks={"no_loss"},
    ),
    "kept-before-it-is-acknowledged": Guard(
        off=patched(SessionWriter, "keep", keep_nothing),
        schedule=run(Fault(kind=Kind.POWER_LOSS, at=LAST_BYTES, seconds=1.0), segment_bytes=200),
        breaks={"no_loss"},
    ),
    "a-torn-line-is-cut-off": Guard(
        off=patched(Journal, "_cut", cut_nothing),
        schedule=run(Fault(kind=Kind.KILL_HOST, at=LAST_BYTES, size=30)),
        breaks={"no_loss", "order", "prefix"},
    ),
}


def seen(guard, place):
    """Play a guard's schedule; return what is broken, with what no invariant speaks of, and the outcome."""
    played = play(guard.schedule, place, patience=guard.patience)
    names = {each.partition(":")[0] for each in broken(played)}
    outcome = played.session.outcome if played.session else None
    if any(fault.kind is Kind.STRAY and fault.size == 5 for fault in played.happened) and outcome != "lost":
        names.add("equivocation-missed")
    if played.session is not None and played.closed_s > 1000:
        names.add("late")
    return names, outcome


@pytest.mark.parametrize("name", GUARDS)
def test_without_the_guard_the_fault_is_missed(place, monkeypatch, name):
    GUARDS[name].off(monkeypatch)
    names, _ = seen(GUARDS[name], place)
    assert names == GUARDS[name].breaks


@pytest.mark.parametrize("name", GUARDS)
def test_with_the_guard_it_is_caught(place, name):
    names, outcome = seen(GUARDS[name], place)
    assert outcome == GUARDS[name].caught_as
    assert names <= {"no_loss"} if outcome == "lost" else names == set()
