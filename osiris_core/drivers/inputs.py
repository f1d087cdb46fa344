"""The tables that a step is given, by the rules that all drivers share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa


def only_table(inputs: Mapping[str, Any]) -> pa.Table:
    """Return the one table of a step. ValueError when it needs no step or several, or the one handed on nothing."""
    if len(inputs) != 1:
        named = ", ".join(sorted(inputs)) or "none"
        raise ValueError(f"this driver takes the table of exactly one step; it was given {len(inputs)}: {named}")
    ((key, table),) = inputs.items()
    if table is None:
        raise ValueError(f"{key} has no table: the step it comes from handed on nothing")
    return table


def given_tables(inputs: Mapping[str, Any]) -> dict[str, pa.Table]:
    """Return the tables by name, without those of steps that handed on nothing."""
    return {key: table for key, table in inputs.items() if table is not None}
