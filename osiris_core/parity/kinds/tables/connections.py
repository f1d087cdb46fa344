"""The DuckDB that compares tables: in memory, its own, bounded, spilling to a directory that goes with it.

To open one takes longer than to compare two small tables in it. So the tables of one comparison share one; each has a
connection of its own, whose temporary tables and streams are gone with it.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from osiris_core.parity.kinds.tables.model import MEMORY_MB, THREADS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

_UNTRUSTED: Final = "statistics_propagation,join_filter_pushdown"
"""What would believe a file's own statistics: a Parquet column of 1.0 and NaN says that 1.0 is all it holds, and a query
that relies on it fails (`aggregate group exceeded total groups`), or passes over rows."""


class _Shared:
    """An engine that is opened when it is first needed; of one that failed nothing is used again."""

    def __init__(self) -> None:
        self._held = ExitStack()
        self._opened: duckdb.DuckDBPyConnection | None = None

    def opened(self) -> duckdb.DuckDBPyConnection:
        if self._opened is None:
            self._opened = self._held.enter_context(_engine())
        return self._opened

    def close(self) -> None:
        self._opened = None
        self._held.close()


_shared: ContextVar[_Shared | None] = ContextVar("_shared", default=None)


@contextmanager
def one_engine() -> Iterator[None]:
    """Let all tables that are compared in the block share one engine; a block in a block has that of the outer one."""
    if _shared.get() is not None:
        yield
        return
    shared = _Shared()
    _shared.set(shared)
    try:
        yield
    finally:
        _shared.set(None)
        shared.close()


@contextmanager
def connection(*, more_mb: int = 0) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection, to the shared engine where there is one; `more_mb` is added to what it may hold in memory."""
    with one_engine():
        shared = _shared.get()
        assert shared is not None  # noqa: S101 - the block above saw to it
        with shared.opened().cursor() as given:
            given.execute(f"set memory_limit = '{MEMORY_MB + more_mb}MB'")
            try:
                yield given
            except BaseException:
                # Some errors leave an engine that answers nothing any more, and a hostile file may lead to one.
                given.close()
                shared.close()
                raise


@contextmanager
def _engine() -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb

    with (
        TemporaryDirectory(prefix="osiris-tables-", ignore_cleanup_errors=True) as folder,
        duckdb.connect(
            ":memory:",
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "python_enable_replacements": "false",
                "preserve_insertion_order": "false",
                "disabled_optimizers": _UNTRUSTED,
                "perfect_ht_threshold": 0,
                "threads": THREADS,
                "temp_directory": folder,
            },
        ) as opened,
    ):
        yield opened
