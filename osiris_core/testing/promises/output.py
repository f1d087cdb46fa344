"""What a driver makes: it runs, returns what the protocol allows, counts right, and does the same again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osiris_core.testing.comparison import difference
from osiris_core.testing.findings import broken, kept, not_asked
from osiris_core.worker.outputs import read_result

if TYPE_CHECKING:
    from osiris_core.testing.findings import Finding
    from osiris_core.testing.subject import Subject
    from osiris_core.testing.trial import Outcome

_OUT: Final = ("rows_out", "rows_read", "rows_processed")
_IN: Final = ("rows_in", "rows_written")


def runs(subject: Subject) -> Finding:
    """Do the example."""
    if subject.plain.error is not None:
        return broken(f"it fails on its own example: {subject.plain.failure}")
    return kept("it does its example")


def result(subject: Subject) -> Finding:
    """Return `{"df": table}`, or `{}` or None where there is no table."""
    outcome, kind = subject.plain, subject.spec.kind
    try:
        read_result(outcome.returned, subject.spec.frame)
    except (TypeError, ValueError) as error:
        return broken(f"the worker refuses what it returns: {error}")
    if kind == "writer" and outcome.table is not None:
        return broken("it declares that it is a writer, and returns a table")
    if kind in ("extractor", "processor") and outcome.table is None:
        return broken(f"it declares that it is of the kind {kind!r}, and returns no table")
    return kept("it returns a table" if outcome.table is not None else "it returns no table")


def metrics(subject: Subject) -> Finding:
    """Count the rows that went in or came out, and not others."""
    outcomes = {"": subject.plain, " (large)": subject.large} if subject.depends_on_tables else {"": subject.plain}
    counted = []
    for where, outcome in outcomes.items():
        if outcome.error is not None:
            continue
        rows_in = (
            subject.large_rows * len(subject.tables) if where else sum(t.num_rows for t in subject.tables.values())
        )
        for name, value, _ in outcome.metrics():
            expected = _expected(subject, name, outcome, rows_in)
            if expected is None:
                continue
            counted.append(name)
            if value != expected:
                return broken(f"the metric {name} is {value}{where}, and there are {expected} rows")
    if not counted:
        return not_asked("it counts no rows")
    return kept(f"{', '.join(sorted(set(counted)))}: as many as there are")


def _expected(subject: Subject, name: str, outcome: Outcome, rows_in: int) -> int | None:
    """Return what a metric of rows must be, None for one that says something else."""
    if name in _OUT and outcome.table is not None:
        return int(outcome.table.num_rows)
    return rows_in if name in _IN and subject.depends_on_tables else None


def deterministic(subject: Subject) -> Finding:
    """Do the same again with the same seed and the same logical time."""
    if found := difference(subject.plain, subject.again):
        return broken(f"called twice with the same seed, {found}")
    return kept("called twice, it does the same")
