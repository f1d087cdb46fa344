"""Files of many tables: what is defined in them, then the rows of every table that both have."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from osiris_core.parity.kinds.protocol import FileComparison, FileFinding
from osiris_core.parity.kinds.tables.comparer import as_bytes, compare_tables, container_aside, reading_errors
from osiris_core.parity.kinds.tables.schema import CODE
from osiris_core.parity.values import shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from osiris_core.parity.kinds.protocol import FilePair
    from osiris_core.parity.kinds.tables.model import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """One open file: `defined` has the SQL of each thing by its kind and name, such as `index by_day`.

    `unread` are sentences about tables whose rows cannot be read, `facts` what the container looks like. `hidden` gives
    by its name what no table shows and somebody may read all the same.
    """

    defined: Mapping[str, str]
    tables: Mapping[str, Table]
    unread: tuple[str, ...] = ()
    facts: Mapping[str, Any]
    hidden: Callable[[], Mapping[str, str]] = dict


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseComparer:
    """Compares database files of one engine; `open_pair` gives both, and leaves nothing beside them."""

    name: str
    magic: bytes
    magic_at: int
    open_pair: Callable[[Path, Path], AbstractContextManager[tuple[Database, Database]]]

    def claims(self, path: str, head: bytes) -> bool:
        """Go by the first bytes alone: these files go by many names."""
        del path
        return head[self.magic_at : self.magic_at + len(self.magic)] == self.magic

    def compare(self, pair: FilePair) -> FileComparison:
        """Compare two files by definitions and rows; as bytes where one cannot be read."""
        try:
            with self.open_pair(pair.left, pair.right) as (left, right):
                return _compare(pair, left, right)
        except reading_errors() as error:
            return as_bytes(pair, error)


def _compare(pair: FilePair, left: Database, right: Database) -> FileComparison:
    findings = list(_definitions(left, right, pair.labels))
    idle: dict[str, None] = {}
    set_aside, gaps, total = [], [*dict.fromkeys((*left.unread, *right.unread))], len(findings)
    for name in left.tables:
        if name not in right.tables:
            continue  # told with the definitions
        told = compare_tables(left.tables[name], right.tables[name], rules=pair.rules, labels=pair.labels)
        findings += [
            replace(
                found, path=f"{name}.{found.path}" if found.path else name, message=f"table {name}: {found.message}"
            )
            for found in told.findings
        ]
        total += max(told.findings_total, len(told.findings))
        set_aside += [replace(aside, path=f"{name}.{aside.path}" if aside.path else name) for aside in told.set_aside]
        gaps += told.not_compared
        idle |= dict.fromkeys(told.idle_rules)
    if not findings and not gaps:
        findings += _hidden(left, right)
        total = len(findings)
    if not findings and not gaps:
        set_aside += container_aside(left.facts, right.facts, is_needed=not set_aside)
    return FileComparison(
        findings=tuple(findings),
        findings_total=total,
        set_aside=tuple(set_aside),
        idle_rules=tuple(idle),
        not_compared=tuple(f"{pair.path}: {gap}" for gap in gaps),
    )


def _hidden(left: Database, right: Database) -> Iterator[FileFinding]:
    a, b = left.hidden(), right.hidden()
    for what in sorted(a.keys() | b.keys()):
        here, there = a.get(what, "(none)"), b.get(what, "(none)")
        if here != there:
            yield FileFinding(message=f"other {what}", left=here, right=there)


def _definitions(left: Database, right: Database, labels: tuple[str, str]) -> Iterator[FileFinding]:
    for what in dict.fromkeys((*left.defined, *right.defined)):
        a, b = left.defined.get(what), right.defined.get(what)
        if a == b:
            continue
        shown = tuple("(absent)" if sql is None else shorten(sql) for sql in (a, b))
        where = f"only {labels[0] if b is None else labels[1]} has the {what}"
        message = f"the {what} is defined otherwise" if a is not None and b is not None else where
        yield FileFinding(code=CODE, path=what.partition(" ")[2], message=message, left=shown[0], right=shown[1])
