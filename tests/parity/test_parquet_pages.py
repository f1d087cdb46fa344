"""What a Parquet file tells of its pages, where another file of the same rows has them split otherwise."""

from __future__ import annotations

import struct

import pyarrow as pa
import pytest

from osiris_core.parity.kinds.tables.parquet_layout import layout
from tests.parity.table_pairs import told, unordered
from tests.parity.test_false_equality import parquet_of

DATA = {"v": [1, 2, 3, 4, None, None], "s": ["a", "b", "c", None, "d", "e"]}
INDEXED = {"write_page_index": True, "max_rows_per_page": 2, "write_batch_size": 1}


def changed(folder, which, old, new, data=DATA):
    """Return a file of small pages with an index of the first column (0: their places, 1: their values) that says something else."""
    whole = parquet_of(data, **INDEXED)
    (folder / "whole").write_bytes(whole)
    index = layout(folder / "whole").groups[0][0].indexes[which]
    assert whole.count(index) == 1
    assert index.count(old) >= 1
    return whole.replace(index, index.replace(old, new, 1))


def long(number):
    return struct.pack("<q", number)


WRONG = {
    "smallest value": (1, long(1), long(2), "2 as the smallest value in page 0, whose smallest is 1, of row group 0"),
    "largest value": (1, long(4), long(9), "9 as the largest value in page 1, whose largest is 4, of row group 0"),
    "nothing but nulls": (1, b"\x02\x02\x01", b"\x02\x01\x01", "that page 1 has nothing but nulls of row group 0"),
    "nulls": (1, b"\x36\x00\x00\x04", b"\x36\x00\x02\x02", "1 nulls in page 1, which has 0, of row group 0"),
    "order": (1, b"\x15\x02\x19", b"\x15\x04\x19", "an order of the pages that they are not in of row group 0"),
    "first rows": (0, b"\x16\x04\x00", b"\x16\x06\x00", "the first rows of the pages, which begin at others, of row group 0"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_an_index_that_belies_its_pages_is_a_difference(name, tmp_path):
    """A reader skips pages by it and returns other rows; that the other file has larger pages makes nothing of it right."""
    which, old, new, sentence = WRONG[name]
    found = told(tmp_path, "x.parquet", parquet_of(DATA), changed(tmp_path, which, old, new))
    assert [(each.path, each.message.rpartition(": ")[2]) for each in found.findings] == [("v", f"on e2b {sentence}")]


def test_a_rule_about_rows_sets_no_index_aside_that_belies_them(tmp_path):
    """Other rows, or rows in another order, are equal by a rule; what a file tells of its own pages is true or not all the same."""
    which, old, new, sentence = WRONG["smallest value"]
    moved = {name: values[::-1] for name, values in DATA.items()}
    found = told(tmp_path, "x.parquet", parquet_of(moved), changed(tmp_path, which, old, new), (unordered(),))
    assert [(each.path, each.message.rpartition(": ")[2]) for each in found.findings] == [("v", f"on e2b {sentence}")]
    assert not told(tmp_path, "x.parquet", parquet_of(moved), parquet_of(DATA, **INDEXED), (unordered(),)).findings


def test_statistics_in_the_headers_of_pages_are_held_against_the_values(tmp_path):
    """Without an index, pages have their ends in front of them."""
    whole = parquet_of({"v": [1, 2, 3, 4]}, max_rows_per_page=2, write_batch_size=1)
    assert whole.count(long(3)) == 3
    other = whole.replace(long(3), long(4), 2)  # in the second header, as the old field and as the new one
    (finding,) = told(tmp_path, "x.parquet", parquet_of({"v": [1, 2, 3, 4]}), other).findings
    assert "4 as the smallest value in page 1, whose smallest is 3" in finding.message


def test_pages_that_are_split_otherwise_and_told_as_they_are_are_layout(tmp_path):
    """Other statistics of other pages are right: of texts that are cut off, NaN, lists, dictionaries, both versions of pages."""
    data = {
        "f": [1.0, float("nan"), float("nan"), -0.0, None, 2.0],
        "s": ["ü" * 90, "x" * 90, "", None, None, "y"],
        "u": pa.array([2**64 - 1, 0, 1, None, 7, 7], pa.uint64()),
        "l": [[1, 2], None, [], [0], [3, None], [4]],
        "o": [{"a": 1}, None, {"a": None}, {"a": 3}, {"a": 4}, None],
        "c": pa.array(["a", "b", "a", None, "b", "c"]).dictionary_encode(),
        "n": pa.array([None] * 6, pa.int32()),
    }
    whole = parquet_of(data)
    for how in (
        INDEXED,
        {**INDEXED, "data_page_version": "2.0", "use_dictionary": True},
        {"max_rows_per_page": 1, "write_batch_size": 1},
    ):
        found = told(tmp_path, "x.parquet", whole, parquet_of(data, **how))
        assert (found.findings, found.not_compared) == ((), ()), how


def test_a_bloom_filter_of_the_same_rows_is_the_same_however_pages_are_split(tmp_path):
    """It is one of a row group: with a bit less in it, a reader does not find a value that is there."""
    filters = {"bloom_filter_options": {"v": {"ndv": 8, "fpp": 0.1}}}
    whole, other = parquet_of(DATA, **filters), parquet_of(DATA, **filters, **INDEXED)
    assert not told(tmp_path, "x.parquet", whole, other).findings
    (tmp_path / "whole").write_bytes(other)
    bits = layout(tmp_path / "whole").groups[0][0].indexes[2]
    assert other.count(bits) == 1
    (finding,) = told(tmp_path, "x.parquet", whole, other.replace(bits, bits[:-8] + b"\0" * 8)).findings
    assert finding.message == "another Bloom filter of v"
