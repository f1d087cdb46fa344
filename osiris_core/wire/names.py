"""The names by which steps hand on tables: what a driver returns, and what the next one is given."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

TABLE: Final = "df"
"""The key of the table in what a driver returns; what it is given are `df_<upstream id>`: see `table_key`."""

OUTPUT_DIRECTORY: Final = "${step:output_dir}"
"""In the texts of a config: the path of the step's artifact directory, for drivers that do not ask `ctx` for it."""

_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9_]")


def table_names(step: Mapping[str, Any]) -> dict[str, str]:
    """Return, for each step that a step of a canonical manifest needs, how this one calls its table."""
    unusual = step.get("tables", {})
    return {need: unusual.get(need) or table_key(need) for need in step["needs"]}


def table_key(step_id: str) -> str:
    """Return how later steps call this one's table: `df_` and the id, with `_` for what names in SQL cannot hold."""
    return f"{TABLE}_{_NOT_IN_NAMES.sub('_', step_id)}"
