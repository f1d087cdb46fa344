"""Declared rules inside files: they set aside what they cover, are counted once, and hide nothing else."""

from __future__ import annotations

import pytest

from osiris_core.parity.compare import compare
from osiris_core.parity.record import Verdict
from osiris_core.rules.model import Shape, Tolerance
from tests.parity.rules import rule
from tests.parity.sessions import healthy, pair

JSON = "report/summary.json"
TEXT = "report/notes.txt"


def compared(folder, file, left, right, *rules):
    drafts = healthy("local"), healthy("e2b")
    for draft, content in zip(drafts, (left, right), strict=True):
        draft.files[file] = content.encode()
    return compare(*pair(folder, *drafts), rules=rules)


EQUAL = {
    "a token at a path": (
        JSON, '{"id": "a1", "n": 1}', '{"id": "b2", "n": 1}', rule("token", "artifact", path="id", shape=Shape(pattern="[a-f]\\d")), 1,
    ),
    "a token in every item": (
        JSON, '{"rows": [{"id": 1}, {"id": 2}]}', '{"rows": [{"id": 3}, {"id": 4}]}',
        rule("token", "artifact", path="rows[*].id", name="report/*.json"), 2,
    ),
    "a tolerance": (
        JSON, '{"mean": 1.0}', '{"mean": 1.0000001}', rule("tolerance", "artifact", path="mean", tolerance=Tolerance(relative=1e-6)), 1,
    ),
    "a tolerance for digits that Python's floats lose": (
        JSON, '{"mean": 0.1}', '{"mean": 0.1000000000000000055}',
        rule("tolerance", "artifact", path="mean", tolerance=Tolerance(relative=1e-6)), 1,
    ),
    "a list without order": (
        JSON, '{"tags": ["a", "b"]}', '{"tags": ["b", "a"]}', rule("unordered", "artifact", path="tags"), 1,
    ),
    "a list by key": (
        JSON, '[{"id": 1, "v": 2}, {"id": 2, "v": 3}]', '[{"id": 2, "v": 3}, {"id": 1, "v": 2}]',
        rule("unordered", "artifact", path="", by=("id",)), 1,
    ),
    "a renaming": (
        JSON, '{"a": "x1", "b": ["x1", "x2"]}', '{"a": "y7", "b": ["y7", "y8"]}', rule("bijection", "artifact"), 3,
    ),
    "a form of a value": (
        JSON, '{"a": "caf\\u00e9"}', '{"a": "cafe\\u0301"}', rule("canonical", "artifact", path="a", form="unicode-nfc"), 1,
    ),
    "lines in any order": (TEXT, "a\nb\nb\n", "b\na\nb\n", rule("unordered", "artifact"), 1),
    "a stretch of text": (
        TEXT, "made by job 12\n", "made by job 345\n", rule("token", "artifact", match="job (\\d+)"), 1,
    ),
    "a form of a text": (TEXT, "a\r\n", "a\n", rule("canonical", "artifact", form="line-endings"), 1),
}  # fmt: skip


@pytest.mark.parametrize("name", EQUAL)
def test_a_rule_makes_a_file_equivalent_and_is_counted_once(name, tmp_path):
    """The verdict is EQUIVALENT by this rule alone, with as many decisions as there are values that differ."""
    file, left, right, declared, decided = EQUAL[name]
    result = compared(tmp_path, file, left, right, declared)
    assert (result.verdict, result.findings) == (Verdict.EQUIVALENT, ())
    assert [(use.rule, use.decided) for use in result.rules if use.decided] == [("r", decided)]


@pytest.mark.parametrize("name", EQUAL)
def test_without_the_rule_the_same_file_is_divergent(name, tmp_path):
    """No rule is on that was not declared."""
    file, left, right, *_ = EQUAL[name]
    assert compared(tmp_path, file, left, right).verdict is Verdict.DIVERGENT


DIFFERENT = {
    "outside of the shape": (
        JSON, '{"id": "a1"}', '{"id": "zz"}', rule("token", "artifact", path="id", shape=Shape(pattern="[a-f]\\d")),
        "rule-shape", f"{JSON}:id",
    ),
    "at another path": (
        JSON, '{"id": "a1", "n": 1}', '{"id": "b2", "n": 2}', rule("token", "artifact", path="id"), "artifact-content", f"{JSON}:n",
    ),
    "beyond the tolerance": (
        JSON, '{"mean": 1.0}', '{"mean": 1.1}', rule("tolerance", "artifact", path="mean", tolerance=Tolerance(relative=1e-6)),
        "artifact-content", f"{JSON}:mean",
    ),
    "no renaming": (
        JSON, '["x1", "x1"]', '["y7", "y8"]', rule("bijection", "artifact"), "rule-bijection", f"{JSON}:[1]",
    ),
    "an item lost from a list without order": (
        JSON, '{"tags": ["a", "a", "b"]}', '{"tags": ["b", "a"]}', rule("unordered", "artifact", path="tags"),
        "artifact-content", f"{JSON}:tags[1]",
    ),
    "digits that Python's floats lose": (
        JSON, '{"id": 1, "x": 0.1}', '{"id": 2, "x": 0.1000000000000000055}', rule("token", "artifact", path="id"),
        "artifact-content", f"{JSON}:x",
    ),
    "another file": (
        JSON, '{"id": "a1"}', '{"id": "b2"}', rule("token", "artifact", path="id", name="write/*"), "artifact-content", f"{JSON}:id",
    ),
    "a token for a whole text": (TEXT, "a\n", "b\n", rule("token", "artifact"), "artifact-content", TEXT),
    "a line that is there once less": (TEXT, "a\nb\nb\n", "b\na\n", rule("unordered", "artifact"), "artifact-content", TEXT),
    "text beside the stretch": (
        TEXT, "made by job 12\n", "kept by job 345\n", rule("token", "artifact", match="job (\\d+)"), "artifact-content", TEXT,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_a_rule_does_not_cover_stays_a_difference(name, tmp_path):
    """With the rule's own code where it has one."""
    file, left, right, declared, code, path = DIFFERENT[name]
    result = compared(tmp_path, file, left, right, declared)
    assert result.verdict is Verdict.DIVERGENT
    assert (code, path) in [(finding.code, finding.path) for finding in result.findings]


def test_a_rule_about_a_file_that_is_equal_has_met_it(tmp_path):
    """A rule is not out of date because there was nothing to set aside."""
    declared = rule("token", "artifact", path="id", source="manifest")
    result = compared(tmp_path, JSON, '{"id": 1}', '{"id": 1}', declared)
    assert (result.verdict, [use.complaint for use in result.rules]) == (Verdict.IDENTICAL, [""])


@pytest.mark.parametrize("kind", ["token", "bijection", "known-value"])
@pytest.mark.parametrize(
    ("file", "left", "right"),
    [("report/t.csv", "k,v\n1,a\n", "k,v\n1,b\n"), ("report/t.jsonl", '{"v": "a"}\n', '{"v": "b"}\n')],
)
def test_a_rule_that_tables_in_files_do_not_know_is_told(tmp_path, kind, file, left, right):
    """The cells differ all the same, and whoever declared the rule hears that it did nothing; that is no finding."""
    declared = rule(kind, "artifact", path="v", **({"known": ("user",)} if kind == "known-value" else {}))
    result = compared(tmp_path, file, left, right, declared)
    assert [finding.code for finding in result.findings] == ["table-cells"]
    assert [use.complaint for use in result.rules] == [f"does nothing for cells of table files: {file}"]
