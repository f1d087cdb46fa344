"""Artifacts as tables: read by the extractors, so that a test sees the types and values that a step would be handed."""

from __future__ import annotations

import logging
import sys
import weakref
from typing import TYPE_CHECKING, Any, Final

from osiris_core.drivers.registry import builtin_specs, load_driver
from osiris_core.nearest import nearest
from osiris_core.wire.names import TABLE
from pytest_osiris.keys import ArtifactContentError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pyarrow as pa


_CSV: Final = "filesystem.csv_extractor"
_JSON_LINES: Final = "filesystem.jsonl_extractor"
_PARQUET: Final = "filesystem.parquet_extractor"
_SQL: Final = "sql.extractor"
_ARROW: Final = "Arrow"

_ENDINGS: Final = {
    ".csv": _CSV,
    ".tsv": _CSV,
    ".jsonl": _JSON_LINES,
    ".ndjson": _JSON_LINES,
    ".parquet": _PARQUET,
    ".pq": _PARQUET,
    **dict.fromkeys((".arrow", ".arrows", ".feather", ".ipc"), _ARROW),
}
_MAGIC: Final = {b"PAR1": _PARQUET, b"ARROW1": _ARROW, b"SQLite format 3\0": _SQL}
_DUCKDB: Final = slice(8, 12)
_TABLES_QUERY: Final = "select name from sqlite_master where type in ('table', 'view') order by name"
_SHOWN_TABLES: Final = 10

_GIVEN: Final = weakref.WeakValueDictionary[int, Any]()
"""The tables that were read, as long as a test has them: of these alone an assertion is explained."""


class _Quiet:
    """Takes the metric and the log line of a driver: nobody asked for them."""

    logger = logging.Logger("osiris.table", logging.CRITICAL)  # noqa: LOG001 - one that reaches no handler of the test's

    def log_metric(self, *_: object, **__: object) -> None:
        """Take a metric."""


def read_table(name: str, path: Path, config: Mapping[str, Any]) -> pa.Table:
    """Return an artifact as a table; `ArtifactContentError` where it is none."""
    __tracebackhide__ = True
    kind = _kind_of(name, path)
    try:
        table = _read_arrow(name, path, config) if kind == _ARROW else _read_by_driver(name, path, kind, config)
    except _reading_errors() as error:
        said = str(error).partition("\n")[0].replace(str(path), name)
        told = said if name in said else f"{name}: {said}"
        raise ArtifactContentError(told) from None
    _GIVEN[id(table)] = table
    return table


def is_given(value: object) -> bool:
    """Whether a value is a table that was read from an artifact of a run."""
    return _GIVEN.get(id(value)) is value


def _kind_of(name: str, path: Path) -> str:
    """Return who reads an artifact: its first bytes say it, or its name."""
    with path.open("rb") as source:
        head = source.read(16)
    if head[_DUCKDB] == b"DUCK":
        return _SQL
    found = next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)
    found = found or _ENDINGS.get(path.suffix.lower())
    if found is None:
        raise ArtifactContentError(
            f"{name} is no table: it is neither CSV, JSON lines, Parquet, Arrow, SQLite nor DuckDB by its name or its "
            "first bytes; read .text(), .json() or .bytes()"
        )
    return found


def _read_by_driver(name: str, path: Path, kind: str, config: Mapping[str, Any]) -> pa.Table:
    options = builtin_specs()[kind].options
    path_option = "database" if kind == _SQL else "path"
    for given in config:
        if given not in options or given == path_option:
            known = [each for each in options if each != path_option]
            advice = nearest(given, known) or f"there are {', '.join(known)}"
            raise ArtifactContentError(f"{name}: {kind} takes no {given!r}; {advice}")
    if kind == _SQL and not config.get("query"):
        raise ArtifactContentError(f"{name} is a database; say which table: .table(query={_example(path)})")
    fixed = {"delimiter": "\t"} if path.suffix.lower() == ".tsv" else {}
    asked = {**fixed, **config, path_option: str(path)}
    driver: Any = load_driver(kind)
    table: pa.Table = driver.run(step_id="table", config=asked, inputs={}, ctx=_Quiet())[TABLE]
    return table


def _example(path: Path) -> str:
    """Return a query that would work: of the first table there is."""
    driver: Any = load_driver(_SQL)
    given = {"database": str(path), "query": _TABLES_QUERY}
    found = driver.run(step_id="table", config=given, inputs={}, ctx=_Quiet())[TABLE]
    names = found.column(0).to_pylist()
    others = f", or of {', '.join(names[1:_SHOWN_TABLES])}" if len(names) > 1 else ""
    return f'"select * from {names[0]}"{others}' if names else '"select 1"; it has no table'


def _read_arrow(name: str, path: Path, config: Mapping[str, Any]) -> pa.Table:
    import pyarrow as pa

    from osiris_core.parity.kinds.tables.arrow_ipc import read_arrow

    if config:
        raise ArtifactContentError(f"{name}: an Arrow file takes no {next(iter(config))!r}: it says all by itself")
    found = read_arrow(path)
    return pa.Table.from_batches(found.batches(), schema=found.schema)


def _reading_errors() -> tuple[type[Exception], ...]:
    """Return what drivers and engines raise over a file or a config that is wrong; what is not loaded has raised nothing."""
    engines = {"sqlite3": "Error", "pyarrow": "ArrowException", "duckdb": "Error"}
    raised = [getattr(sys.modules[engine], name) for engine, name in engines.items() if engine in sys.modules]
    return (OSError, ValueError, TypeError, *raised)
