"""`sql.writer`: a table becomes one in a database file, which is an artifact."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from osiris_core.drivers.database_files import engine_for, existing_database
from osiris_core.drivers.files import artifact_place
from osiris_core.drivers.inputs import only_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from osiris_core.drivers.protocol import Context


class SqlWriter:
    """Writes the one table it is given into `table` of `database`; see `docs/drivers.md` for its options."""

    def run(
        self,
        *,
        step_id: str,  # noqa: ARG002 - the protocol's
        config: Mapping[str, Any],
        inputs: Mapping[str, Any],
        ctx: Context,
    ) -> dict[str, Any]:
        """Return `{}`. The engine's own errors pass; TypeError or ValueError for what it would not keep as it is."""
        table = only_table(inputs)
        if table.num_columns == 0:
            raise ValueError("the table has no columns, so it cannot be written")
        shown, name = str(config["database"]), str(config["table"])
        place = artifact_place(ctx.output_dir, shown)
        if place.exists():
            raise FileExistsError(f"{shown} is there already")
        engine = self._start(place, shown, config)
        mode = str(config.get("mode", "create"))
        try:
            if engine == "sqlite":
                from osiris_core.drivers.sqlite_file import write_sqlite

                write_sqlite(place, table, name, mode)
            else:
                from osiris_core.drivers.duckdb_file import write_duckdb

                write_duckdb(place, table, name, mode)
        except BaseException:
            place.unlink(missing_ok=True)  # half a database is no artifact
            raise
        ctx.log_metric("rows_written", table.num_rows, unit="rows")
        ctx.logger.info("wrote %d rows, %d columns to %s of %s", table.num_rows, table.num_columns, name, shown)
        return {}

    @staticmethod
    def _start(place: Path, shown: str, config: Mapping[str, Any]) -> str:
        """Return the engine; where the database starts as a copy of another, that one is in its place."""
        wanted = config.get("engine")
        if "base" not in config:
            return str(wanted or engine_for(shown))
        base, engine = existing_database(str(config["base"]))
        if wanted not in (None, engine):
            raise ValueError(f"{config['base']} is a database of {engine}, not of {wanted}")
        shutil.copyfile(base, place)
        return engine
