"""JSON files: their writing is set aside by name, their values are held against each other exactly, place by place."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from osiris_core.parity.kinds import structured
from osiris_core.parity.kinds.json_values import plain_decimal
from osiris_core.parity.kinds.protocol import FilePair
from osiris_core.parity.kinds.registry import compare_files


def compared(folder, left, right, name="x.json"):
    for side, data in (("a", left), ("b", right)):
        (folder / side).mkdir(exist_ok=True)
        (folder / side / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    return compare_files(
        FilePair(path=name, left=folder / "a" / name, right=folder / "b" / name, labels=("local", "e2b"))
    )


SAME = {
    "another order of keys": ('{"a": 1, "b": {"c": 2, "d": 3}}', '{"b": {"d": 3, "c": 2}, "a": 1}'),
    "other blanks": ('{"a": [1, 2]}\n', '{\r\n\t"a":[1,2]}'),
    "an escape": ('["caf\\u00e9", "\\/"]', '["caf\u00e9", "/"]'),
    "a surrogate pair": ('["\\ud83d\\ude00"]', '["\U0001f600"]'),
    "another spelling of a float": ("[2.50, 1e2, -0.0, 1E400]", "[2.5, 100.0, -0e0, 10.0e399]"),
    "NaN": ("[NaN]", "[ NaN ]"),
    "a large integer": ("[" + "9" * 6000 + "]", "[ " + "9" * 6000 + "]"),
}


@pytest.mark.parametrize("name", SAME)
def test_what_is_only_written_differently_is_set_aside_by_name(name, tmp_path):
    """The verdict is EQUIVALENT then, by the rule `json-format`; both writings are its example."""
    left, right = SAME[name]
    result = compared(tmp_path, left, right)
    assert (result.findings, result.not_compared) == ((), ())
    assert [(each.rule, bool(each.left)) for each in result.set_aside] == [("json-format", True)]


OTHER = {
    "an integer and a float": ("[1]", "[1.0]", "[0] is 1 on local and 1.0 on e2b"),
    "a number and a truth value": ("[1]", "[true]", "[0] is 1 on local and true on e2b"),
    "a number and its text": ('["1"]', "[1]", "[0] is 1 (text) on local and 1 (integer) on e2b"),
    "zero and minus zero": ("[0]", "[-0]", "[0] is 0 on local and -0 on e2b"),
    "a float zero and minus zero": ("[0.0]", "[-0.0]", "[0] is 0.0 on local and -0.0 on e2b"),
    "floats that are one float in Python": (
        "[0.1]", "[0.1000000000000000055]", "[0] is 0.1 on local and 0.1000000000000000055 on e2b",
    ),
    "integers past 64 bits": (
        "[18446744073709551616]", "[18446744073709551617]",
        "[0] is 18446744073709551616 on local and 18446744073709551617 on e2b",
    ),
    "null and absent": ('{"a": null}', "{}", "a is null on local and (absent) on e2b"),
    "null and NaN": ("[null]", "[NaN]", "[0] is null on local and NaN on e2b"),
    "a key that begins with two underscores": ('{"__ref": 1}', '{"__ref": 2}', "__ref is 1 on local and 2 on e2b"),
    "a repetition": ("[1, 1, 2]", "[1, 2]", "1 value missing, at [0]"),
    "another order of a list": ("[1, 2]", "[2, 1]", "[0] is 1 on local and 2 on e2b"),
    "an empty object and an empty list": ("{}", "[]", "the document is {} on local and [] on e2b"),
    "a composed and a decomposed letter": ('["\\u00e9"]', '["e\\u0301"]', "[0] is \u00e9 on local and e\u0301 on e2b"),
    "half a surrogate pair": ('["\\ud800"]', '["\\ud801"]', "[0] is \\ud800 on local and \\ud801 on e2b"),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER)
def test_another_value_is_a_difference_at_its_path(name, tmp_path):
    """Stricter than Python and than deepdiff: what JSON can tell apart is told apart."""
    left, right, message = OTHER[name]
    result = compared(tmp_path, left, right)
    assert result.findings[0].message == message
    assert result.set_aside == ()


def test_every_place_is_a_finding_until_there_are_too_many(tmp_path):
    """Each of the first has its path, so that nobody who accepts one accepts the rest; the others are counted."""
    left = json.dumps({f"k{n:02}": n for n in range(50)})
    right = json.dumps({f"k{n:02}": -1 for n in range(50)})
    result = compared(tmp_path, left, right)
    assert [finding.path for finding in result.findings[:3]] == ["k00", "k01", "k02"]
    assert result.findings[-1].message == "other values in 30 more places, the next at k20"
    assert (len(result.findings), result.findings_total, bool(result.findings[0].diff)) == (21, 50, True)


@pytest.mark.parametrize("right", ['{"a": 1, "a": 2}', '{"a": 2, "a": 1, "a": 2}'], ids=["one side", "both sides"])
def test_a_key_that_occurs_twice_is_a_finding(right, tmp_path):
    """Also where the last values agree, on one side or on both: readers differ in which one they take."""
    left = '{"a": 2}' if right.startswith('{"a": 1') else '{"a": 1, "a": 2}'
    result = compared(tmp_path, left, right)
    assert {finding.code for finding in result.findings} == {"json-doubled-key"}
    assert (result.findings[-1].path, result.findings[-1].message) == ("a", "the key a occurs more than once on e2b")


def test_an_item_put_in_front_of_a_list_is_one_difference(tmp_path):
    """Lists are aligned before they are explained, so that one item does not make all of them differ."""
    (finding,) = compared(tmp_path, '{"rows": [1, 2, 3]}', '{"rows": [0, 1, 2, 3]}').findings
    assert finding.message == "1 value extra, at rows[0]"


def test_a_large_document_is_walked_place_by_place(tmp_path):
    """Aligning is quadratic: beyond its limit the first differing place is named, and nothing hangs."""
    left = json.dumps(list(range(20_000)))
    (finding,) = compared(tmp_path, left, left.replace("[0, ", "[-1, ", 1)).findings
    assert finding.message == "[0] is 0 on local and -1 on e2b"


def test_what_is_no_json_is_compared_as_text_and_told(tmp_path):
    """A file that only claims to be JSON keeps the verdict from green; its text says where it differs."""
    result = compared(tmp_path, '{"a": 1}', '{"a": 1')
    assert [finding.message for finding in result.findings] == ["other text in 1 line, from line 1 on"]
    (gap,) = result.not_compared
    assert gap.startswith("x.json was compared as text: it is no JSON on e2b: Expecting ',' delimiter")


def test_a_document_that_is_nested_too_deep_is_told(tmp_path):
    """Hostile nesting breaks neither the reader nor the walk."""
    result = compared(tmp_path, "[" * 100_000 + "]" * 100_000, "[" * 100_000 + " " + "]" * 100_000)
    assert result.set_aside == ()
    assert "it is no JSON on local" in result.not_compared[0]
    deep = "[" * 400 + "1" + "]" * 400
    assert compared(tmp_path, deep, deep.replace("1", "2")).findings[0].message.startswith("[0][0]")


def test_a_document_that_is_too_large_is_compared_as_text_and_told(tmp_path, monkeypatch):
    """With the number of bytes: whether only its writing differs is not known then."""
    monkeypatch.setattr(structured, "JSON_BYTES", 10)
    result = compared(tmp_path, '{"a": 1, "b": 2}', '{"b": 2, "a": 1}')
    assert result.set_aside == ()
    assert result.not_compared == ("x.json was compared as text, not as JSON: it has 16 bytes, more than 10",)


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", None], ids=["a byte order mark", "UTF-16"])
def test_another_encoding_is_no_spelling(mark, tmp_path):
    """What not every reader of JSON reads is a difference."""
    right = mark + b"[1]" if mark else "[1]".encode("utf-16")
    result = compared(tmp_path, b"[1]", right)
    assert (len(result.findings), result.set_aside) == (1, ())


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("1.0", "1.0"), ("2.50", "2.5"), ("25e-1", "2.5"), ("1e2", "100.0"), ("0.001", "0.001"), ("1E-3", "0.001"),
        ("-0.0", "-0.0"), ("0e5", "0.0"), ("1e400", "1e400"), ("10e399", "1e400"), ("1.5e-300", "15e-301"),
        ("123.456e1", "1234.56"), ("0.10", "0.1"), ("-12.5", "-12.5"), ("1e" + "9" * 5000, "1e" + "9" * 5000),
    ],
)  # fmt: skip
def test_a_float_has_one_spelling(text, plain):
    """Every spelling of one decimal gives the same text, and only those."""
    assert plain_decimal(text) == plain


def strictly_equal(left, right):
    """Compare values as another reader has them: types first, decimals exactly, the signs of zeros and the key order aside."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(strictly_equal(left[name], right[name]) for name in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(strictly_equal, left, right))
    if isinstance(left, Decimal):
        return left == right and left.is_signed() == right.is_signed()
    return left == right


def test_set_aside_is_exactly_what_an_independent_reader_calls_equal(tmp_path):
    """Generated documents, the second a variant of the first: json-format where the values are equal, and nowhere else."""
    import hypothesis
    import hypothesis.strategies as st

    numbers = st.sampled_from(["0", "1", "1.0", "1.00", "1e0", "10e-1", "0.0", "-0.0", "0.1", "1e400", "100.0", "1e2"])
    scalars = numbers | st.sampled_from(['"1"', '"a"', '"\\u0061"', "true", "null"])
    spaces = st.sampled_from(["", " ", "\n"])

    def nested(inner):
        lists = st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]")
        members = st.lists(st.tuples(st.sampled_from("abc"), inner), max_size=3, unique_by=lambda member: member[0])
        return lists | st.tuples(members, spaces).map(
            lambda found: "{" + ",".join(f'"{name}":{found[1]}{value}' for name, value in found[0]) + "}"
        )

    documents = st.recursive(scalars, nested, max_leaves=4)

    @hypothesis.settings(derandomize=True, deadline=None, max_examples=40, database=None)
    @hypothesis.given(left=documents, right=documents)
    def holds(left, right):
        if left == right:
            return
        result = compared(tmp_path, left, right)
        values = [json.loads(text, parse_float=Decimal) for text in (left, right)]
        assert bool(result.set_aside) == strictly_equal(*values)
        assert bool(result.findings) == (not result.set_aside)

    holds()
