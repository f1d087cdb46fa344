"""The merger: one order out of two streams, whatever the timing."""

from __future__ import annotations

import json
import random

import pytest

from osiris_core.worker.merge import Merger


class Seen:
    """Notes what the merger says, adjacent output joined."""

    def __init__(self):
        self.told = []

    def on_record(self, kind, payload):
        """Note a record."""
        self.told.append((kind, payload))

    def on_control(self, verb, values):
        """Note a control message."""
        self.told.append((verb, values["step"]))

    def on_output(self, step, data):
        """Note output."""
        if self.told and self.told[-1][0] == ("output", step):
            data = self.told.pop()[1] + data
        self.told.append((("output", step), data))


def control(verb, **values):
    return verb, json.dumps(values).encode()


# What an executor does, one act after the other: a message on one stream, bytes on the other.
ACTS = [
    control("begin", step="a"),
    ("event", b"1"),
    b"before",
    control("open", step="a", marker="MARK-A"),
    b"MARK-A",
    b"printed MARK by a",
    ("log", b"2"),
    b" and MARK-",
    control("drain", step="a", marker="MARK-B"),
    b"MARK-B",
    ("event", b"3"),
    control("done", step="a"),
    b"between",
    control("begin", step="b"),
    control("open", step="b", marker="MARK-C"),
    b"MARK-C",
    b"b",
    control("drain", step="b", marker="MARK-D"),
    b"MARK-D",
    control("done", step="b"),
    b"after",
]


def play(seed, acts=ACTS):
    """Feed the acts as a supervisor might see them: late, in chunks, messages never later than output behind them."""
    chance = random.Random(seed)
    seen = Seen()
    merger = Merger(seen)
    messages, output = [], b""
    for act in acts:
        if isinstance(act, tuple):
            messages.append(act)
        else:
            output += act
        while chance.random() < 0.5:
            if chance.random() < 0.3:
                merger.feed(messages, b"")
            else:
                cut = chance.randrange(len(output) + 1)
                merger.feed(messages, output[:cut])
                output = output[cut:]
            messages = []
    merger.feed(messages, output)
    merger.finish()
    return seen.told


@pytest.mark.parametrize("start", range(0, 1000, 250))
def test_every_schedule_gives_each_step_its_own_output(start):
    """In a thousand schedules: the same output for each step, none before its start, none behind its end."""
    for seed in range(start, start + 250):
        told = play(seed)
        output = {}
        for kind, data in told:
            if isinstance(kind, tuple):
                output[kind[1]] = output.get(kind[1], b"") + data
        assert output == {None: b"beforebetweenafter", "a": b"printed MARK by a and MARK-", "b": b"b"}
        plain = [entry for entry in told if not isinstance(entry[0], tuple)]
        assert plain == [
            ("begin", "a"),
            ("event", b"1"),
            ("log", b"2"),
            ("event", b"3"),
            ("done", "a"),
            ("begin", "b"),
            ("done", "b"),
        ]
        for step in ("a", "b"):
            places = [place for place, entry in enumerate(told) if entry[0] == ("output", step)]
            assert told.index(("begin", step)) < min(places)
            assert max(places) < told.index(("done", step))
        assert told.index(("event", b"3")) > max(p for p, entry in enumerate(told) if entry[0] == ("output", "a"))


def test_the_schedules_do_differ():
    """The schedules played above really lead to different orders where order is free."""
    assert len({str(play(seed)) for seed in range(50)}) > 5


def test_a_marker_that_never_comes_holds_nothing_back_at_the_end():
    """When the executor died before a marker, what waits is released, and late output stays the running step's."""
    acts = [
        control("open", step="a", marker="MARK-A"),
        b"MARK-A",
        b"printed MAR",
        control("drain", step="a", marker="MARK-B"),
    ]
    assert play(1, [*acts, ("event", b"x")])[-1] == ("event", b"x")
    assert (("output", "a"), b"printed MAR") in play(1, acts)


def test_an_unknown_marker_would_be_output():
    """The check above can fail: a marker whose message comes too late shows up as printed text."""
    seen = Seen()
    merger = Merger(seen)
    merger.feed([], b"MARK-A")
    merger.feed([control("open", step="a", marker="MARK-A")], b"x")
    merger.finish()
    assert (("output", None), b"MARK-Ax") in seen.told
