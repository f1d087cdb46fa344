"""Pairs of files that hold tables, for the tests of their comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import parquet

from osiris_core.parity.kinds.protocol import FilePair
from osiris_core.parity.kinds.registry import compare_files
from osiris_core.rules.model import RecordKind, Rule, RuleKind, Scope, Shape, Tolerance

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.parity.kinds.protocol import FileComparison

LABELS = ("local", "e2b")
NAN = float("nan")


def told(folder: Path, name: str, left: bytes, right: bytes, rules: tuple[Rule, ...] = ()) -> FileComparison:
    """Compare two contents of one file name."""
    for side, data in (("a", left), ("b", right)):
        (folder / side).mkdir(exist_ok=True)
        (folder / side / name).write_bytes(data)
    return compared(folder, name, rules)


def compared(folder: Path, name: str, rules: tuple[Rule, ...] = ()) -> FileComparison:
    """Compare the files of one name in `folder/a` and `folder/b`."""
    pair = FilePair(path=name, left=folder / "a" / name, right=folder / "b" / name, labels=LABELS, rules=rules)
    return compare_files(pair)


def parquets(folder: Path, left: Any, right: Any, rules: tuple[Rule, ...] = (), **options: Any) -> FileComparison:
    """Compare two tables as Parquet files; a mapping is a table. `options` are those of the right file."""
    for side, data, how in (("a", left, {}), ("b", right, options)):
        (folder / side).mkdir(exist_ok=True)
        table = data if isinstance(data, pa.Table) else pa.table(data)
        parquet.write_table(table, folder / side / "x.parquet", **how)
    return compared(folder, "x.parquet", rules)


def codes(result: FileComparison) -> list[str]:
    """Return the codes of all findings."""
    return [finding.code for finding in result.findings]


def unordered(*by: str) -> Rule:
    """Return a rule by which the order of rows means nothing."""
    return Rule(
        id="any-order",
        reason="a set",
        scope=Scope(record=RecordKind.ARTIFACT),
        kind=RuleKind.UNORDERED,
        by=by,
        source="manifest",
    )


def tolerance(column: str = "*", *, shape: Shape | None = None, **distances: Any) -> Rule:
    """Return a rule by which numbers of a column may be apart."""
    return Rule(
        id="near",
        reason="float noise",
        scope=Scope(record=RecordKind.ARTIFACT, path=column),
        kind=RuleKind.TOLERANCE,
        tolerance=Tolerance(**distances),
        shape=shape or Shape(),
    )


def canonical(form: str) -> Rule:
    """Return a rule by which another form of the file is compared."""
    return Rule(
        id="form", reason="declared", scope=Scope(record=RecordKind.ARTIFACT), kind=RuleKind.CANONICAL, form=form
    )
