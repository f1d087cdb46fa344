"""Artifacts in a baseline: short texts as they are; of everything else the digest, and what is in it as a person would say it.

A file that is a table is described as a step's own tables are, so that two of them can be held against each other by their description.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from osiris_core.session.artifacts import ArtifactFile

KEPT_BYTES: Final = 64 * 1024
"""Texts up to this size are kept as they are."""
DESCRIBED_BYTES: Final = 256 * 1024 * 1024
"""Larger files are not opened for a summary: they are known by their digest."""

_FIRST_ROWS: Final = 5
_SHOWN_CHARACTERS: Final = 60
_TABLES: Final = {
    ".parquet": "Parquet",
    ".pq": "Parquet",
    ".csv": "CSV",
    ".tsv": "CSV",
    ".jsonl": "JSON lines",
    ".ndjson": "JSON lines",
}


def kept_text(file: ArtifactFile) -> bytes | None:
    """Return the content of a file that is kept as it is: a short text. OSError where it cannot be read."""
    if file.size_bytes > KEPT_BYTES:
        return None
    data = file.absolute.read_bytes()
    return data if is_text(data) else None


def content_of(file: ArtifactFile) -> str:
    """Return the digest of what an archive, a compressed file or an SQLite database holds; empty for any other file.

    OSError where it cannot be read.
    """
    from osiris_core.parity.kinds.containers.digests import FORM, content_digest
    from osiris_core.parity.kinds.tables.sqlite import MAGIC, database_digest

    if file.size_bytes > DESCRIBED_BYTES:
        return ""
    with file.absolute.open("rb") as source:
        is_database = source.read(len(MAGIC)) == MAGIC
    if not is_database:
        return content_digest(file.absolute)
    try:
        found = database_digest(file.absolute)
    except (sqlite3.Error, ValueError, TypeError):  # it is torn, or has texts that are none
        return ""
    return f"{FORM}:{found}" if found else ""


def is_text(data: bytes) -> bool:
    """Whether a person could read it: UTF-8 without NUL."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in data


def summary_of(path: str, file: Path, size_bytes: int) -> dict[str, Any]:
    """Return what is in a file: its kind and size, and of a table its description and first rows."""
    found = _table_in(path, file, size_bytes)
    if found is None:
        return {"kind": _kind(file, size_bytes), "size_bytes": size_bytes}
    from osiris_core.drivers.tables import describe_table

    try:
        described = describe_table(found)
    except (TypeError, ValueError):  # of a type that has no description, or two columns of one name
        return {"kind": _TABLES[_suffix(path)], "size_bytes": size_bytes}
    rows = [[_shown(cell) for cell in row.values()] for row in found.slice(0, _FIRST_ROWS).to_pylist()]
    return {"kind": _TABLES[_suffix(path)], "size_bytes": size_bytes, "first_rows": rows, "table": described}


def encode_summary(summary: dict[str, Any]) -> bytes:
    """Return a summary as JSON with one column, and one row, a line."""
    table = summary.get("table")
    lines = [f'"kind": {_json(summary["kind"])}', f'"size_bytes": {summary["size_bytes"]}']
    if table is not None:
        lines += [f'"{name}": {_json(table[name])}' for name in ("rows", "unordered", "ordered")]
        columns = [_json({**column, **table["columns"].get(column["name"], {})}) for column in table["schema"]]
        lines += [_block("columns", columns), _block("first_rows", list(map(_json, summary["first_rows"])))]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode("utf-8", "backslashreplace")


def decode_table(data: bytes) -> dict[str, Any] | None:
    """Return the description of the table in a summary; None where it was none. ValueError for what is no summary."""
    value = json.loads(data)
    if not isinstance(value, dict) or "kind" not in value:
        raise ValueError("it is no summary")
    if "columns" not in value:
        return None
    try:
        schema = [{name: column[name] for name in ("name", "type", "nullable")} for column in value["columns"]]
        columns = {
            column["name"]: {name: each for name, each in column.items() if name not in {"name", "type", "nullable"}}
            for column in value["columns"]
        }
        return {
            "rows": value["rows"],
            "schema": schema,
            "ordered": value["ordered"],
            "unordered": value["unordered"],
            "columns": columns,
        }
    except (KeyError, TypeError) as error:
        raise ValueError(f"it is no summary: {error!r}") from error


def _table_in(path: str, file: Path, size_bytes: int) -> pa.Table | None:
    """Return the table in a file, as the extractor of its format reads it; None where it is none."""
    kind = _TABLES.get(_suffix(path))
    if kind is None or size_bytes > DESCRIBED_BYTES:
        return None
    from osiris_core.drivers.csv_extractor import CsvExtractor
    from osiris_core.drivers.jsonl_extractor import JsonlExtractor
    from osiris_core.drivers.parquet_extractor import ParquetExtractor

    extractor: Any = {"Parquet": ParquetExtractor, "CSV": CsvExtractor, "JSON lines": JsonlExtractor}[kind]()
    config = {"path": str(file), **({"delimiter": "\t"} if _suffix(path) == ".tsv" else {})}
    try:
        table: pa.Table = extractor.run(step_id="", config=config, inputs={}, ctx=_Unheard())["df"]
    except (ValueError, TypeError, OSError):  # its name says that it is a table, and it is none
        return None
    return table


class _Unheard:
    """What an extractor is told to log and to measure goes nowhere: nobody runs a step here."""

    logger = logging.Logger("osiris.baseline", logging.CRITICAL + 1)  # noqa: LOG001 - one that belongs to no tree, so that nobody hears it

    def log_metric(self, *_: object, **__: object) -> None:
        """Take no notice."""


def _kind(file: Path, size_bytes: int) -> str:
    if size_bytes > DESCRIBED_BYTES:
        return "file"
    return "text" if is_text(file.read_bytes()) else "binary"


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


def _shown(cell: Any) -> Any:
    if cell is None or isinstance(cell, bool | int):
        return cell
    text = str(cell)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def _block(name: str, lines: list[str]) -> str:
    inside = ",\n".join(f"  {line}" for line in lines)
    return f'"{name}": [\n{inside}\n]' if lines else f'"{name}": []'


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
