"""`sql.extractor`: a query over a database file becomes a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from osiris_core.drivers.database_files import existing_database
from osiris_core.wire.names import TABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osiris_core.drivers.protocol import Context


class SqlExtractor:
    """Runs `query` in the SQLite or DuckDB file `database`; see `docs/drivers.md` for its options."""

    def run(
        self,
        *,
        step_id: str,  # noqa: ARG002 - the protocol's
        config: Mapping[str, Any],
        inputs: Mapping[str, Any],  # noqa: ARG002 - a source has none
        ctx: Context,
    ) -> dict[str, Any]:
        """Return `{"df": table}`. The engine's own errors pass; OSError or ValueError for a file that is no database."""
        shown, query = str(config["database"]), str(config["query"])
        path, engine = existing_database(shown)
        if engine == "sqlite":
            from osiris_core.drivers.sqlite_file import read_sqlite

            table = read_sqlite(path, query)
        else:
            from osiris_core.drivers.duckdb_file import read_duckdb

            table = read_duckdb(path, query)
        ctx.log_metric("rows_read", table.num_rows, unit="rows")
        ctx.logger.info("read %d rows, %d columns from %s", table.num_rows, table.num_columns, shown)
        return {TABLE: table}
