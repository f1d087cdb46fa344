"""`duckdb.processor` and `python.callable`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from osiris_core.drivers.protocol import DriverSpec, Option

DUCKDB: Final = DriverSpec(
    name="duckdb.processor",
    kind="processor",
    target="osiris_core.drivers.duckdb_processor:DuckdbProcessor",
    requirements=("duckdb", "pyarrow"),
    options=MappingProxyType(
        {"query": Option(type="string", required=True, summary="One statement or several; the last one is a SELECT.")}
    ),
    summary="Runs a SQL query in DuckDB over the tables of the steps it needs.",
    documentation=(
        "Every step in `needs` is a view `df_<id>`. Threads and time zone are the machine's, on purpose.\n\n"
        "Metric: rows_out."
    ),
)

PYTHON: Final = DriverSpec(
    name="python.callable",
    kind="callable",
    target="osiris_core.drivers.python_callable:PythonCallable",
    requirements=("pyarrow",),
    options=MappingProxyType(
        {
            "function": Option(
                type="string", required=True, summary="`package.module:name`, from a `code:` directory."
            ),
            "kwargs": Option(type="mapping", summary="Its keyword arguments; none."),
        }
    ),
    summary="Calls a function of the project's own code.",
    documentation=(
        "It is called as `name(inputs, ctx, **kwargs)` and returns a table, a dict as a driver does, or None.\n\n"
        "Metric: rows_out, where there is a table."
    ),
)
