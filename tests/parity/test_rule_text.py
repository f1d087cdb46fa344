"""Declared rules over lines of text: logs, what was printed, and errors, beside the two default rules."""

from __future__ import annotations

import pytest

from osiris_core.parity.compare import compare
from osiris_core.parity.layers import logs
from osiris_core.parity.record import Verdict
from osiris_core.rules.model import RuleKind, Shape, Tolerance
from osiris_core.rules.presets import PRESETS
from osiris_core.rules.reading import read_rules
from tests.parity.rules import rule
from tests.parity.sessions import failing, healthy, pair

A, B = "6a7c3f6e-3f0b-4a5e-9d58-0a4b8f9f1c11", "0f1e2d3c-4b5a-4988-8776-655443322110"
C, D = "11111111-2222-4333-8444-555555555555", "99999999-8888-4777-8666-555555555555"


def compared(tmp_path, left, right, *rules, text="normalized"):
    """Compare a healthy pair whose step `report` printed these lines."""
    drafts = healthy("local"), healthy("e2b")
    for draft, lines in zip(drafts, (left, right), strict=True):
        draft.printed["report"] = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")
    drafts[0].hello["environment"] = {"user": "ann", "hostname": "laptop"}
    drafts[1].hello["environment"] = {"user": "user", "hostname": "e2b.local"}
    return compare(*pair(tmp_path, *drafts), rules=rules, text=text)


TOKEN = rule("token", "printed", match="id=([^ ]+)", shape=Shape(pattern="[0-9]+"))
RENAMED = rule("bijection", "printed", match="id=([^ ]+)")
NEAR = rule("tolerance", "printed", match="p=([0-9.]+)", tolerance=Tolerance(absolute=0.5))
KNOWN = rule("known-value", "printed")
FORM = rule("canonical", "printed", form="case")

EQUAL = {
    "token": (TOKEN, ["id=1 go", "id=2 go"], ["id=7 go", "id=7 go"]),
    "token, with what the default rules know": (TOKEN, ["id=1 in /home/ann"], ["id=7 in /home/user"]),
    "bijection": (RENAMED, ["id=a", "id=b", "id=a"], ["id=x", "id=y", "id=x"]),
    "two on a line": (RENAMED, ["id=a id=b", "id=b"], ["id=x id=y", "id=y"]),
    "tolerance": (NEAR, ["p=1.0 n"], ["p=1.25 n"]),
    "known value": (KNOWN, ["ann@laptop: hi"], ["user@e2b.local: hi"]),
    "canonical": (FORM, ["Done"], ["DONE"]),
}
FAULTS = {
    "token: outside the shape": (TOKEN, ["id=1 go"], ["id=x go"], "rule-shape"),
    "token: outside on both sides": (TOKEN, ["id=x go"], ["id=x go"], "rule-shape"),
    "token: its neighbour": (TOKEN, ["id=1 go"], ["id=2 stop"], "printed-changed"),
    "token: lost": (TOKEN, ["id=1 go"], ["id= go"], "printed-changed"),
    "token: another place": (TOKEN, ["a id=1"], ["id=1 a"], "printed-changed"),
    "token: a line dropped": (TOKEN, ["id=1 go", "id=2 go"], ["id=1 go"], "printed-missing"),
    "token: a line doubled": (TOKEN, ["id=1 go"], ["id=1 go", "id=2 go"], "printed-extra"),
    "token: a text that pretends": (TOKEN, ["id=1 go"], ["id=<#0> go"], "rule-shape"),
    "bijection: one for two": (RENAMED, ["id=a", "id=a"], ["id=x", "id=y"], "rule-bijection"),
    "bijection: two for one": (RENAMED, ["id=a", "id=b"], ["id=x", "id=x"], "rule-bijection"),
    "bijection: equal, and renamed elsewhere": (RENAMED, ["id=a", "id=a"], ["id=a", "id=x"], "rule-bijection"),
    "bijection: swapped on a line": (RENAMED, ["id=a id=b", "id=a id=b"], ["id=x id=y", "id=y id=x"], "rule-bijection"),
    "tolerance: ten times as far": (NEAR, ["p=1.0"], ["p=6.0"], "printed-changed"),
    "tolerance: no number": (NEAR, ["p=1.0"], ["p=..."], "printed-changed"),
    "known value: beside it": (KNOWN, ["ann: hi"], ["user: ho"], "printed-changed"),
    "known value: a longer name": (KNOWN, ["annabel"], ["userabel"], "printed-changed"),
    "known value: a text that pretends": (KNOWN, ["ann"], ["<user>"], "printed-changed"),
    "canonical: another text": (FORM, ["Done"], ["gone"], "printed-changed"),
    "canonical: another stream's": (rule("canonical", "log", form="case"), ["A"], ["a"], "printed-changed"),
    "canonical: another step's": (
        rule("canonical", "printed", step="w*", form="case"),
        ["A"],
        ["a"],
        "printed-changed",
    ),
}


@pytest.mark.parametrize("name", EQUAL)
def test_what_a_rule_is_for_is_equivalent(name, tmp_path):
    """The rule is named, and without it the sessions are DIVERGENT."""
    declared, left, right = EQUAL[name]
    result = compared(tmp_path / "with", left, right, declared)
    assert (result.verdict, result.findings) == (Verdict.EQUIVALENT, ())
    assert "r" in [use.rule for use in result.rules if use.decided]
    assert compared(tmp_path / "without", left, right).verdict is Verdict.DIVERGENT


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_under_a_rule_is_found(name, tmp_path, monkeypatch):
    """With its code, from either side, in streams of any size."""
    declared, left, right, code = FAULTS[name]
    result = compared(tmp_path / "ab", left, right, declared)
    assert result.verdict is Verdict.DIVERGENT
    assert [finding.code for finding in result.findings] == [code]
    assert compared(tmp_path / "ba", right, left, declared).verdict is Verdict.DIVERGENT
    monkeypatch.setattr(logs, "ALIGNED_BYTES", 1)
    assert compared(tmp_path / "huge", left, right, declared).verdict is Verdict.DIVERGENT


def test_every_kind_of_rule_has_both():
    """A kind that can be declared for lines without an example and a fault is not tested; lists are no lines."""
    kinds = set(RuleKind) - {RuleKind.UNORDERED}
    assert {declared.kind for declared, *_ in EQUAL.values()} == kinds
    assert {declared.kind for declared, *_ in FAULTS.values()} == kinds


PRESET_LINES = {
    "uuids-in-text": (
        [f"start {A}", f"stop {A}", f"start {B}"],
        [f"start {C}", f"stop {C}", f"start {D}"],
        [f"start {C}", f"stop {D}", f"start {D}"],
    ),
    "names-in-text": (["hi ann"], ["hi user"], ["hi root"]),
    "terminal-codes": (["\x1b[31mred\x1b[0m"], ["red"], ["\x1b[31mread\x1b[0m"]),
    "composed-unicode": (["caf\u00e9"], ["cafe\u0301"], ["cafe"]),
}


@pytest.mark.parametrize("name", [name for name, preset in PRESETS.items() if "printed" in preset["records"]])
def test_a_preset_for_text_sets_aside_its_noise_and_finds_a_fault(name, tmp_path):
    """A new preset without a line here fails."""
    rules, problems = read_rules([{"preset": name}], "manifest")
    assert problems == ()
    left, noisy, faulty = PRESET_LINES[name]
    result = compared(tmp_path / "noise", left, noisy, *rules)
    assert result.verdict is Verdict.EQUIVALENT
    assert [use.rule for use in result.rules if use.complaint] == []
    assert compared(tmp_path / "fault", left, faulty, *rules).verdict is Verdict.DIVERGENT


def test_every_preset_for_lines_has_a_fault_to_find():
    """And the others are those for numbers, which `test_rule_tables.py` and `test_rule_metrics.py` hold to theirs."""
    for_lines = {name for name, preset in PRESETS.items() if "printed" in preset["records"]}
    assert (for_lines, set(PRESETS) - for_lines) == (set(PRESET_LINES), {"float-noise"})


def test_a_renaming_holds_over_all_streams_of_its_space(tmp_path):
    """An id that a log names and another stream prints is one id."""
    rules, _ = read_rules([{"preset": "uuids-in-text"}], "manifest")
    left, right = healthy("local"), healthy("e2b")
    for draft, logged, printed in ((left, A, A), (right, C, D)):
        draft.logs["report"] = f"INFO x made {logged}\n".encode()
        draft.printed["report"] = f"made {printed}\n".encode()
    result = compare(*pair(tmp_path, left, right), rules=rules)
    assert [finding.code for finding in result.findings] == ["rule-bijection"]


def test_declared_rules_hold_where_the_default_ones_are_off(tmp_path):
    """`text: exact` turns off what nobody declared."""
    assert compared(tmp_path / "a", ["id=1"], ["id=2"], TOKEN, text="exact").verdict is Verdict.EQUIVALENT
    mixed = ["id=1 /home/ann"], ["id=2 /home/user"]
    assert compared(tmp_path / "b", *mixed, TOKEN, text="exact").verdict is Verdict.DIVERGENT


def test_a_rule_that_covers_a_stream_counts_its_lines(tmp_path):
    """Also where all of them are equal: whether values differ in one run says nothing about the rule."""
    result = compared(tmp_path, ["id=1", "x", "id=2"], ["id=1", "x", "id=2"], TOKEN)
    assert result.verdict is Verdict.IDENTICAL
    assert [(use.covered, use.left_hits) for use in result.rules] == [((2, 2), 0)]


def test_a_stretch_has_one_rule(tmp_path):
    """Of two rules that find overlapping values in a line the first in the list has them; the other gets the rest."""
    numbers = rule("token", "printed", called="numbers", match="([0-9]+)")
    result = compared(tmp_path, ["id=12 n=3"], ["id=34 n=5"], TOKEN, numbers)
    assert result.verdict is Verdict.EQUIVALENT
    assert {use.rule: use.covered for use in result.rules} == {"r": (1, 1), "numbers": (1, 1)}


@pytest.mark.parametrize(
    ("left", "right"), [("id=1 ann", "id=1 <user>"), ("ann id=1", "<user> id=1"), ("ann", "<user>")]
)
def test_no_text_pretends_to_be_a_known_value(left, right, tmp_path):
    """Neither ahead of a claimed value nor after it."""
    assert compared(tmp_path, [left], [right], TOKEN, KNOWN).verdict is Verdict.DIVERGENT


def test_bytes_that_are_no_text_do_no_harm(tmp_path):
    """A line that is no UTF-8 is held under rules like any other."""
    assert compared(tmp_path / "a", ["\udcff id=1"], ["\udcff id=2"], TOKEN).verdict is Verdict.EQUIVALENT
    assert compared(tmp_path / "b", ["\udcff id=1"], ["\udcfe id=2"], TOKEN).verdict is Verdict.DIVERGENT


@pytest.mark.parametrize(
    ("left", "right", "verdict"),
    [
        ("no order 17", "no order 18", Verdict.EQUIVALENT),
        ("no order 17", "no offer 18", Verdict.DIVERGENT),
        ("no order 17", "no order x", Verdict.DIVERGENT),
        ("no order x", "no order x", Verdict.DIVERGENT),
    ],
)
def test_the_text_of_an_error(left, right, verdict, tmp_path):
    """Where a step fails alike on both sides, what its error says goes by the rules of `error`."""
    declared = rule("token", "error", match="order ([0-9a-z]+)", shape=Shape(type="integer"))
    result = compare(*pair(tmp_path, failing("local", message=left), failing("e2b", message=right)), rules=[declared])
    assert result.verdict is verdict
