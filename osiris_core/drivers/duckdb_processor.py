"""`duckdb.processor`: a SQL query over the tables of the steps that this one needs.

Each table is a view `df_<step id>`. Threads, time zone and all else are left as the engine finds them on the
machine, on purpose: a query whose result depends on them is what a comparison of two targets must bring out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from osiris_core.drivers.arrow_types import label_utc
from osiris_core.drivers.engine import connect, require_rows
from osiris_core.drivers.inputs import given_tables
from osiris_core.wire.names import TABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osiris_core.drivers.protocol import Context


class DuckdbProcessor:
    """Runs `query`, one statement or several; the last one's rows are the step's table."""

    def run(
        self,
        *,
        step_id: str,  # noqa: ARG002 - the protocol's
        config: Mapping[str, Any],
        inputs: Mapping[str, Any],
        ctx: Context,
    ) -> dict[str, Any]:
        """Return `{"df": table}`. The engine's own errors pass; ValueError for a query without a result."""
        with connect() as connection:
            for name, table in given_tables(inputs).items():
                connection.register(name, table)
            query = str(config["query"])
            require_rows(connection, query)
            table = label_utc(connection.sql(query).to_arrow_table())
        ctx.log_metric("rows_out", table.num_rows, unit="rows")
        return {TABLE: table}
