"""What is said of tables whose columns are not the same."""

from __future__ import annotations

import pytest

from osiris_core.parity.compare import compare
from osiris_core.parity.record import Layer, Verdict
from tests.parity.sessions import healthy


def rename(table):
    table["schema"][0]["name"] = "flights"
    table["columns"] = {("flights" if name == first(table) else name): each for name, each in table["columns"].items()}


def first(table):
    return next(iter(table["columns"]))


def add(table):
    table["schema"].append({"name": "more", "type": "int64", "nullable": True})
    table["columns"]["more"] = dict(table["columns"][first(table)])


def reorder(table):
    table["schema"].reverse()


@pytest.mark.parametrize("change", [rename, add, reorder])
def test_other_columns_are_not_called_other_rows(change, tmp_path):
    """Renamed, added and reordered columns are differences of the schema; nothing is claimed about rows."""
    left, right = healthy("local"), healthy("e2b")
    table = right.table("read")
    change(table)
    table["ordered"] = table["unordered"] = "other"
    found = compare(left.build(tmp_path), right.build(tmp_path))
    codes = {finding.code for finding in found.findings if finding.layer is Layer.TABLES}
    assert found.verdict is Verdict.DIVERGENT
    assert codes == {"table-schema"}


def test_other_rows_of_the_same_columns_are_called_so(tmp_path):
    """Where every column agrees by itself and the table does not, its values were combined otherwise."""
    left, right = healthy("local"), healthy("e2b")
    right.table("read").update(ordered="other", unordered="other")
    found = compare(left.build(tmp_path), right.build(tmp_path))
    messages = [finding.message for finding in found.findings if finding.layer is Layer.TABLES]
    assert messages == ["the columns hold the same values, combined into other rows"]
