"""A session that is torn, hostile or not what it says: refused in one sentence where it would be believed, and looked at all the same where it is only looked at."""

from __future__ import annotations

import datetime as dt
import json
import os

import pytest

from osiris_core.diffing import DiffOptions, diff
from osiris_core.errors import SessionError
from osiris_core.session import record_lines
from osiris_core.session.reader import open_session
from osiris_core.testing.mutations import SessionCopy

HUGE = 1 << 28


def torn(directory):
    path = directory / "events.jsonl"
    data = path.read_bytes()[:-20]
    path.unlink()
    path.write_bytes(data)


def endless(directory):
    (directory / "metrics.jsonl").unlink()
    with (directory / "metrics.jsonl").open("wb") as out:
        out.truncate(HUGE)


def pipe(name):
    def damage(directory):
        (directory / name).unlink(missing_ok=True)
        os.mkfifo(directory / name)

    return damage


def circle(directory):
    (directory / "artifacts" / "leave" / "circle").symlink_to("../leave")
    (directory / "artifacts" / "leave" / "itself").symlink_to("itself")


def stated(**facts):
    def damage(directory):
        path = directory / "session.json"
        value = json.loads(path.read_bytes())
        path.write_text(json.dumps(value | facts))

    return damage


def more_events(directory):
    value = json.loads((directory / "session.json").read_bytes())
    stated(counts=value["counts"] | {"events": 7})(directory)


def directory_for_a_file(directory):
    (directory / "events.jsonl").unlink()
    (directory / "events.jsonl").mkdir()


DAMAGE = {
    "torn lines": (torn, "is cut off", "is cut off"),
    "a line without end": (endless, "bytes or more: no record is that long", "is longer than"),
    "a pipe for events": (pipe("events.jsonl"), "not a regular file", "is no regular file"),
    "a pipe for a log": (pipe("logs/speak.log"), "counts log_lines as", "speak.log"),
    "a pipe among artifacts": (pipe("artifacts/leave/pipe"), "not a regular file", "leave/pipe was not compared"),
    "links in a circle": (circle, "cannot be read as an artifact", "leave/circle was not compared"),
    "another contract": (stated(contract=2), "contract version 2", "contract version 2"),
    "no terminal record": (stated(outcome="lost"), "was changed after it was closed", "lost"),
    "wrong counts": (more_events, "counts events as 7", "counts events as 7"),
    "an unknown outcome": (stated(outcome="fine"), "unknown outcome 'fine'", "unknown outcome 'fine'"),
    "a directory for a file": (directory_for_a_file, "events.jsonl cannot be read", "is no regular file"),
    "no session.json": (lambda each: (each / "session.json").unlink(), "is no closed session", "no terminal record"),
    "session.json is no object": (
        lambda each: (each / "session.json").write_text("[]"),
        "is no JSON object",
        "no JSON object",
    ),
}


@pytest.fixture
def damaged(pairs, place, monkeypatch):
    """Break a copy of the right session in one way."""
    monkeypatch.setattr(record_lines, "LINE_BYTES", 1 << 20)  # the real bound is 256 MiB

    def damage(name):
        directory = SessionCopy(pairs[False][1], place()).close()
        DAMAGE[name][0](directory)
        return directory

    return damage


@pytest.mark.parametrize("name", DAMAGE)
def test_what_is_broken_is_refused_in_a_sentence(name, damaged):
    """`open_session`, by which a check believes a session, says what is wrong, in one line."""
    with pytest.raises(SessionError) as refused:
        open_session(damaged(name))
    assert DAMAGE[name][1] in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", DAMAGE)
def test_what_is_broken_is_compared_as_far_as_it_can_be(name, damaged, pairs):
    """`osiris-parity diff` says what is wrong, compares the rest, and is never green."""
    record = diff([pairs[False][0], damaged(name)], DiffOptions(now=dt.datetime.now(dt.UTC)))
    assert record.verdict in {"INCONCLUSIVE", "DIVERGENT"}
    assert not record.passed
    said = [*record.comparison.problems, *record.comparison.not_compared]
    assert any(DAMAGE[name][2] in each for each in said), said
    assert not any("\n" in each for each in said)
    assert record.comparison.compared.artifacts[0] == 13
