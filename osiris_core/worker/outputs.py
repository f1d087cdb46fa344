"""What steps hand on: read from what a driver returned, kept while a later step needs it, given in that one's frame."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from osiris_core.wire.canon import canonical_json
from osiris_core.wire.names import TABLE
from osiris_core.wire.request import SPILL_BYTES
from osiris_core.wire.values import field, replace, state, value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

PANDAS: Final = "pandas"
"""The frame of Osiris' own drivers: these may return more than a table, and see all that their upstreams returned."""


@value
class Output:
    """What a step returned: its table (pyarrow) and the table's description, or neither; `values` is the rest."""

    table: Any = None
    description: Mapping[str, Any] | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> int | None:
        """Rows of the table, None without one."""
        return None if self.description is None else int(self.description["rows"])

    def facts(self) -> dict[str, Any]:
        """Return what `step_complete` says of it; `values` only where there are some."""
        tables = {} if self.description is None else {TABLE: self.description}
        return {"rows": self.rows, "tables": tables, **({"values": dict(self.values)} if self.values else {})}


@state
class Outputs:
    """The outputs of the steps so far that a later step needs.

    Tables of `needed` steps that are larger than `spill_bytes` wait in files below `directory`.
    """

    directory: Path | None = None
    spill_bytes: int = SPILL_BYTES
    needed: Collection[str] = ()
    _kept: dict[str, Output] = field(default_factory=dict)
    _had_tables: bool = False

    def keep(self, step_id: str, output: Output) -> None:
        """Remember what a step handed on."""
        self._kept[step_id] = output
        self._had_tables |= output.table is not None

    def settled(self, step_id: str, output: Output) -> Output:
        """Return an output as it can wait for its use. OSError when a large table cannot be written."""
        if output.table is None or self.directory is None or step_id not in self.needed:
            return output
        from osiris_core.drivers.spill import spilled

        table = spilled(output.table, self.directory / f"{step_id}.arrows", limit_bytes=self.spill_bytes)
        return replace(output, table=table)

    def rows(self, step_id: str) -> int | None:
        """Return the rows of a step's table, None without one."""
        return self._kept[step_id].rows

    def forget(self, steps: Iterable[str]) -> None:
        """Let go of the tables of steps that no later step needs, and of the memory that is free by now."""
        for step_id in steps:
            self._kept.pop(step_id, None)
        if self._had_tables:
            from osiris_core.drivers.spill import give_back_memory

            give_back_memory()

    def inputs(self, names: Mapping[str, str], frame: str) -> dict[str, Any]:
        """Return the table of every need by its name (`df_<upstream>`), as `frame`, or None; what the conversion raises passes.

        With pandas also `<upstream>`, the whole of what it returned, as Osiris gives it; a table's name wins.
        """
        from osiris_core.drivers.frames import as_frame

        kept = {need: self._kept[need] for need in names}
        tables = {need: None if each.table is None else as_frame(each.table, frame) for need, each in kept.items()}
        inputs = {names[need]: table for need, table in tables.items()}
        if frame != PANDAS:
            return inputs
        wholes = {need: {TABLE: tables[need], **_copy(each.values)} for need, each in kept.items()}
        return {**wholes, **inputs}


def read_result(result: Any, frame: str) -> Output:
    """Return a driver's result as an output. TypeError when it is neither None nor a mapping with what may be in it."""
    if result is None:
        return Output()
    if not isinstance(result, dict):
        raise TypeError(f"a driver returns a dict or None, not {type(result).__name__}")
    others = {key: value for key, value in result.items() if key != TABLE}
    if others and frame != PANDAS:
        named = ", ".join(sorted(str(key) for key in others))
        raise TypeError(f"a driver returns its table as {TABLE!r}; this one returned also {named}")
    values = {key: _plain(key, value) for key, value in others.items()}
    if result.get(TABLE) is None:
        return Output(values=values)
    from osiris_core.drivers.tables import as_table, describe_table

    table = as_table(result[TABLE])
    return Output(table=table, description=describe_table(table), values=values)


def _plain(key: object, value: Any) -> Any:
    """Return a value as JSON says it, so that it can be recorded, and compared. TypeError for what JSON cannot say."""
    if not isinstance(key, str):
        raise TypeError(f"a driver's result has texts as keys, not {key!r}")
    try:
        return _copy(value)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"a driver returns its table as {TABLE!r}, and beside it only what JSON can say; "
            f"{key!r} is {type(value).__name__}: {error}"
        ) from error


def _copy(value: Any) -> Any:
    return json.loads(canonical_json(value))
