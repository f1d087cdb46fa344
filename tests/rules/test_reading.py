"""Rules from plain data: what is right is read and written again, what is wrong is said in one sentence with its place."""

from __future__ import annotations

import time

import pytest

from osiris_core.rules.forms import TEXT_FORMS, Form
from osiris_core.rules.model import Bounds, RecordKind, RuleKind, Scope, Shape, Tolerance
from osiris_core.rules.patterns import PatternError, bounded, glob, path_glob, place_glob
from osiris_core.rules.presets import PRESETS
from osiris_core.rules.reading import read_rules
from osiris_core.rules.writing import rule_data, rules_digest

WHOLE = {
    "id": "batch-ids",
    "reason": "numbered anew",
    "kind": "bijection",
    "scope": {"record": "event", "step": "load", "name": "batch_*", "path": "batch"},
    "shape": {"type": "string", "pattern": "b-[0-9]+"},
    "max_hits": 10,
    "max_share": 0.5,
    "must_fire": True,
    "space": "batches",
}


def other(**changes):
    """Return a rule that is right, with keys changed; None takes a key out."""
    base = {"id": "r", "reason": "why", "kind": "token", "scope": {"record": "event", "path": "a"}}
    return {name: value for name, value in {**base, **changes}.items() if value is not None}


def test_a_rule_with_everything():
    """Every key has its place in the value."""
    (rule,), problems = read_rules([WHOLE], "manifest")
    assert problems == ()
    assert (rule.id, rule.reason, rule.kind, rule.space, rule.source) == (
        "batch-ids",
        "numbered anew",
        RuleKind.BIJECTION,
        "batches",
        "manifest",
    )
    assert rule.scope == Scope(record=RecordKind.EVENT, step="load", name="batch_*", path="batch")
    assert rule.shape == Shape(type="string", pattern="b-[0-9]+")
    assert rule.bounds == Bounds(max_hits=10, max_share=0.5, must_fire=True)


def test_the_keys_of_each_kind():
    """A tolerance has distances, a list its keys, a form its name, known values theirs."""
    rules, problems = read_rules(
        [
            other(id="a", kind="tolerance", absolute=1, relative=1e-9, ulp=4, signed_zero=False),
            other(id="b", kind="unordered", by=["id"]),
            other(id="c", kind="canonical", form="case"),
            other(id="d", kind="known-value", known=["user"]),
        ],
        "x",
    )
    assert problems == ()
    assert rules[0].tolerance == Tolerance(absolute=1, relative=1e-9, ulp=4, signed_zero=False)
    assert (rules[1].by, rules[2].form, rules[3].known) == (("id",), "case", ("user",))


@pytest.mark.parametrize("data", [WHOLE, other(), other(kind="tolerance", ulp=1), other(kind="canonical", form="case")])
def test_what_was_read_is_written_as_it_was(data):
    """A record shows a rule as its author wrote it."""
    (rule,), _ = read_rules([data], "manifest")
    assert rule_data(rule) == data


SCOPE = {"record": "event", "path": "a"}
WRONG = {
    "no list": ({}, (), "rules must be a list"),
    "no mapping": (["x"], (0,), "a rule must be a mapping"),
    "an unknown key": ([other(shap={})], (0, "shap"), "unknown key `shap` in a rule (did you mean `shape`?)"),
    "an unknown key of the scope": (
        [other(scope={**SCOPE, "stepp": "a"})],
        (0, "scope", "stepp"),
        "unknown key `stepp` in `scope` (did you mean `step`?)",
    ),
    "an unknown kind": ([other(kind="tokn")], (0, "kind"), "`kind` cannot be `tokn` (did you mean `token`?)"),
    "an unknown record": (
        [other(scope={"record": "events", "path": "a"})],
        (0, "scope", "record"),
        "`record` cannot be `events` (did you mean `event`?)",
    ),
    "no reason": ([other(reason=None)], (0,), "`reason` is missing in a rule"),
    "an empty reason": ([other(reason=" ")], (0, "reason"), "`reason` is empty"),
    "no id": ([other(id=None)], (0,), "`id` is missing in a rule"),
    "a bad id": ([other(id="A b")], (0, "id"), "`A b` is no id"),
    "no scope": ([other(scope=None)], (0,), "`scope` is missing in a rule"),
    "no field": ([other(scope={"record": "event"})], (0, "scope"), "`path` is missing in `scope`"),
    "one item of a list": (
        [other(scope={"record": "event", "path": "a[0]"})],
        (0, "scope", "path"),
        "an item of a list",
    ),
    "a field of a line": (
        [other(scope={"record": "log", "match": "a", "path": "x"})],
        (0, "scope", "path"),
        "`path` means nothing for log lines",
    ),
    "a whole line": ([other(scope={"record": "log"})], (0, "scope"), "`match` is missing in `scope`"),
    "a key of another kind": ([other(ulp=1)], (0, "ulp"), "`ulp` means nothing in a rule of kind `token`"),
    "an impossible pattern": (
        [other(shape={"pattern": "("})],
        (0, "shape", "pattern"),
        "`(` cannot be used: missing ): (",
    ),
    "a pattern with look-around": (
        [other(scope={**SCOPE, "match": "(?<=a)b"})],
        (0, "scope", "match"),
        "`(?<=a)b` cannot be used: look-around cannot be bounded in time",
    ),
    "a pattern with a reference": (
        [other(shape={"pattern": r"(a)\1"})],
        (0, "shape", "pattern"),
        r"`(a)\1` cannot be used: a reference back to a group cannot be bounded in time",
    ),
    "a pattern that is too large": ([other(shape={"pattern": "((a{99}){99}){99}"})], (0, "shape", "pattern"), "cannot"),
    "a range that is empty": (
        [other(shape={"least": 2, "greatest": 1})],
        (0, "shape", "least"),
        "no number is at least 2 and at most 1",
    ),
    "no distance": ([other(kind="tolerance")], (0,), "a tolerance must say how far"),
    "a negative distance": (
        [other(kind="tolerance", absolute=-1)],
        (0, "absolute"),
        "`absolute` must be a number, at least 0",
    ),
    "a distance without end": ([other(kind="tolerance", absolute=float("inf"))], (0, "absolute"), "a finite one"),
    "half a step": ([other(kind="tolerance", ulp=0.5)], (0, "ulp"), "`ulp` must be a whole number"),
    "no form": ([other(kind="canonical")], (0,), "`form` is missing in a rule"),
    "an unknown form": (
        [other(kind="canonical", form="nfc")],
        (0, "form"),
        "`form` cannot be `nfc`",
    ),
    "a form of files elsewhere": (
        [other(kind="canonical", form="type-inference")],
        (0, "form"),
        "`type-inference` is a form of files, not of event records",
    ),
    "an unknown known value": ([other(kind="known-value", known=["usr"])], (0, "known", 0), "`known` cannot be `usr`"),
    "a share beyond all": ([other(max_share=2)], (0, "max_share"), "`max_share` must lie between 0 and 1"),
    "half a hit": ([other(max_hits=0.5)], (0, "max_hits"), "`max_hits` must be a whole number"),
    "a truth value as number": ([other(max_hits=True)], (0, "max_hits"), "`max_hits` must be a number"),
    "the same id twice": ([other(), other()], (1,), "the id `r` is declared twice"),
    "a renaming of a table": (
        [other(kind="bijection", scope={"record": "table", "path": "id"})],
        (0, "kind"),
        "a rule of kind `bijection` cannot be held against a table",
    ),
    "a pattern for a table": (
        [other(shape={"pattern": "a"}, scope={"record": "table", "path": "id"})],
        (0, "shape"),
        "a table's statistics show neither a pattern nor a type",
    ),
    "lines without order": (
        [other(kind="unordered", scope={"record": "log"})],
        (0, "kind"),
        "lines of text cannot be `unordered`",
    ),
    "an unknown preset": (
        [{"preset": "uuid-in-text"}],
        (0, "preset"),
        "`preset` cannot be `uuid-in-text` (did you mean `uuids-in-text`?)",
    ),
    "an unknown key of a preset": ([{"preset": "float-noise", "ulp": 1}], (0, "ulp"), "unknown key `ulp` in a preset"),
    "a preset elsewhere": (
        [{"preset": "float-noise", "records": ["log"]}],
        (0, "records"),
        "the preset `float-noise` has no rule for `log`",
    ),
    "too many": ([other()] * 1001, (), "1,001 rules are too many"),
}


@pytest.mark.parametrize("kind", ["token", "bijection", "known-value"])
def test_a_rule_that_does_nothing_for_cells_is_refused_where_its_files_are_tables(kind):
    """Before anything runs, with what to declare instead; of a name that may be any file's, and of a stretch of CSV's text, nothing is said."""
    own = {"known": ["user"]} if kind == "known-value" else {}

    def said(**scope):
        return [
            each.message
            for each in read_rules([other(kind=kind, scope={"record": "artifact", **scope}, **own)], "manifest")[1]
        ]

    for name in ("write/*.csv", "write/a.PARQUET", "a.jsonl"):
        assert said(name=name, path="id") == [f"a rule of kind `{kind}` does nothing for the cells of {name}"]
    assert said(name="a.json", path="id") == said(path="id") == []
    if kind != "known-value":
        assert said(name="a.csv", match="id=([0-9]+)") == []


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_with_its_place(name):
    """One sentence each, and no rule at all: half a set of rules would hide too little or too much."""
    data, where, sentence = WRONG[name]
    rules, problems = read_rules(data, "manifest")
    assert rules == ()
    told = [(each.where, f"{each.message} ({each.hint})") for each in problems]
    assert [place for place, _ in told] == [where]
    assert sentence in told[0][1]


def test_everything_is_said_at_once():
    """A list with three mistakes has three problems."""
    assert len(read_rules([other(id="A"), other(kind="x"), "y"], "manifest")[1]) == 3


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_stands_for_explicit_rules(name):
    """They can be read, each has an id of its own, and reading what they are written as gives them again."""
    rules, problems = read_rules([{"preset": name}], "manifest")
    assert problems == ()
    assert [rule.scope.record.value for rule in rules] == list(PRESETS[name]["records"])
    assert {rule.source for rule in rules} == {f"manifest, preset {name}"}
    again, problems = read_rules([rule_data(rule) for rule in rules], "manifest")
    assert (rules_digest(again), problems) == (rules_digest(rules), ())


def test_a_preset_can_be_narrowed():
    """To a step, to some kinds of record, and with a reason of one's own."""
    given = {"preset": "uuids-in-text", "step": "load", "records": ["log"], "reason": "ours"}
    (rule,), _ = read_rules([given], "manifest")
    assert (rule.scope.step, rule.reason, rule.space) == ("load", "ours", "uuids-in-text")


def test_a_set_of_rules_has_a_digest():
    """It knows their content and their order, and not who declared them."""
    one, two = other(id="a"), other(id="b")
    assert rules_digest(read_rules([one, two], "x")[0]) == rules_digest(read_rules([one, two], "y")[0])
    assert rules_digest(read_rules([one, two], "x")[0]) != rules_digest(read_rules([two, one], "x")[0])
    assert rules_digest(()) == ""


def test_a_catastrophic_pattern_takes_no_time():
    """What would take a backtracking engine longer than the universe is answered at once; the clock is the test's timeout."""
    pattern = bounded("(a|a|b|ab)*(a|aa)+$")
    started = time.process_time()
    assert not pattern.matches("a" * 20_000 + "c")
    assert time.process_time() - started < 10


def test_a_pattern_finds_values_in_any_text():
    """By character, whatever the bytes; text that has no UTF-8 form too."""
    assert list(bounded("id=([0-9]+)").values("é id=12 \udc80 id=3")) == [(5, 7), (13, 14)]
    assert list(bounded("x*").values("axxb")) == [(1, 3)]
    with pytest.raises(PatternError, match="at most 1,000"):
        bounded("a" * 1_001)


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("*", "", True),
        ("a*b", "ab", True),
        ("a*b", "aXb", True),
        ("a*b", "aXbc", False),
        ("ab*ba", "aba", False),
        ("a*b*c", "aXcbYc", True),
        ("[a]", "a", False),
        ("*" * 50 + "b", "a" * 1000, False),
    ],
)
def test_wildcards_of_names(pattern, text, matches):
    """`*` is any text or none; every other character is itself."""
    assert glob(pattern, text) is matches


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("write/*.csv", "write/a.csv", True),
        ("write/*.csv", "write/b/a.csv", False),
        ("write/**/*.csv", "write/b/c/a.csv", True),
        ("write/**/*.csv", "write/a.csv", True),
        ("**", "write/a.csv", True),
        ("**/**/x", "a", False),
    ],
)
def test_wildcards_of_files(pattern, path, matches):
    """`*` stays in one name, `**` is any number of directories."""
    assert path_glob(pattern, path) is matches


@pytest.mark.parametrize(
    ("pattern", "place", "matches"),
    [
        ("detail.ids[*]", "detail.ids[*]", True),
        ("detail.*", "detail.ids", True),
        ("detail.*", "detail.ids[*]", False),
        ("**.id", "rows[*].id", True),
        ("rows[*].*", "rows[*].id", True),
        ("*", "a.b", False),
        ("**", "a.b[*]", True),
    ],
)
def test_wildcards_of_places(pattern, place, matches):
    """A name, an item of a list, any depth."""
    assert place_glob(pattern, place) is matches


def test_a_form_is_of_texts_or_of_values_and_files():
    """Those of texts give texts; the others are known to those who compare values, tables and files."""
    others = {Form.WHOLE_FLOATS, Form.EMPTY_IS_NULL, Form.TYPE_INFERENCE}
    assert others <= set(Form) - set(TEXT_FORMS)
    assert {type(change("Text \n")) for change in TEXT_FORMS.values()} == {str}
