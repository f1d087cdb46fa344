"""Where two JSON values differ: our answer and deepdiff's, with the options that keep it from calling unequal things equal.

They may disagree about the sign of a zero alone, which deepdiff does not see.
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from deepdiff import DeepDiff
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from osiris_core.parity.kinds.protocol import FilePair
from osiris_core.parity.kinds.registry import compare_files
from osiris_core.parity.values import leaf_differences, signature

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([2**53 + 1, 2**70])
    | st.floats(allow_nan=False, width=16).filter(lambda value: value != 0)
    | st.sampled_from(["", "a", "A", "é", "e\u0301", "1", "None", "__a"])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "__a", ""]), inner, max_size=3)
    ),
    max_leaves=8,
)
SETTINGS = settings(
    max_examples=50, derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)


def differ(left, right) -> bool:
    """Say what deepdiff finds, list items held against each other by place: aligned, it takes 1, 1.0 and true for one value."""
    safe = {"ignore_private_variables": False, "threshold_to_diff_deeper": 0, "zip_ordered_iterables": True}
    return bool(DeepDiff(left, right, **safe))


@SETTINGS
@given(VALUES, VALUES)
@example([1], [True])
@example([1], [1.0])
@example({"__a": 1}, {"__a": 2})
@example([1, 1, 2], [1, 2])
def test_values_differ_where_deepdiff_says_so(left, right):
    """Leaves, signatures and the comparer of JSON files agree with it, and with each other."""
    said = differ(left, right)
    assert bool(list(leaf_differences(left, right))) is said
    assert (signature(left) != signature(right)) is said
    with TemporaryDirectory() as directory:
        files = Path(directory) / "left.json", Path(directory) / "right.json"
        files[0].write_text(json.dumps(left))
        files[1].write_text(json.dumps(right) + "\n")  # never the same bytes
        told = compare_files(FilePair(path="s/x.json", left=files[0], right=files[1], labels=("local", "e2b")))
    assert (bool(told.findings), bool(told.set_aside), told.not_compared) == (said, not said, ())
