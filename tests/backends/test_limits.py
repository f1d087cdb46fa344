"""One limit for all processes of a session root: how many sandboxes live at once, and how fast they are made."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from osiris_core.backends.limits import Limits
from osiris_core.backends.protocol import Cancellation
from osiris_core.errors import SandboxError

HOLDER = """
import sys
from pathlib import Path
from osiris_core.backends.limits import Limits
from osiris_core.backends.protocol import Cancellation
with Limits(directory=Path(sys.argv[1]), sandboxes=1).sandbox(Cancellation()):
    print("held", flush=True)
    input()
"""


class Impatient(Cancellation):
    """A stop that comes after so many looks; counts them, and waits for nothing."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self.looks = looks
        self.waited: list[float] = []

    def wait(self, timeout_s: float) -> bool:
        """Count."""
        self.waited.append(timeout_s)
        return len(self.waited) >= self.looks


def test_there_are_never_more_than_the_limit(tmp_path):
    """Eight threads, three slots: never a fourth at once, and everyone has a turn."""
    limits, lock = Limits(directory=tmp_path / "limits", sandboxes=3, look_s=0.001), threading.Lock()
    now, most, turns = [0], [0], [0]
    together = threading.Barrier(3)

    def run(number: int) -> None:
        with limits.sandbox(Cancellation()):
            with lock:
                now[0] += 1
                most[0], turns[0] = max(most[0], now[0]), turns[0] + 1
            if number < 3:
                together.wait(100)  # the limit is used up, too
            with lock:
                now[0] -= 1

    first = [threading.Thread(target=run, args=(number,)) for number in range(3)]
    later = [threading.Thread(target=run, args=(number,)) for number in range(3, 8)]
    for threads in (first, later):
        for thread in threads:
            thread.start()
    for thread in (*first, *later):
        thread.join(100)

    assert (most[0], turns[0], now[0]) == (3, 8, 0)


def test_a_killed_process_gives_its_slot_back(tmp_path):
    """The kernel does, so that nobody waits for the dead; who waits long is told why, once."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        told, ticks = [], iter(range(100))
        limits = Limits(directory=tmp_path, sandboxes=1, say_s=2, report=told.append, clock=lambda: float(next(ticks)))
        with pytest.raises(SandboxError, match="waited for another sandbox"), limits.sandbox(Impatient(5)):
            pass
        assert len(told) == 1
        assert "1 sandboxes run" in told[0]

        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()

        with limits.sandbox(Impatient(1)):
            pass


def test_creations_are_spread_over_time_for_everyone(tmp_path):
    """Two at once, then one every half second, whoever asks; what was not used is not saved up."""
    time = [1000.0]
    here, there = (Limits(directory=tmp_path, creations_per_s=2, say_s=60, clock=lambda: time[0]) for _ in range(2))
    asked = Impatient(100)

    waits = [limits._booked() for limits in (here, there, here, there, here)]
    time[0] += 60
    later = [limits._booked() for limits in (here, there, here)]

    assert waits == [0.0, 0.0, 0.5, 1.0, 1.5]
    assert later == [0.0, 0.0, 0.5]
    assert asked.waited == []


def test_a_turn_far_away_is_said_and_can_be_given_up(tmp_path):
    told = []
    limits = Limits(directory=tmp_path, creations_per_s=0.1, say_s=5, report=told.append, clock=lambda: 1000.0)
    with limits.sandbox(Impatient(1)):
        pass

    asked = Impatient(1)
    with pytest.raises(SandboxError, match="waited for its turn"), limits.sandbox(asked):
        pass

    assert asked.waited == [10.0]
    assert told == ["waiting 10 s: 0.1 sandboxes may be made in a second (--osiris-create-rate)"]


def test_times_of_another_start_of_the_machine_count_for_nothing(tmp_path):
    (tmp_path / "creations").write_text("99999999.0 other/12345678/1")

    assert Limits(directory=tmp_path, creations_per_s=1, clock=lambda: 5.0)._booked() == 0.0


def test_without_limits_nothing_is_written(tmp_path):
    with Limits(directory=tmp_path / "limits").sandbox(Cancellation()):
        assert list(tmp_path.iterdir()) == []
