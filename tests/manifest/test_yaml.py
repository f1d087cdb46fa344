"""YAML 1.2 and JSON, as this project reads them: what each way of writing means, and what is refused of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.errors import ManifestError
from osiris_core.manifest.nodes import to_json
from osiris_core.manifest.problems import Problems
from osiris_core.manifest.tree import read_tree
from tests.manifest.project import WHOLE

if TYPE_CHECKING:
    from tests.manifest.project import Project


def read(text: str) -> Any:
    """Return what a text says."""
    problems = Problems("x")
    tree = read_tree(text, problems)
    problems.raise_if_any()
    return to_json(tree)


def refused(text: str) -> list[str]:
    """Return what is wrong with a text as YAML."""
    with pytest.raises(ManifestError) as caught:
        read(text)
    return [str(each).removeprefix("x:") for each in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: b c\n", {"a": "b c"}),
        ("a: b\n  c\n\n  d\n", {"a": "b c\nd"}),
        ("a: b #c\n", {"a": "b"}),
        ("a: b#c\n", {"a": "b#c"}),
        ("a: http://x:80/y?z#f\n", {"a": "http://x:80/y?z#f"}),
        ("a: ::b\n", {"a": "::b"}),
        ("a: -b\n", {"a": "-b"}),
        ("a: ?b\n", {"a": "?b"}),
        ("a: [b:c, d?e, -g, http://x/y]\n", {"a": ["b:c", "d?e", "-g", "http://x/y"]}),
        ("a: [b: c, d]\n", {"a": [{"b": "c"}, "d"]}),
        ('a: ["b":c]\n', {"a": [{"b": "c"}]}),
        ('a: {"b":1,"c":[]}\n', {"a": {"b": 1, "c": []}}),
        ("a: {b, c: , d: 1,}\n", {"a": {"b": None, "c": None, "d": 1}}),
        ("a: [b, c,]\n", {"a": ["b", "c"]}),
        ("a:\n- b\n-\n- - c\n  - d\n", {"a": ["b", None, ["c", "d"]]}),
        ("? a\n: b\n? c\n", {"a": "b", "c": None}),
        ("a: 'it''s'\n", {"a": "it's"}),
        ("a: 'b\n\n  c'\n", {"a": "b\nc"}),
        ('a: "b\\\n  c\\tdé\\u00e9\\x41\\U0001F600\\/"\n', {"a": "bc\tdééA\U0001f600/"}),
        ("a: |\n  b\n   c\n\nd: 1\n", {"a": "b\n c\n", "d": 1}),
        ("a: |-\n  b\n", {"a": "b"}),
        ("a: |+\n  b\n\n", {"a": "b\n\n"}),
        ("a: |1\n  b\n", {"a": " b\n"}),
        ("a: |\n\n  b\n", {"a": "\nb\n"}),
        ("a: | # words\n  b # c\n", {"a": "b # c\n"}),
        ("a: |\n  b", {"a": "b"}),
        ("a: >\n  b\n  c\n\n  d\n   e\n", {"a": "b c\nd\n e\n"}),
        ("a: |\n  \\ud83d 'x' \"y\" &z\n", {"a": "\\ud83d 'x' \"y\" &z\n"}),
        ("a: &x {b: 1}\nc: *x\nd: [*x, *x ]\n", {"a": {"b": 1}, "c": {"b": 1}, "d": [{"b": 1}, {"b": 1}]}),
        ("a: &x b\n*x : c\n", {"a": "b", "b": "c"}),
        ("a: &x b\nc: &x d\ne: *x\n", {"a": "b", "c": "d", "e": "d"}),
        ("%YAML 1.2\n---\na: b\n...\n", {"a": "b"}),
        ("--- \na: b\n...\n...\n", {"a": "b"}),
        ("# words\n\n---\n# more\na: b # c\n", {"a": "b"}),
        ("a:\t1\t\nb: [1,\t2]\t# c\n", {"a": 1, "b": [1, 2]}),
        ("{\n\t'a':\t[\n\t\t1\n\t]\n}\n", {"a": [1]}),
        ("a: b\r\nc: |\r\n  d\r\n  e\r\n", {"a": "b", "c": "d\ne\n"}),
        ("a: b\rc: d\r", {"a": "b", "c": "d"}),
        ("a: [yes, no, on, off, y, 0777, 1_0, 1:30, 2001-12-14, =]\n", {"a": ["yes", "no", "on", "off", "y", 777, "1_0", "1:30", "2001-12-14", "="]}),
        ("a: [null, ~, '', Null, nULL]\n", {"a": [None, None, "", None, "nULL"]}),
        ("a: [+1, -1, 0o7, 0xF, 0b1, +.5, 1., 1e3, .e3]\n", {"a": [1, -1, 7, 15, "0b1", 0.5, 1.0, 1000.0, ".e3"]}),
    ],
)  # fmt: skip
def test_what_is_written_is_what_arrives(text: str, value: Any):
    """Each way of writing has one meaning: that of YAML 1.2."""
    found = read(text)
    assert found == value
    assert repr(found) == repr(value)  # 1, 1.0 and true are equal, and not the same


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": "\\ud83d\\ude00"}', "\U0001f600"),
        ('a: "x\\uD83D\\uDE00y\\ud83d\\ude00"\n', "x\U0001f600y\U0001f600"),
        ('a: "\\\\ud83d\\\\ude00"\n', "\\ud83d\\ude00"),
        ('a: "\\\\\\ud83d\\ude00"\n', "\\\U0001f600"),
        ("a: '\\ud83d\\ude00'\n", "\\ud83d\\ude00"),
        ("a: \\ud83d\\ude00\n", "\\ud83d\\ude00"),
        ('a: "\ue000\\ud83d\\ude00\ue001"\n', "\ue000\U0001f600\ue001"),
        ('a: "\\ud83d\\ude00" # \\ud83d\n', "\U0001f600"),
    ],
)
def test_pairs_of_surrogates_are_one_character(text: str, value: str):
    """JSON writes what lies beyond U+FFFF as two escapes: in double quotes they are one character, elsewhere text."""
    assert read(text) == {"a": value}


def test_half_a_pair_is_refused_where_it_stands():
    """No place moves because escapes were looked at."""
    text = 'a: ["\\ud83d\\ude00", "\\ud83dx", "\\ude00\\ud83d", b, "c]\n'
    assert refused(text) == [
        "1:21: `\\ud83dx` holds half of a surrogate pair, which is no character",
        "1:32: `\\ude00\\ud83d` holds half of a surrogate pair, which is no character",
        "2:1: this is not YAML: the file ends inside of quotes (while scanning a quoted scalar, which begins at 1:51)",
    ]


NAME = "this is not YAML: the name after `&` or `*` has letters, digits, `_` and `-` only"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: &x:y z\n", f"1:6: {NAME} (put a space behind it)"),
        ("a: &x?y z\n", f"1:6: {NAME} (put a space behind it)"),
        ("a: &x b\n*x: c\n", f"2:3: {NAME} (put a space behind it)"),
        ("a: &x b\nc: {*x: 1}\n", f"2:7: {NAME} (put a space behind it)"),
        ("a: &x.y z\n", f"1:6: {NAME} (while scanning an anchor, which begins at 1:4)"),
        ("a: &é z\n", f"1:5: {NAME} (while scanning an anchor, which begins at 1:4)"),
        ("a: *\n", f"1:5: {NAME} (while scanning an alias, which begins at 1:4)"),
    ],
)
def test_names_of_anchors_that_parsers_read_differently_are_refused(text: str, problem: str):
    """Where YAML 1.1 ends a name and YAML 1.2 does not, nobody is left to guess."""
    assert refused(text) == [problem]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('a: "b"#c\n', "1:7"),
        ("a: 'b'#c\n", "1:7"),
        ("a: [b]#c\n", "1:7"),
        ("a: [#c\n  b]\n", "1:5"),
        ("a: [b,#c\n  d]\n", "1:7"),
        ('a: {"b":#c\n  d}\n', "1:9"),
        ("a: |#c\n  b\n", "1:5"),
        ("a: >-#c\n  b\n", "1:6"),
    ],
)
def test_a_comment_needs_a_space(text: str, place: str):
    """YAML 1.2 has no comment right behind something else."""
    assert refused(text) == [f"{place}: this is not YAML: a comment needs a space before its `#`"]
    assert read(text.replace("#c", " #c"))


ENTRY = "is expected here: is the line indented as its neighbours are, and each quote closed?"
COLON = "a `:` cannot stand here: quote a text that has one"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: b: c\n", f"1:5: {COLON}"),
        ("a: 1\n  b: 2\n", f"2:4: {COLON}"),
        ("a\nb: 1\n", f"2:2: {COLON}"),
        ("a: [b::]\n", f"1:7: {COLON} (while scanning a plain scalar, which begins at 1:5)"),
        ("k" * 2000 + ": 1\n", f"1:2001: {COLON}"),
        ("a: ? b\n", "1:4: a `?` cannot stand here: quote a text that begins with one"),
        ("a: - b\n", "1:4: a list cannot begin here: write its `-` on a line of its own"),
        ("? a\nb\n", "3:1: a `:` is missing before this place (while scanning a simple key, which begins at 2:1)"),
        ("a: [b\n", "2:1: a `,` or `]` is expected here (while parsing a flow sequence, which begins at 1:4)"),
        ("a: [::b]\n", "1:5: a value is expected here"),
        ("a: {b: c d: e}\n", "1:11: a `,` or `}` is expected here (while parsing a flow mapping, which begins at 1:4)"),
        ('{"a"\n: 1}\n', "2:1: a `,` or `}` is expected here (while parsing a flow mapping, which begins at 1:1)"),
        ("- a\nb: 1\n", f"2:1: a `-` {ENTRY} (while parsing a block collection, which begins at 1:1)"),
        ("a:\n  b: 1\n c: 2\n", f"3:2: a key {ENTRY} (while parsing a block mapping, which begins at 1:1)"),
        ("a: 'b' c\n", f"1:8: a key {ENTRY} (while parsing a block mapping, which begins at 1:1)"),
        ("a: 1\n...\nb: 1\n", "3:1: something stands here that belongs to no key"),
        ("a: |x\n  b\n", "1:5: only `-`, `+`, one digit and a comment can follow `|` and `>` (while scanning a block scalar, which begins at 1:4)"),
        ("a: |0\n  b\n", "1:5: the digit after `|` or `>` cannot be 0 (while scanning a block scalar, which begins at 1:4)"),
        ("{", "1:2: a value is expected here"),
        ("a: }\n", "1:4: a value is expected here"),
        ("a: @b\n", "1:4: an unquoted text cannot begin with this character"),
        ("a: `b`\n", "1:4: an unquoted text cannot begin with this character"),
        ("a: %b\n", "1:4: an unquoted text cannot begin with this character"),
        ("a: !<b\n", "1:7: did not find the expected '>' (while scanning a tag, which begins at 1:4)"),
        ("a: !b!c d\n", "1:4: this tag is known nowhere"),
        ("a: !!\n", "1:6: this is no tag (while parsing a tag, which begins at 1:4)"),
        ('a: "\\q"\n', "1:5: this escape is unknown: a backslash is written twice in double quotes (while parsing a quoted scalar, which begins at 1:4)"),
        ('a: "\\xg0"\n', "1:7: digits and `a` to `f` are expected here (while parsing a quoted scalar, which begins at 1:4)"),
        ('a: "\\U00110000"\n', "1:7: this escape is no character (while parsing a quoted scalar, which begins at 1:4)"),
        ("a: 'b\n--- c'\n", "2:1: the document ends inside of quotes (while scanning a quoted scalar, which begins at 1:4)"),
        ("%FOO\n---\na: 1\n", "1:5: this line is no directive: `%YAML` and `%TAG` are (while scanning a directive, which begins at 1:1)"),
        ("%YAML 1.3\n---\na: 1\n", "1:1: a manifest is YAML 1.2: leave the %YAML line out"),
    ],
)  # fmt: skip
def test_what_is_no_yaml_is_a_sentence_at_its_place(text: str, problem: str):
    """What libyaml cannot read is said in words that say what to do."""
    place, _, words = problem.partition(": ")
    assert refused(text) == [f"{place}: this is not YAML: {words}"]


@pytest.mark.parametrize(
    "text", ["\ta: 1\n", "a:\n\tb: 1\n", "a:\n  b: 1\n\tc: 2\n", "a: |\n\tb\n", "a: |\n  \t\n  b\n", "a:\n- \t- b\n"]
)
def test_tabs_do_not_indent(text: str):
    """A tab where an indentation is counted is refused, and the message says so."""
    (problem,) = refused(text)
    line = next(index for index, each in enumerate(text.split("\n"), 1) if "\t" in each)
    column = text.split("\n")[line - 1].index("\t") + 1
    assert problem == f"{line}:{column}: a tab cannot indent (use spaces)"


def test_places_are_those_of_editors():
    """CR, LF and both together end one line; a character beyond U+FFFF is one column."""
    text = "a: 1\r\nb: \U0001f600\rc: [é, 1, {a: '\U0001f600\U0001f600'}, 2, {}: x, *n]\n"
    assert refused(text) == ["3:25: a key must be text", "3:32: the alias `*n` repeats nothing above it"]


def test_without_libyaml_a_manifest_is_not_read(project: Project, monkeypatch: pytest.MonkeyPatch):
    """There is one parser; where it is missing, a sentence says what to install."""
    monkeypatch.setitem(sys.modules, "yaml.cyaml", None)
    assert project.problems(WHOLE) == [
        (
            "1:1: the manifest cannot be read: PyYAML was installed without libyaml "
            "(install it from a wheel, or have libyaml's headers there when it is built)"
        )
    ]
