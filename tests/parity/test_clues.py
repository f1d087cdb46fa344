"""What the environments of both sides suggest about a difference, and where they must not suggest anything."""

from __future__ import annotations

import pytest

from osiris_core.parity.compare import compare
from tests.parity.sessions import healthy, pair

FACTS = {
    "hostname": ("laptop", "e2b.local"),
    "user": ("ann", "user"),
    "home": ("/home/ann", "/home/user"),
    "timezone": ("Europe/Prague", "Etc/UTC"),
    "locale": ("cs_CZ.UTF-8", "C.UTF-8"),
    "affinity_cpus": (8, 2),
    "cpus": (8, 2),
    "memory_total_bytes": (16_000_000_000, 512_000_000),
}


def sides(**changed):
    """Return a healthy pair with an environment each, which differ in all of `FACTS`."""
    left, right = healthy("local"), healthy("e2b")
    facts = {**FACTS, **changed}
    for side, draft in enumerate((left, right)):
        draft.hello["environment"] = {name: values[side] for name, values in facts.items()}
    return left, right


@pytest.mark.parametrize(
    ("left_text", "right_text", "said"),
    [
        ("on laptop now", "on e2b.local now", "laptop and e2b.local are each target's host name"),
        ("by ann", "by user", "ann and user are each target's user"),
        ("8 workers", "2 workers", "8 and 2 are the number of each target's CPUs"),
        ("zone Europe/Prague", "zone Etc/UTC", "Europe/Prague and Etc/UTC are each target's time zone"),
        ("cs_CZ.UTF-8", "C.UTF-8", "cs_CZ.UTF-8 and C.UTF-8 are each target's locale"),
        ("16000000000 bytes", "512000000 bytes", "are the size of each target's memory"),
    ],
)
def test_a_value_of_the_environment_is_recognised(tmp_path, left_text, right_text, said):
    """Both texts are the same but for what each target has for itself."""
    left, right = sides()
    left.printed["report"], right.printed["report"] = left_text.encode() + b"\n", right_text.encode() + b"\n"
    (finding,) = compare(*pair(tmp_path, left, right)).findings
    assert said in finding.hint


@pytest.mark.parametrize(
    ("left_text", "right_text"),
    [
        ("18 rows", "12 rows"),  # 8 and 2 only inside other numbers
        ("8 rows of 5", "2 rows of 6"),  # something else differs too
        ("8.5 s of work", "2.5 s of work"),
        ("by anna", "by users"),
        ("8 workers", "3 workers"),  # 3 is nobody's number of CPUs
    ],
)
def test_nothing_is_suggested_where_it_does_not_fit(tmp_path, left_text, right_text):
    """A part of another word or number is no fact, and a pair that differs in more is not explained by one."""
    left, right = sides()
    left.printed["report"], right.printed["report"] = left_text.encode() + b"\n", right_text.encode() + b"\n"
    (finding,) = compare(*pair(tmp_path, left, right)).findings
    assert finding.hint == ""


def test_parts_by_the_number_of_cpus(tmp_path):
    """As many files as CPUs on each side is no coincidence to leave unsaid."""
    left, right = sides(affinity_cpus=(3, 2), cpus=(3, 2))
    for draft, parts in ((left, 3), (right, 2)):
        draft.files.update({f"report/part-{number}-of-{parts}.csv": b"x\n" for number in range(parts)})
    hints = {finding.hint for finding in compare(*pair(tmp_path, left, right)).findings}
    assert hints == {"as many parts as there are CPUs, 3 and 2: make their number a parameter"}


def test_versions_that_differ_are_told_at_the_cause_only(tmp_path):
    """At the step where it begins the versions are named, also Python's; at an effect they would only repeat."""
    left, right = sides(
        python=("3.11.7", "3.11.9"), distributions=({"duckdb": "1", "x": "1"}, {"duckdb": "2", "x": "1"})
    )
    right.event("inputs_resolved", "delays")["rows"] = 4
    right.files["write/new.csv"] = b"a\n"
    first, second = compare(*pair(tmp_path, left, right)).findings
    assert (first.step, first.hint) == (
        "delays",
        "versions differ between local and e2b: Python 3.11.7 and 3.11.9, duckdb 1 and 2",
    )
    assert (second.step, second.hint) == ("write", "")


def test_a_doubled_event_suggests_a_retry(tmp_path):
    """The same event twice has few causes."""
    right = healthy("e2b")
    place = right.events.index(right.event("page_made"))
    right.events.insert(place, dict(right.events[place]))
    (finding,) = compare(*pair(tmp_path, right=right)).findings
    assert finding.hint == "the same again: look for a retry, or for something that was registered twice"


def test_an_environment_of_another_form_suggests_nothing(tmp_path):
    """A foreign hello does no harm."""
    left, right = sides()
    left.hello["environment"], right.hello["environment"] = ["x"], None
    right.printed["report"] = b"x\n"
    (finding,) = compare(*pair(tmp_path, left, right)).findings
    assert finding.hint == ""
