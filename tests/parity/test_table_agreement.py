"""Fast and slow paths agree: rows in order, hashes, keys and buckets say what counting rows in plain Python says."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.parity.table_reference import check, pairs


@settings(max_examples=6, derandomize=True, deadline=None, database=None)
@given(pairs(), st.tuples(st.integers(1, 4), st.integers(1, 4)))
def test_the_engine_finds_what_plain_python_finds(rows, batches):
    """`benchmarks/table_agreement.py` plays thousands."""
    check(*rows, batches)
