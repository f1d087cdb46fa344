"""A default rule replaces only what it knows: a real difference beside it, or like it, stays a difference."""

from __future__ import annotations

import pytest

from osiris_core.parity.compare import compare
from osiris_core.parity.layers import logs
from osiris_core.parity.record import Verdict
from tests.parity.rules import rule
from tests.parity.sessions import failing, healthy, pair

REAL = {
    "a file beside the root": ("in /home/ann/flights/a.csv", "in /home/user/project/b.csv"),
    "a longer name": ("in /home/ann/flights2", "in /home/user/project2"),
    "another suffix": ("in /home/ann/flights.bak", "in /home/user/project.bak"),
    "a longer name of a home": ("in /home/ann2/x", "in /home/user2/x"),
    "a name with a dash": ("in /home/ann-old/x", "in /home/user-old/x"),
    "a root inside a longer path": ("in /mnt/home/ann/x", "in /mnt/home/user/x"),
    "another root": ("in /home/ann/x", "in /tmp/x"),
    "a path that is no root": ("in /home/bob/x", "in /home/eve/x"),
    "a number beside a root": ("/home/ann/flights: 3 rows", "/home/user/project: 4 rows"),
    "a count": ("read 12 rows", "read 13 rows"),
    "a count beside a duration": ("read 12 rows in 0.1s", "read 13 rows in 0.2s"),
    "a plain decimal": ("ratio 0.12", "ratio 0.13"),
    "a rate": ("120 rows/s", "130 rows/s"),
    "a size": ("12 MB", "13 MB"),
    "a duration longer than the run": ("timeout 30s", "timeout 60s"),
    "a version": ("numpy 1.26.4", "numpy 2.1.0"),
    "a decimal comma": ("took 0,12s", "took 0.12s"),
    "a duration with a decimal comma": ("took 0,12ms", "took 0,15ms"),
    "a time before the run": ("since 2026-11-23T12:00:00Z", "since 2026-11-22T12:00:00Z"),
    "a time in another zone": ("at 2026-11-24T13:00:00.1+01:00", "at 2026-11-24T12:00:30.1Z"),
    "a naive time of a host that is not on UTC": ("at 2026-11-24 13:00:00", "at 2026-11-24 12:00:30"),
    "a clock outside the run": ("[09:00:00] go", "[10:00:00] go"),
    "a date": ("on 2026-11-24", "on 2026-11-25"),
    "a Unix time long ago": ("key 1600000000", "key 1600000001"),
    "a code in hexadecimal": ("status 0x10", "status 0x20"),
    "one object and two": (
        "<A at 0x7f0000000001> is <A at 0x7f0000000001>",
        "<A at 0x7f0000000001> is <A at 0x7f0000000002>",
    ),
    "a checksum in hexadecimal": ("crc 0xdeadbeef", "crc 0xcafebabe"),
    "a process id that is not its own": ("pid=100", "pid=200"),
    "its own process id as a plain number": ("51234 rows", "7 rows"),
    "a text that pretends to be a token": ("in /home/ann", "in <home>"),
    "a text that pretends to be an escaped token": ("in /home/ann", "in <<home>"),
    "the kind of a token": ("took 0.1s", "at 2026-11-24T12:00:30.1Z"),
    "letter case": ("Done", "done"),
    "a trailing blank": ("done", "done "),
    "a carriage return": ("done", "done\r"),
    "composed and decomposed letters": ("caf\u00e9", "cafe\u0301"),
}


@pytest.mark.parametrize("name", REAL)
def test_a_real_difference_stays_one(name, tmp_path):
    """The rules hide neither their neighbours nor values that only look like theirs, from either side."""
    left_text, right_text = REAL[name]
    left, right = healthy("local"), healthy("e2b")
    left.printed["report"] = f"first\n{left_text}\nlast\n".encode()
    right.printed["report"] = f"first\n{right_text}\nlast\n".encode()
    sessions = pair(tmp_path, left, right)
    for result in (compare(*sessions), compare(*reversed(sessions))):
        assert result.verdict is Verdict.DIVERGENT
        assert [(f.code, f.path) for f in result.findings] == [("printed-changed", "report.out:2")]


@pytest.mark.parametrize("name", REAL)
def test_a_real_difference_in_an_error_stays_one(name, tmp_path):
    """Error text is judged no milder than other text."""
    left_text, right_text = REAL[name]
    drafts = failing("local", message=left_text), failing("e2b", message=right_text)
    result = compare(*pair(tmp_path, *drafts))
    assert (result.verdict, result.first_diverging_step) == (Verdict.DIVERGENT, "delays")


def test_artifacts_never_go_by_the_text_rules(tmp_path):
    """A path or a time that reached an artifact is a difference."""
    left, right = healthy("local"), healthy("e2b")
    left.files["report/log.txt"] = b"from /home/ann/flights in 0.1s\n"
    right.files["report/log.txt"] = b"from /home/user/project in 0.2s\n"
    result = compare(*pair(tmp_path, left, right))
    assert (result.verdict, [f.code for f in result.findings]) == (Verdict.DIVERGENT, ["artifact-content"])


def test_a_path_in_a_drivers_event_is_a_difference(tmp_path):
    """The text rules are for text: a field of an event is data."""
    left, right = healthy("local"), healthy("e2b")
    left.event("page_made")["page"] = "/home/ann/flights/one"
    right.event("page_made")["page"] = "/home/user/project/one"
    result = compare(*pair(tmp_path, left, right))
    assert [(f.code, f.path) for f in result.findings] == [("event-changed", "page_made[0].page")]


def test_a_line_with_noise_that_also_stands_elsewhere_is_matched_alike(tmp_path):
    """A line that happens to occur raw on the other side, at another place, is still matched by its token."""
    left, right = healthy("local"), healthy("e2b")
    left.printed["report"] = b"took 1ms\ntook 2ms\n"
    right.printed["report"] = b"took 2ms\ntook 1ms\n"
    assert compare(*pair(tmp_path, left, right)).verdict is Verdict.EQUIVALENT


def test_a_rule_that_met_only_equal_values_decided_nothing(tmp_path):
    """A rule's hits are counted where a line was set aside; only the rule that was needed decided."""
    left, right = healthy("local"), healthy("e2b")
    left.printed["report"] = b"/tmp/x took 0.1s\n"
    right.printed["report"] = b"/tmp/x took 0.2s\n"
    result = compare(*pair(tmp_path, left, right))
    assert [(use.rule, use.left_hits, use.decided) for use in result.rules] == [
        ("known-roots", 1, 0),
        ("text-noise", 1, 1),
    ]


def test_streams_too_large_to_align_are_walked(tmp_path, monkeypatch):
    """Beyond a size lines are held against each other by number, under the same rules."""
    monkeypatch.setattr(logs, "ALIGNED_BYTES", 10)
    left, right = healthy("local"), healthy("e2b")
    left.printed["report"] = b"in /home/ann\nsame\none\n"
    right.printed["report"] = b"in /home/user\nsame\ntwo\nmore\n"
    (finding,) = compare(*pair(tmp_path, left, right)).findings
    assert (finding.code, finding.path, finding.left, finding.right) == (
        "printed-changed",
        "report.out:3",
        "one",
        "two",
    )
    assert finding.message == "other text in 2 lines (by line number), from line 3 on"
    right.printed["report"] = b"in /home/user\nsame\none\n"
    assert compare(*pair(tmp_path, left, right)).verdict is Verdict.EQUIVALENT


def test_no_more_than_twenty_examples_are_kept(tmp_path):
    """A rule counts all its hits, and shows a few."""
    left, right = healthy("local"), healthy("e2b")
    left.printed["report"] = b"".join(b"%d took 0.1s\n" % n for n in range(50))
    right.printed["report"] = b"".join(b"%d took 0.2s\n" % n for n in range(50))
    (use,) = compare(*pair(tmp_path, left, right)).rules
    assert (use.left_hits, use.right_hits, use.decided, len(use.examples)) == (50, 50, 50, 20)


def test_of_many_rules_each_has_its_share_of_examples(tmp_path):
    """So that a record stays small, whatever is declared: at most a hundred in all, and three of each rule."""
    left, right = healthy("local"), healthy("e2b")
    for draft, name in ((left, "a"), (right, "b")):
        draft.printed["report"] = "".join(f"{n} {name}{n}\n" for n in range(8) for _ in range(30)).encode()
    rules = [rule("token", "printed", match=rf"{n} (\w+)", called=f"r{n}") for n in range(8)]
    uses = compare(*pair(tmp_path, left, right), rules=rules).rules
    assert [(use.decided, len(use.examples)) for use in uses] == [(30, 12)] * 8
