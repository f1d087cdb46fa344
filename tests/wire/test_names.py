"""The names of tables, as steps meet them."""

from __future__ import annotations

import pytest

from osiris_core.wire.names import table_key


@pytest.mark.parametrize(
    ("step", "expected"),
    [("read", "df_read"), ("read-it", "df_read_it"), ("a.b_c-1", "df_a_b_c_1"), ("zählung", "df_z_hlung")],
)
def test_a_table_is_called_after_its_step(step, expected):
    """`df_` and the id, with `_` for every character that a name in SQL cannot hold."""
    assert table_key(step) == expected
