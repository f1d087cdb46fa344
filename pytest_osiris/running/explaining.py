"""What a failed `assert a == b` shows of two runs, two artifact trees, two artifacts or two tables.

The first line is a summary, the next few are what matters; the parity comparers find it, within their bounds of time and memory.
Large files are told apart by their digests alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osiris_core.parity.kinds.protocol import FilePair
from osiris_core.report.text import capped_line, visible_line
from pytest_osiris.running.artifacts import Artifact, Artifacts
from pytest_osiris.running.likeness import LABELS, likeness_of
from pytest_osiris.running.run import Run
from pytest_osiris.running.tables import is_given

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from osiris_core.parity.kinds.protocol import FileComparison, FileFinding
    from osiris_core.parity.record import Finding

LINES: Final = 40
"""As many are shown; with `-vv` ten times as many."""
_WIDEST: Final = 200
_OPENED_FILES: Final = 5
_OPENED_BYTES: Final = 256 << 20
_VERBOSE: Final = 2


def explain(verbosity: int, left: object, right: object) -> list[str] | None:
    """Return the lines for two values of ours that are not equal; None for all others."""
    if isinstance(left, Run) and isinstance(right, Run):
        lines = [*_of_runs(left, right)]
    elif isinstance(left, Artifacts) and isinstance(right, Artifacts):
        lines = [*_of_trees(left, right)]
    elif isinstance(left, Artifact) and isinstance(right, Artifact):
        lines = [f"{left.name} and {right.name} hold other bytes", *_of_files(left, right, left.name)]
    elif (is_given(left) or is_given(right)) and type(left) is type(right):
        lines = [*_of_tables(left, right)]
    else:
        return None
    return _bounded(lines, LINES * 10 if verbosity >= _VERBOSE else LINES) or None


def _of_runs(left: Run, right: Run) -> Iterator[str]:
    found = likeness_of(left.session_directories, right.session_directories)
    if found.is_full:
        return
    a, b = left.record.name, right.record.name
    what = f"two runs of {a}" if a == b else f"the runs of {a} and of {b}"
    step = f", first in step {found.first_step}" if found.first_step else ""
    yield f"{what} are not the same: {_count(found.total, 'difference')}{step}"
    for finding in sorted(found.findings, key=lambda each: each.step != found.first_step):
        where = f"step {finding.step}: " if finding.step else ""
        yield f"{where}{finding.path}: {finding.message}"
        yield from _values(finding)
    yield from found.doubts


def _of_trees(left: Artifacts, right: Artifacts) -> Iterator[str]:
    only_left, only_right = [each for each in left if each not in right], [each for each in right if each not in left]
    differing = [name for name in left if name in right and left[name] != right[name]]
    parts = [
        _count(len(differing), "file differs", "files differ") if differing else "",
        f"{len(only_left):,} only left" if only_left else "",
        f"{len(only_right):,} only right" if only_right else "",
    ]
    yield f"the artifacts of two runs are not the same: {', '.join(filter(None, parts))}"
    for side, names, files in (("left", only_left, left), ("right", only_right, right)):
        yield from (f"only {side}: {name} ({files[name].size_bytes:,} bytes)" for name in names[: LINES // 4])
    differing.sort(key=lambda name: max(left[name].size_bytes, right[name].size_bytes))
    for name in differing[:_OPENED_FILES]:
        yield from _of_files(left[name], right[name], name)
    for name in differing[_OPENED_FILES:]:
        yield f"{name}: {_digests(left[name], right[name])}"


def _of_files(left: Artifact, right: Artifact, path: str) -> Iterator[str]:
    """Yield what a comparer of the kind says; of large files only which bytes they are."""
    if left.size_bytes + right.size_bytes > _OPENED_BYTES:
        yield f"{path}: {_digests(left, right)}; too large to be opened here"
        return
    from osiris_core.parity.kinds.registry import compare_files

    told = compare_files(FilePair(path=path, left=left.path, right=right.path, labels=LABELS))
    yield from _told(told, f"{path}: ")


def _of_tables(left: pa.Table, right: pa.Table) -> Iterator[str]:
    from osiris_core.parity.kinds.tables.comparer import compare_tables, reading_errors
    from osiris_core.parity.kinds.tables.model import Table, batch_rows

    def as_table(table: pa.Table) -> Table:
        rows = batch_rows(table.num_columns)
        return Table(schema=table.schema, batches=lambda: iter(table.to_batches(rows)), rows=table.num_rows)

    yield f"two tables are not the same: {_shape(left)} and {_shape(right)}"
    try:
        yield from _told(compare_tables(as_table(left), as_table(right), labels=LABELS), "")
    except reading_errors() as error:
        yield f"they could not be compared further: {error}"


def _told(told: FileComparison, before: str) -> Iterator[str]:
    for found in told.findings:
        place = f"{found.path}: " if found.path else ""
        yield f"{before}{place}{found.message}"
        yield from _values(found)
    for aside in told.set_aside:
        yield f"{before}the same but for {aside.rule}: {aside.left} | {aside.right} ({aside.reason})"
    yield from (f"{before}{gap}" for gap in told.not_compared)


def _values(found: Finding | FileFinding) -> Iterator[str]:
    """Yield the cells that differ, or both values; and what to do."""
    if found.table and found.table.cells:
        yield from (f"  {_row(each.row)}, {each.column}: {each.left} | {each.right}" for each in found.table.cells)
    elif found.left or found.right:
        yield f"   left: {found.left or '(nothing)'}"
        yield f"  right: {found.right or '(nothing)'}"
    if found.hint:
        yield f"  hint: {found.hint}"


def _row(row: str) -> str:
    return f"row {row}" if row.isdecimal() else row


def _digests(left: Artifact, right: Artifact) -> str:
    a, b = (f"{each.size_bytes:,} bytes, sha256 {each.sha256[:12]}" for each in (left, right))
    return f"{a} | {b}"


def _shape(table: pa.Table) -> str:
    return f"{_count(table.num_rows, 'row')} of {_count(table.num_columns, 'column')}"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def _bounded(lines: Iterable[str], most: int) -> list[str]:
    """Return lines that a terminal can show, and how many were left out."""
    shown = [capped_line(visible_line(line), _WIDEST) for line in lines]
    left_out = [f"... {len(shown) - most + 1:,} more lines; -vv shows more"] if len(shown) > most else []
    return [*shown[: most - 1], *left_out] if left_out else shown
