"""Compares two files of one kind of table: the tables inside, then what is left to differ, the container."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.kinds.binary import explain_bytes
from osiris_core.parity.kinds.protocol import FileComparison, SetAside
from osiris_core.parity.kinds.tables.judge import judge
from osiris_core.parity.kinds.tables.model import TableError
from osiris_core.parity.kinds.tables.rules import idle_rules, table_rules
from osiris_core.parity.kinds.tables.schema import compared_columns, schema_findings
from osiris_core.parity.kinds.tables.told import told
from osiris_core.parity.values import shorten, show

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from osiris_core.parity.kinds.protocol import FileFinding, FilePair
    from osiris_core.parity.kinds.tables.model import Table
    from osiris_core.rules.model import Rule

CONTAINER: Final = "container-metadata"
CONTAINER_REASON: Final = (
    "the same table in another container: who wrote it, and how its bytes are laid out, is no content"
)

_KEPT_FINDINGS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TableComparer:
    """Compares files of one format: `read` opens one, `facts` say what its container looks like.

    `contradictions` says of two files what in their containers leads readers to other rows, told whether both have the very same. `magic` stands at `magic_at` in every file of it; where a format has none, `endings` alone tell.
    """

    name: str
    endings: tuple[str, ...]
    read: Callable[[Path], Table]
    facts: Callable[[Path], Mapping[str, Any]]
    contradictions: Callable[[FilePair, bool], FileComparison] | None = None
    magic: bytes = b""

    def claims(self, path: str, head: bytes) -> bool:
        """Go by the first bytes where the format has some of its own; a file of that name without them is told."""
        return path.lower().endswith(self.endings) or bool(self.magic and head.startswith(self.magic))

    def compare(self, pair: FilePair) -> FileComparison:
        """Compare two files as tables; as bytes where one is no table of the kind."""
        try:
            tables = self._read(pair)
            found = compare_tables(*tables, rules=pair.rules, labels=pair.labels)
            if not found.findings and not found.not_compared:
                if self.contradictions and (told := self.contradictions(pair, not found.set_aside)) != FileComparison():
                    return told
                aside = container_aside(self.facts(pair.left), self.facts(pair.right), is_needed=not found.set_aside)
                found = replace(found, set_aside=(*found.set_aside, *aside))
        except reading_errors() as error:
            return as_bytes(pair, error)
        return found

    def _read(self, pair: FilePair) -> tuple[Table, Table]:
        opened = []
        for label, path in zip(pair.labels, (pair.left, pair.right), strict=True):
            try:
                opened.append(self.read(path))
            except reading_errors() as error:
                raise TableError(
                    f"that of {label} is no {self.name} file that can be read: {said_by(error)}"
                ) from error
        return opened[0], opened[1]


def container_aside(
    left: Mapping[str, Any], right: Mapping[str, Any], *, is_needed: bool = True
) -> tuple[SetAside, ...]:
    """Return what of two containers differs, as something that counts as equal.

    `is_needed`: the bytes differ and nothing else says why, so something is told even where none of the facts do.
    """
    names = [name for name in left if left[name] != right.get(name)]
    if not names and not is_needed:
        return ()
    forms = [shorten("; ".join(f"{name} {show(side.get(name))}" for name in names)) for side in (left, right)]
    reason = f"{CONTAINER_REASON} ({', '.join(names) or 'the layout of its bytes'})"
    return (SetAside(rule=CONTAINER, reason=reason, left=forms[0], right=forms[1]),)


def compare_tables(
    left: Table,
    right: Table,
    *,
    rules: Sequence[Rule] = (),
    labels: tuple[str, str] = ("left", "right"),
    equal_rows: int = 0,
) -> FileComparison:
    """Compare two tables: their schemas, then the values of all columns that both have with one type.

    `equal_rows` both have beside those of the tables.
    """
    schema = tuple(schema_findings(left.schema, right.schema, labels))
    columns = compared_columns(left.schema, right.schema)
    holding = table_rules(rules, left.name, columns, is_spelled=left.spelled)
    if not columns and schema:
        return _kept(schema)
    judged = judge(left, right, columns, holding)
    judged = replace(judged, rows=(judged.rows[0] + equal_rows, judged.rows[1] + equal_rows))
    values = told(judged, holding, labels)
    differing = {column.name for found in values.findings if found.table for column in found.table.columns}
    asked = [column for column in columns if column.name in differing or not differing] if values.findings else []
    idle = idle_rules(rules, left.name, asked, is_spelled=left.spelled)
    return replace(_kept((*schema, *values.findings)), set_aside=values.set_aside, idle_rules=idle)


def _kept(findings: tuple[FileFinding, ...]) -> FileComparison:
    return FileComparison(findings=findings[:_KEPT_FINDINGS], findings_total=len(findings))


def as_bytes(pair: FilePair, error: Exception) -> FileComparison:
    """Compare two files as bytes, and say why they are not compared as tables."""
    gap = f"{pair.path} was compared as bytes, not as a table: {said_by(error)}"
    return FileComparison(findings=(explain_bytes(pair.left, pair.right),), not_compared=(gap,))


def said_by(error: Exception) -> str:
    """Return the first line of what an engine says."""
    return shorten(str(error).strip().partition("\n")[0]) or type(error).__name__


def reading_errors() -> tuple[type[Exception], ...]:
    """Return what the engines raise over a file that they cannot read; one that is not loaded has raised nothing."""
    engines = {"sqlite3": "Error", "pyarrow": "ArrowException", "duckdb": "Error"}
    raised = [getattr(sys.modules[engine], name) for engine, name in engines.items() if engine in sys.modules]
    return (TableError, OSError, UnicodeDecodeError, *raised)
