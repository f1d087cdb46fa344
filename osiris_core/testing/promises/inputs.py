"""What a driver is given is not changed by it, and may be empty, missing, in any script, and large."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from osiris_core.testing import samples
from osiris_core.testing.comparison import difference
from osiris_core.testing.findings import broken, kept, not_asked
from osiris_core.wire.names import table_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

    from osiris_core.testing.findings import Finding
    from osiris_core.testing.subject import Subject
    from osiris_core.testing.trial import Outcome

_NO_TABLES: Final = "no table of its example can be changed"


def inputs_unchanged(subject: Subject) -> Finding:
    """Leave tables, config and input files as they are."""
    made = {f"work/{each}" for each in (*subject.made_paths(), *subject.files)}
    changed = [*subject.plain.inputs_changed, *sorted(made.intersection(subject.plain.written))]
    if changed:
        return broken(f"it changes what it is given: {', '.join(changed)}")
    return kept("tables, config and input files are as they were")


def empty_inputs(subject: Subject) -> Finding:
    """Take tables without rows, and give the same columns for them."""
    if not subject.depends_on_tables:
        return not_asked(_NO_TABLES)
    outcome = subject.call(change=samples.without_rows)
    if outcome.error is not None:
        return broken(f"it fails on a table without rows: {outcome.failure}")
    usual, columns = _columns(subject.plain), _columns(outcome)
    if usual != columns:
        return broken(f"on a table without rows its table has the columns {columns}, else {usual}")
    return kept("it runs on tables without rows")


def null_values(subject: Subject) -> Finding:
    """Take columns in which every value is missing."""
    if not subject.depends_on_tables:
        return not_asked(_NO_TABLES)
    outcome = subject.call(change=samples.all_missing)
    if outcome.error is not None:
        return broken(f"it fails where every value is missing: {outcome.failure}")
    return kept("it runs where every value is missing")


def nothing_handed_on(subject: Subject) -> Finding:
    """Cope with a step that handed on nothing, whose table is None, or name it."""
    if not subject.given:
        return not_asked("its example has no step before it")
    outcome = subject.call(nothing=True)
    if outcome.error is None:
        return kept("it copes with a step that handed on nothing")
    names = [table_key(name) for name in subject.given]
    if not any(name in str(outcome.error) for name in names):
        return broken(
            f"where a step handed on nothing, its error does not say which: {outcome.failure!r} names none of {names}"
        )
    return kept(f"where a step handed on nothing it says so: {outcome.failure}")


def many_scripts(subject: Subject) -> Finding:
    """Keep text of any script, as a value and as a column's name."""
    if not subject.depends_on_tables:
        return not_asked(_NO_TABLES)
    outcome = subject.in_many_scripts
    if outcome.error is not None:
        return broken(f"it fails on text of other scripts: {outcome.failure}")
    changed = {name: samples.in_many_scripts(table) for name, table in subject.tables.items()}
    if lost := _lost_in_table(subject, outcome, changed) or _lost_in_artifacts(subject, outcome, changed):
        return broken(f"it does not keep the text {lost!r}")
    return kept(f"{len(samples.UNICODE_TEXTS)} texts of many scripts, and a name, go through")


def large_inputs(subject: Subject) -> Finding:
    """Take many rows, however they are cut into chunks."""
    if not subject.depends_on_tables:
        return not_asked(_NO_TABLES)
    if subject.large.error is not None:
        return broken(f"it fails on {subject.large_rows} rows in many chunks: {subject.large.failure}")
    if subject.make_input is not None:
        return _large_file(subject)
    if difference(subject.plain, subject.again):
        return not_asked("it does not do the same twice: see 'deterministic'")
    whole = subject.call(change=subject.enlarged)
    if found := difference(whole, subject.large, ordered=False):
        return broken(f"with {subject.large_rows} rows in many chunks instead of one, {found}")
    return kept(f"it takes {subject.large_rows} rows, in one chunk or many")


def _large_file(subject: Subject) -> Finding:
    """Look whether a driver that reads all rows of a small file reads all of a large one."""
    (table,) = subject.tables.values()
    few, many = subject.plain.table, subject.large.table
    reads_all = few is not None and few.num_rows == table.num_rows
    if reads_all and (many is None or many.num_rows != subject.large_rows):
        return broken(f"of {subject.large_rows} rows it hands on {0 if many is None else many.num_rows}")
    return kept(f"it reads {subject.large_rows} rows")


def _columns(outcome: Outcome) -> list[str] | None:
    return None if outcome.table is None else list(outcome.table.column_names)


def _lost_in_table(subject: Subject, outcome: Outcome, changed: dict[str, pa.Table]) -> str:
    """Return a text that came out otherwise, of a column that the driver hands through; or the name of the new one."""
    if subject.plain.table is None or outcome.table is None:
        return ""
    for name in subject.plain.table.column_names:
        usual = _texts([subject.plain.table], name)
        if usual and usual <= _texts(subject.tables.values(), name) and name in outcome.table.column_names:
            altered = _texts([outcome.table], name) - _texts(changed.values(), name)
            if altered:
                return min(altered)
    all_through = all(
        set(table.column_names) <= set(subject.plain.table.column_names) for table in subject.tables.values()
    )
    is_reader = subject.make_input is not None
    if is_reader and all_through and samples.UNICODE_NAME not in outcome.table.column_names:
        return samples.UNICODE_NAME
    return ""


def _lost_in_artifacts(subject: Subject, outcome: Outcome, changed: dict[str, pa.Table]) -> str:
    """Return a text that no artifact has, where the artifacts had all texts of the plain example."""
    if not outcome.artifacts or not all(
        _is_written(subject.plain, text) for text in _all_texts(subject.tables.values())
    ):
        return ""
    return min((text for text in _all_texts(changed.values()) if not _is_written(outcome, text)), default="")


def _is_written(outcome: Outcome, text: str) -> bool:
    """Return whether an artifact holds a text, as UTF-8, as JSON escapes it, or in a column of a Parquet file."""
    forms = (text.encode(), json.dumps(text)[1:-1].encode())
    return any(
        any(form in content for form in forms) or text in _parquet_texts(content)
        for content in outcome.artifacts.values()
    )


def _parquet_texts(content: bytes) -> set[str]:
    if content[:4] != b"PAR1":
        return set()
    import pyarrow as pa
    from pyarrow import parquet

    return _all_texts([parquet.read_table(pa.BufferReader(content))])


def _texts(tables: Iterable[pa.Table], name: str) -> set[str]:
    """Return the texts of the columns of one name."""
    columns = (zip(table.column_names, table.columns, strict=True) for table in tables)
    found = [
        column.unique().to_pylist() for pairs in columns for each, column in pairs if each == name and _is_text(column)
    ]
    return {value for values in found for value in values if value is not None}


def _is_text(column: pa.ChunkedArray) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def _all_texts(tables: Iterable[pa.Table]) -> set[str]:
    tables = list(tables)
    return set().union(*(_texts([table], name) for table in tables for name in table.column_names))
