"""Two files of one table: what differs is told by schema, rows, order and cells; what is only the container is set aside."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from tests.parity.table_pairs import NAN, codes, parquets, tolerance, unordered

BASE = {"id": [1, 2, 3], "late": [10, 20, 30]}


def test_a_container_written_another_way_is_set_aside(tmp_path):
    """Codec, row groups and the writer's metadata are no content; what of them differs is named."""
    result = parquets(tmp_path, BASE, BASE, compression="gzip", row_group_size=1)
    (aside,) = result.set_aside
    assert (codes(result), result.not_compared, aside.rule) == ([], (), "container-metadata")
    assert "(row groups, codec)" in aside.reason
    assert (aside.left, aside.right) == ('row groups [3]; codec ["SNAPPY"]', 'row groups [1, 1, 1]; codec ["GZIP"]')


def test_a_changed_cell_is_named_by_row_and_column(tmp_path):
    """The finding has the column's statistics and the cell."""
    (finding,) = parquets(tmp_path, BASE, {**BASE, "late": [10, 25, 30]}).findings
    assert (finding.code, finding.path, finding.left, finding.right) == ("table-cells", "", "20", "25")
    assert finding.message == "row 2, column late: 20 and 25; 1 cell in 1 row differs, in late"
    (column,) = finding.table.columns
    assert (column.differing, column.max_absolute, column.max_relative) == (1, 5.0, 0.2)


def test_rows_that_are_gone_are_told_by_their_key(tmp_path):
    """A column of different values matches the rows, so that one lost row does not make all later ones differ."""
    left = {"id": list(range(100)), "v": [n % 7 for n in range(100)]}
    right = {"id": [n for n in range(100) if n != 3], "v": [n % 7 for n in range(100) if n != 3]}
    (finding,) = parquets(tmp_path, left, right).findings
    assert (finding.code, finding.left, finding.right) == ("table-rows", "id=3, v=3", "(absent)")
    assert finding.message == "1 row only on local, of 100 and 99"
    assert (finding.table.key, finding.table.rows_missing, finding.table.rows_extra) == (("id",), 1, 0)


def test_another_order_is_a_finding_of_its_own(tmp_path):
    """The same rows elsewhere differ in order alone; the hint says what to do."""
    result = parquets(tmp_path, BASE, {"id": [3, 1, 2], "late": [30, 10, 20]})
    (finding,) = result.findings
    assert (finding.code, finding.message) == ("table-row-order", "the same rows in another order")
    assert finding.hint == "rows in another order: add an ORDER BY"


def test_a_rule_sets_another_order_aside(tmp_path):
    """Under a declared rule the order means nothing, and that it was needed is told."""
    result = parquets(tmp_path, BASE, {"id": [3, 1, 2], "late": [30, 10, 20]}, (unordered(),))
    assert codes(result) == []
    assert next(aside.rule for aside in result.set_aside) == "any-order"


def test_a_rule_that_is_not_needed_sets_nothing_aside(tmp_path):
    """Rows that come in one order did not need the rule."""
    result = parquets(tmp_path, BASE, BASE, (unordered(),), compression="gzip")
    assert [aside.rule for aside in result.set_aside] == ["container-metadata"]


def test_a_changed_row_is_found_whatever_the_order(tmp_path):
    """Where order means nothing, rows are matched by a key that is found, or by the rule's own."""
    right = {"id": [3, 1, 2], "late": [30, 10, 21]}
    for rule in (unordered(), unordered("id")):
        (finding,) = parquets(tmp_path, BASE, right, (rule,)).findings
        assert (finding.code, finding.table.key) == ("table-cells", ("id",))
        assert finding.message.startswith("id=2, column late: 20 and 21;")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(pa.array([1], pa.int32()), pa.array([1], pa.int64()), id="integers-of-another-width"),
        pytest.param(pa.array([1], pa.int64()), pa.array([1.0], pa.float64()), id="an-integer-and-a-float"),
        pytest.param(pa.array(["2020-01-01"]), pa.array([date(2020, 1, 1)]), id="a-date-and-its-text"),
        pytest.param(
            pa.array([date(2020, 1, 1)], pa.date32()).cast(pa.timestamp("us")),
            pa.array([datetime(2020, 1, 1, tzinfo=UTC)], pa.timestamp("us", "UTC")),
            id="a-time-with-a-zone",
        ),
        pytest.param(pa.array(["a"]), pa.array(["a"]).dictionary_encode(), id="a-category"),
        pytest.param(pa.array([1], pa.decimal128(5, 2)), pa.array([1], pa.decimal128(6, 2)), id="another-precision"),
    ],
)
@pytest.mark.parametrize("rules", [(), (unordered(),)], ids=["ordered", "unordered"])
def test_types_differ_though_values_look_alike(tmp_path, left, right, rules):
    """Schemas come first: engines would take these for equal."""
    assert codes(parquets(tmp_path, {"v": left}, {"v": right}, rules)) == ["table-schema"]


def test_names_are_exact_and_their_order_counts(tmp_path):
    """`V` is not `v`, and columns that changed places are told as such."""
    assert codes(parquets(tmp_path, {"v": [1]}, {"V": [1]})) == ["table-schema", "table-schema"]
    (finding,) = parquets(tmp_path, {"a": [1], "b": [2]}, {"b": [2], "a": [1]}).findings
    assert (finding.message, finding.left) == ("the columns come in another order", "a, b")


def test_what_must_not_be_null_is_part_of_the_schema(tmp_path):
    """Nullability is compared."""
    left, right = (
        pa.table([pa.array([1])], pa.schema([pa.field("v", pa.int64(), nullable=nullable)]))
        for nullable in (True, False)
    )
    (finding,) = parquets(tmp_path, left, right).findings
    assert (finding.code, finding.left, finding.right) == ("table-schema", "int64", "int64 not null")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(0.0, -0.0, id="signed-zero"),
        pytest.param(None, NAN, id="null-and-nan"),
        pytest.param(1.0, 1.0000000000000002, id="one-ulp"),
        pytest.param([0.0], [-0.0], id="signed-zero-in-a-list"),
        pytest.param({"a": 0.0}, {"a": -0.0}, id="signed-zero-in-a-struct"),
        pytest.param(["a, b"], ["a", "b"], id="lists-of-one-text-form"),
        pytest.param([None], [], id="list-of-null"),
        pytest.param("", None, id="empty-text-and-null"),
        pytest.param(2**60, 2**60 + 1, id="integers-past-a-floats-digits"),
    ],
)
@pytest.mark.parametrize("rules", [(), (unordered(),)], ids=["ordered", "unordered"])
def test_cells_differ_that_engines_take_for_equal(tmp_path, left, right, rules):
    """Equality is strict on every path."""
    kind = pa.array([left, right]).type
    tables = [pa.table({"id": [1, 2], "v": pa.array([value, value], kind)}) for value in (left, right)]
    assert codes(parquets(tmp_path, *tables, rules)) == ["table-cells"]


@pytest.mark.parametrize("rules", [(), (unordered(),)], ids=["ordered", "unordered"])
def test_nan_equals_nan(tmp_path, rules):
    """A value that is no number is the same value on both sides, whatever its bits."""
    other = pa.array([0x7FF8000000000001], pa.int64()).view(pa.float64())
    result = parquets(tmp_path, {"v": [NAN]}, pa.table({"v": other}), rules)
    assert codes(result) == []


def test_a_row_that_is_there_twice_is_a_duplicate(tmp_path):
    """Rows are counted: neither a set nor an xor of hashes takes these tables for equal."""
    left, right = {"v": ["a", "a", "b", "b"]}, {"v": ["a", "a", "a", "b"]}
    (finding,) = parquets(tmp_path, left, right, (unordered(),)).findings
    assert (finding.code, finding.left, finding.right) == ("table-duplicates", "v='b'", "v='a'")
    assert codes(parquets(tmp_path, {"v": ["a", "a"]}, {"v": ["b", "b"]}, (unordered(),))) == ["table-rows"]


def test_keys_that_come_twice_are_matched_as_a_multiset(tmp_path):
    """Inside one key another order is no difference, and another value is one."""
    left, right = {"k": [1, 1, 2], "v": ["a", "b", "c"]}, {"k": [2, 1, 1], "v": ["c", "b", "a"]}
    assert codes(parquets(tmp_path, left, right, (unordered("k"),))) == []
    assert codes(parquets(tmp_path, left, {**right, "v": ["c", "b", "x"]}, (unordered("k"),))) == ["table-cells"]


def test_a_tolerance_sets_near_numbers_aside(tmp_path):
    """What is near counts as equal under the rule, with the largest distance seen; what is not differs."""
    left, right = {"id": [1, 2, 3], "v": [1.0, 2.0, 3.0]}, {"id": [1, 2, 3], "v": [1.0, 2.001, 3.0]}
    for rules in ((tolerance("v", absolute=0.01),), (tolerance("v", absolute=0.01), unordered())):
        result = parquets(tmp_path, left, right, rules)
        assert codes(result) == []
        assert result.set_aside[0].path == "v"
        assert result.set_aside[0].right.startswith("at most 0.001 apart")
        (finding,) = parquets(tmp_path, left, right, (tolerance("v", absolute=0.0001), *rules[1:])).findings
        assert finding.code == "table-cells"
    assert codes(parquets(tmp_path, left, right, (tolerance("other", absolute=1.0),))) == ["table-cells"]


def test_rows_without_a_key_are_matched_within_a_tolerance(tmp_path):
    """Without order and key, the exact columns match the rows, and near numbers are held against each other sorted."""
    left, right = {"g": ["a", "a"], "v": [1.0, 2.0]}, {"g": ["a", "a"], "v": [2.001, 1.001]}
    rules = (unordered(), tolerance("v", absolute=0.01))
    assert codes(parquets(tmp_path, left, right, rules)) == []
    assert codes(parquets(tmp_path, left, {**right, "v": [2.1, 1.0]}, rules)) == ["table-cells"]


@pytest.mark.parametrize("name", ['"; drop table matched; --', "n", "c0", "", "h", "turn", "a'b"])
@pytest.mark.parametrize("rules", [(), (unordered(),)], ids=["ordered", "unordered"])
def test_a_columns_name_is_never_part_of_a_query(tmp_path, name, rules):
    """Names come from a file that nobody has read: they are data."""
    left, right = {name: [1, 2], "other": [1, 2]}, {name: [2, 1], "other": [1, 2]}
    (finding,) = parquets(tmp_path, left, right, rules).findings
    assert finding.code == "table-cells"


def test_a_torn_file_is_compared_as_bytes(tmp_path):
    """A file that is not what its name says, or is cut off, is a difference of bytes, and a gap."""
    parquets(tmp_path, BASE, BASE)
    whole = (tmp_path / "a" / "x.parquet").read_bytes()
    from tests.parity.table_pairs import told

    for broken in (whole[:-20], b"no table", b""):
        result = told(tmp_path, "x.parquet", whole, broken)
        assert codes(result) == ["artifact-content"]
        (gap,) = result.not_compared
        assert gap.startswith("x.parquet was compared as bytes, not as a table: that of e2b is no Parquet file")


def test_a_very_wide_table_is_compared_by_row_number(tmp_path):
    """Past a thousand columns the engine is not asked, and a changed cell is still found."""
    left = {f"c{place}": [place, 1] for place in range(1_001)}
    (finding,) = parquets(tmp_path, left, {**left, "c7": [7, 2]}).findings
    assert finding.message == "row 2, column c7: 1 and 2; 1 cell in 1 row differs, in c7"
    assert codes(parquets(tmp_path, left, {name: cells[:1] for name, cells in left.items()})) == ["table-rows"]
