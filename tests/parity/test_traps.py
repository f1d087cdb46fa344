"""The traps that other comparers fall into, T1 to T26 of our survey of them: two things that differ, and are called equal.

Each is a pair of files in an otherwise healthy pair of sessions, or of records; the verdict is what stands here.
"""

from __future__ import annotations

import math
import os
from decimal import Decimal
from io import BytesIO

import pytest

from osiris_core.parity.compare import compare
from osiris_core.parity.record import Verdict
from osiris_core.rules.model import RecordKind, Rule, RuleKind, Scope, Shape
from tests.parity.sessions import healthy, pair

D, E = Verdict.DIVERGENT, Verdict.EQUIVALENT
UNORDERED = Rule(
    id="any-order",
    reason="rows come from parallel readers",
    scope=Scope(record=RecordKind.ARTIFACT, name="write/*"),
    kind=RuleKind.UNORDERED,
)


def parquet(schema=None, *, row_group_size=None, **columns):
    """Return a function that makes the file, so that nothing is imported before a test needs it."""

    def make():
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.table(columns)
        if schema:
            table = table.cast(pa.schema([(name, getattr(pa, kind)(*args)) for name, (kind, *args) in schema.items()]))
        sink = BytesIO()
        pq.write_table(table, sink, row_group_size=row_group_size)
        return sink.getvalue()

    return make


def both(left, right, name="x.json", rules=()):
    return name, left, right, rules


FILES = {
    "T1 a key with two underscores": (both(b'{"__ref": 1}', b'{"__ref": 2}'), D),
    "T2 an item more often, in a list": (both(b'{"a": [1, 1, 2]}', b'{"a": [1, 2]}'), D),
    "T2 an item more often, rows in any order": (
        both(parquet(a=[1, 1, 2]), parquet(a=[1, 2, 2]), "x.parquet", (UNORDERED,)), D,
    ),
    "T3 true and 1": (both(b'{"a": true}', b'{"a": 1}'), D),
    "T4 very small numbers": (both(b"[1e-12]", b"[9e-12]"), D),
    "T4 very large numbers": (both(b"[1000000000000000.0]", b"[1000000000000000.5]"), D),
    "T5 NaN is NaN": (both(parquet(a=[math.nan, 1.0]), parquet(a=[math.nan, 1.0], row_group_size=1), "x.parquet"), E),
    "T5 NaN is NaN in JSON": (both(b'{"a": NaN, "b": 1}', b'{"b": 1, "a": NaN}'), E),
    "T5 NaN and null": (both(b"[NaN]", b"[null]"), D),
    "T5 negative zero": (both(b"[-0.0]", b"[0.0]"), D),
    "T7 few keys in common": (both(b'{"a": 1, "b": 2, "c": 3, "z": 0}', b'{"d": 1, "e": 2, "f": 3, "z": 0}'), D),
    "T8 1 and 1.0": (both(b"[1]", b"[1.0]"), D),
    "T8 0 and false": (both(b"[0]", b"[false]"), D),
    "T9 a key twice": (both(b'{"a": 1, "a": 2}', b'{"a": 2}'), D),
    "T9 a key twice, on both sides": (both(b'{"a": 1, "a": 2}', b'{"a": 3, "a": 2}'), D),
    "T10 integers and floats": (both(parquet(a=[1, 2]), parquet(a=[1.0, 2.0]), "x.parquet"), D),
    "T11 texts and dates": (
        both(parquet(a=["2020-01-01"]), parquet({"a": ("date32",)}, a=["2020-01-01"]), "x.parquet"), D,
    ),
    "T12 null and NaN": (both(parquet(a=[1.0, None]), parquet(a=[1.0, math.nan]), "x.parquet"), D),
    "T12 NaN beside one value, in any order": (  # whose statistics say that the one value is all there is
        both(parquet(a=[1.0, math.nan]), parquet(a=[math.nan, 1.0]), "x.parquet", (UNORDERED,)), E,
    ),
    "T12 NaN more often, in any order": (
        both(parquet(a=[2.0, 2.0, math.nan]), parquet(a=[math.nan, math.nan, 2.0]), "x.parquet", (UNORDERED,)), D,
    ),
    "T13 names of columns in another case": (both(parquet(V=[1]), parquet(v=[1]), "x.parquet"), D),
    "T13 in CSV": (both(b"V\n1\n", b"v\n1\n", "x.csv"), D),
    "T14 doubled keys in another order": (
        both(parquet(k=[1, 1], v=["a", "b"]), parquet(k=[1, 1], v=["b", "a"]), "x.parquet", (UNORDERED,)), E,
    ),
    "T14 doubled keys in another order, undeclared": (
        both(parquet(k=[1, 1], v=["a", "b"]), parquet(k=[1, 1], v=["b", "a"]), "x.parquet"), D,
    ),
    "T14 doubled keys, values combined otherwise": (
        both(parquet(k=[1, 2], v=["a", "b"]), parquet(k=[1, 2], v=["b", "a"]), "x.parquet", (UNORDERED,)), D,
    ),
    "T15 007 and 7": (both(b"a,b\n007,x\n", b"a,b\n7,x\n", "x.csv"), D),
    "T15 1.0 and 1": (both(b"a,b\n1.0,x\n", b"a,b\n1,x\n", "x.csv"), D),
    "T15 2.50 and 2.5": (both(b"a,b\n2.50,x\n", b"a,b\n2.5,x\n", "x.csv"), D),
    "T16 an empty text and nothing": (both(b'a,b\n"",x\n', b"a,b\n,x\n", "x.csv"), D),
    "T17 a type that each file suggests for itself": (both(b"a\n007\nx\n", b"a\n7\nx\n", "x.csv"), D),
    "T18 digits that a careless parser eats": (
        both(b"f\n0.000012345678901234567\n", b"f\n0.000012345678901246913\n", "x.csv"), D,
    ),
    "T20 pairs of equal rows cancel out": (both(parquet(a=[1, 1]), parquet(a=[2, 2]), "x.parquet"), D),
    "T20 in any order": (both(parquet(a=[1, 1]), parquet(a=[2, 2]), "x.parquet", (UNORDERED,)), D),
    "T21 duplicates collapse": (
        both(parquet(a=["x", "x", "y"]), parquet(a=["x", "y", "y"]), "x.parquet", (UNORDERED,)), D,
    ),
    "T24 decimals of another scale": (
        both(
            parquet({"a": ("decimal128", 5, 2)}, a=[Decimal("1.00")]),
            parquet({"a": ("decimal128", 7, 4)}, a=[Decimal("1.0000")]),
            "x.parquet",
        ), D,
    ),
    "T24 nested columns are looked into": (
        both(parquet(a=[{"b": [1, 2]}]), parquet(a=[{"b": [1, 3]}]), "x.parquet"), D,
    ),
    "T24 nested columns in any order": (
        both(parquet(a=[{"b": [1, 2]}]), parquet(a=[{"b": [1, 3]}]), "x.parquet", (UNORDERED,)), D,
    ),
    "T25 negative zero": (both(parquet(a=[0.0]), parquet(a=[-0.0]), "x.parquet"), D),
    "T25 negative zero in any order": (both(parquet(a=[0.0, 1.0]), parquet(a=[1.0, -0.0]), "x.parquet", (UNORDERED,)), D),
    "T25 integers of another width": (
        both(parquet({"a": ("int32",)}, a=[1]), parquet({"a": ("int64",)}, a=[1]), "x.parquet"), D,
    ),
    "T26 null and a value": (both(parquet(a=[1, None]), parquet(a=[1, 2]), "x.parquet"), D),
    "T26 null and a value in any order": (
        both(parquet(a=[1, None]), parquet(a=[2, 1]), "x.parquet", (UNORDERED,)), D,
    ),
}  # fmt: skip


def compared(tmp_path, name, left, right, rules):
    a, b = healthy("local"), healthy("e2b")
    a.files[f"write/{name}"], b.files[f"write/{name}"] = (each() if callable(each) else each for each in (left, right))
    return compare(*pair(tmp_path, a, b), rules=rules)


@pytest.mark.parametrize("trap", FILES)
def test_files_that_others_call_equal(trap, tmp_path):
    """What differs is DIVERGENT at that file; what is equal by a rule is EQUIVALENT, and names it."""
    (name, left, right, rules), verdict = FILES[trap]
    result = compared(tmp_path, name, left, right, rules)
    assert (result.verdict, result.not_compared) == (verdict, ())
    if verdict is D:
        assert {f.path.partition(":")[0] for f in result.findings} == {f"write/{name}"}
    else:
        assert [use.rule for use in result.rules if use.decided]


def test_t6_a_pattern_matches_the_whole_value_and_one_that_never_matched_is_told(tmp_path):
    """`on` is not the shape of `one`, and a scope that covers nothing has a complaint."""
    right = healthy("e2b")
    right.event("page_made")["page"] = "other"
    scope = Scope(record=RecordKind.EVENT, name="page_made", path="page")
    rules = [
        Rule(id="pages", reason="made up", scope=scope, kind=RuleKind.TOKEN, shape=Shape(pattern="on")),
        Rule(
            id="stray",
            reason="made up",
            scope=Scope(record=RecordKind.EVENT, name="page"),
            kind=RuleKind.TOKEN,
            source="manifest",
        ),
    ]
    result = compare(*pair(tmp_path, right=right), rules=rules)
    assert result.verdict is D
    assert [use.rule for use in result.rules if use.complaint and use.rule == "stray"] == ["stray"]


def test_t7_each_key_is_told_by_itself(tmp_path):
    """Objects with few keys in common are no single replaced value."""
    (name, left, right, rules), _ = FILES["T7 few keys in common"]
    paths = {f.path for f in compared(tmp_path, name, left, right, rules).findings}
    assert {f"write/{name}:{key}" for key in "abcdef"} <= paths


def test_t19_the_same_size_and_time_of_a_file_prove_nothing(tmp_path):
    """Bytes are read."""
    a, b = healthy("local"), healthy("e2b")
    a.files["write/x.bin"], b.files["write/x.bin"] = b"\0\1\2", b"\0\1\3"
    sessions = pair(tmp_path, a, b)
    for session in sessions:
        os.utime(session.artifacts["write/x.bin"].absolute, (1, 1))
    assert compare(*sessions).verdict is D


@pytest.mark.parametrize("size", [1, 1_000, 600_000], ids=["short", "long", "past 8 MiB"])
def test_t22_t23_lines_are_counted_and_not_collected(size, tmp_path):
    """Lines that occur once on one side and twice on the other, in streams of any length."""
    a, b = healthy("local"), healthy("e2b")
    filler = b"the same line\n" * size
    a.printed["report"], b.printed["report"] = filler + b"x\nx\ny\n", filler + b"x\ny\ny\n"
    result = compare(*pair(tmp_path, a, b))
    assert result.verdict is D
    assert {f.step for f in result.findings} == {"report"}


@pytest.mark.parametrize("value", [True, 1.0, "1", None, [1], 2], ids=repr)
def test_t8_a_leaf_of_a_record_has_a_type(value, tmp_path):
    """1 is 1 and nothing else."""
    a, b = healthy("local"), healthy("e2b")
    a.event("page_made")["page"], b.event("page_made")["page"] = 1, value
    assert compare(*pair(tmp_path, a, b)).verdict is D
