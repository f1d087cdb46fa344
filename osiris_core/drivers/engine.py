"""A private DuckDB connection: in memory, its own, and unable to fetch extensions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import duckdb

_SETTINGS: Final = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    # A query sees the tables it is given, not the variables of whatever Python code happens to call it.
    "python_enable_replacements": "false",
}


SMALL_BYTES: Final = 8 << 20
"""Work on no more than this is done in the prepared engine: by one thread, it is over before another engine were open."""

_prepared: duckdb.DuckDBPyConnection | None = None
_has_threads = False


def connect() -> duckdb.DuckDBPyConnection:
    """Return a new connection. Everything else, threads and time zone too, is as the engine finds the machine."""
    import duckdb

    return duckdb.connect(":memory:", config=dict(_SETTINGS))


def connect_in_utc() -> duckdb.DuckDBPyConnection:
    """Return a connection for work whose result must not depend on the machine's time zone."""
    connection = connect()
    connection.execute("set TimeZone = 'UTC'")
    return connection


def borrow_in_utc(size_bytes: int) -> duckdb.DuckDBPyConnection:
    """Return a connection as `connect_in_utc` does, for work on so many bytes that leaves nothing but temporary tables and views.

    For little work it is one more connection to the prepared engine, and a new engine otherwise.
    """
    if size_bytes > SMALL_BYTES or not prepare_engine():
        return connect_in_utc()
    assert _prepared is not None  # noqa: S101 - it has just been prepared
    connection = _prepared.cursor()
    connection.execute("set TimeZone = 'UTC'")
    return connection


def prepare_engine() -> bool:
    """Open the engine of which `borrow_in_utc` gives connections, in this process and in those forked from it.

    It takes longer to open one than to read a small table. A fork must find no thread at work, so this one has none of
    its own; nothing is left of it where a version of the engine has all the same, and False is returned.
    """
    import duckdb

    global _prepared, _has_threads  # noqa: PLW0603 - one a process
    if _prepared is None and not _has_threads:
        before = _threads()
        opened = duckdb.connect(":memory:", config={**_SETTINGS, "threads": 1, "async_threads": 0})
        _has_threads = _threads() > before
        if _has_threads:
            opened.close()
        else:
            _prepared = opened
    return _prepared is not None


def _threads() -> int:
    try:
        return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - names only
    except FileNotFoundError:  # no Linux: nothing is forked from a prepared engine there
        return 0


def first_row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """Return the first row of a query's result, empty without one; the connection is free again after it."""
    rows = connection.execute(query).fetchall()
    return rows[0] if rows else ()


def require_rows(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    """Refuse a query whose end has no rows of its own; the engine would give a count or the word Success instead."""
    statements = connection.extract_statements(query)
    kinds = {kind.name for kind in statements[-1].expected_result_type} if statements else set()
    is_pivot = bool(statements) and statements[-1].type.name == "MULTI"
    if kinds != {"QUERY_RESULT"} and not is_pivot:
        raise ValueError("the query has no result: its last statement must be a SELECT")


def text_literal(text: str) -> str:
    """Return `text` as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def quoted_name(name: str) -> str:
    """Return `name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
