"""The names by which steps hand on tables: what a driver returns, and what the next one is given."""

from __future__ import annotations

import re
from typing import Final

TABLE: Final = "df"
"""The key of the table in what a driver returns; what it is given are `df_<upstream id>`: see `table_key`."""

_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9_]")


def table_key(step_id: str) -> str:
    """Return how later steps call this one's table: `df_` and the id, with `_` for what names in SQL cannot hold."""
    return f"{TABLE}_{_NOT_IN_NAMES.sub('_', step_id)}"
