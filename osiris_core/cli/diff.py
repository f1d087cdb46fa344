"""`osiris-parity diff`: two sessions, two run directories of Osiris, or any two directories, held against each other."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    import datetime as dt
    from collections.abc import Sequence
    from typing import Any, TextIO

    from osiris_core.parity.record import ParityRecord, RecordSet
    from osiris_core.rules.model import Rule
    from osiris_core.rules.waivers import Waiver

_DETAIL_COLUMNS = 100
_MAX_FINDINGS = 200


def add_parser(subparsers: Any) -> None:
    """Add the command to `subparsers`, the object that argparse's `add_subparsers` returns."""
    parser = subparsers.add_parser(
        "diff",
        help="compare two session directories, or any two directories",
        description="Compares two sessions without running anything: two session directories, the directory of one session id "
        "that holds both, two run directories of Osiris, two plain directories, or two files. Torn or unfinished ones are "
        "compared as far as they can be read, and the verdict is INCONCLUSIVE at best.",
        epilog="exit codes: 0 the same; 1 different, or nothing can be said; 2 a wrong option, two kinds of directory, or a "
        "session and itself; 3 a side could not run",
    )
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="DIR", help="the first side and the second, or one session id"
    )
    parser.add_argument("--report", type=Path, metavar="FILE.html", help="write an HTML report, and its data beside it")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the record as JSON")
    parser.add_argument(
        "--text",
        choices=("normalized", "exact"),
        default="normalized",
        help="whether the text rules are asked about log lines, printed lines and errors (default: normalized)",
    )
    parser.add_argument("--waivers", type=Path, metavar="FILE", help="differences that were accepted (default: none)")
    parser.add_argument(
        "--rules",
        type=Path,
        metavar="FILE",
        help="rules of what may differ: TOML with [[normalizers]] (default: those of the sessions' manifest alone)",
    )
    parser.add_argument(
        "--control",
        action="store_true",
        help="compare a run with itself, or with a copy of it: it must come out IDENTICAL",
    )
    parser.add_argument(
        "--max-findings",
        type=int,
        default=_MAX_FINDINGS,
        metavar="N",
        help=f"how many differences are kept; all are counted (default: {_MAX_FINDINGS})",
    )
    parser.set_defaults(run=run)


def run(given: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Compare, print the verdict line, and return the exit code. Raises `UsageError` before anything is read."""
    import datetime as dt

    from osiris_core.diffing import DiffOptions, diff
    from osiris_core.report.rules import rule_lines
    from osiris_core.report.terminal import failure_lines, place_lines, waiver_lines
    from osiris_core.report.text import visible_line
    from osiris_core.surface import record_set, verdict_line

    now = dt.datetime.now(dt.UTC)
    _validate(given)
    _require_places(given)
    options = DiffOptions(
        now=now,
        text=given.text,
        control=given.control,
        max_findings=given.max_findings,
        waivers=_waivers(given.waivers, now.date()),
        rules=_rules(given.rules),
    )
    record = _reproducible(diff(given.paths, options), given)
    out.write(f"{visible_line(verdict_line(record, record.manifest))}\n")
    lines = failure_lines(record, _DETAIL_COLUMNS) if not record.passed else _set_aside(record)
    lines += [f"warning: {each}" for each in record.warnings]
    lines += [*place_lines([record]), *waiver_lines([record]), *rule_lines([record])]
    err.writelines(f"{visible_line(line)}\n" for line in lines)
    together = record_set([record]) if given.json is not None or given.report is not None else None
    if together is not None and given.json is not None:
        _write_json(together, given.json)
    if together is not None and given.report is not None:
        from osiris_core.cli.recorded import session_roots
        from osiris_core.report.files import write_report

        err.write(f"report: {write_report(together, given.report, roots=session_roots()).html}\n")
    return _code(record)


def _set_aside(record: ParityRecord) -> list[str]:
    """Return the sentence that names the rules which made two sides equal, or the waivers of what differs; if any did."""
    from osiris_core.parity.record import Verdict

    return [record.headline] if record.verdict in {Verdict.EQUIVALENT, Verdict.ACCEPTED} else []


def _validate(given: argparse.Namespace) -> None:
    from osiris_core.errors import UsageError

    if len(given.paths) > 2:  # noqa: PLR2004 - a diff has two sides
        raise UsageError(f"{len(given.paths)} sides cannot be compared", hint="name two")
    if given.control and len(given.paths) == 1:
        given.paths = [given.paths[0], given.paths[0]]
    if given.max_findings < 1:
        raise UsageError(f"--max-findings {given.max_findings} keeps nothing", hint="give a number above 0")


def _rules(file: Path | None) -> Sequence[Rule]:
    if file is None:
        return ()
    from osiris_core.rules.files import read_rules_file

    return read_rules_file(file)


def _waivers(file: Path | None, today: dt.date) -> Sequence[Waiver]:
    if file is None:
        return ()
    from osiris_core.errors import UsageError
    from osiris_core.rules.waivers import read_waivers

    if not file.is_file():
        raise UsageError(f"--waivers {file}: there is no such file")
    return read_waivers(file, today)


def _reproducible(record: ParityRecord, given: argparse.Namespace) -> ParityRecord:
    """Return the record with the command that repeats it, on the same directories."""
    import dataclasses

    options = ["--control"] if given.control else []
    options += [f"--text={given.text}"] if given.text != "normalized" else []
    options += [f"--waivers={given.waivers}"] if given.waivers is not None else []
    options += [f"--rules={given.rules}"] if given.rules is not None else []
    sides = given.paths[:1] if given.control else given.paths
    command = shlex.join(["osiris-parity", "diff", *map(str, sides), *options])
    return dataclasses.replace(record, reproduce=command)


def _require_places(given: argparse.Namespace) -> None:
    """Raise `UsageError` where something could not be written, or would be written over what is compared."""
    from osiris_core.cli.recorded import require_unread
    from osiris_core.surface import require_records_place, require_report_place

    written = [each for each in (given.json, given.report) if each is not None]
    if given.report is not None:
        require_report_place(given.report)
        written.append(given.report.with_suffix(".json"))
    if given.json is not None:
        require_records_place("the record", given.json)
    require_unread(given.paths, written, "compared")


def _write_json(records: RecordSet, file: Path) -> None:
    from osiris_core.errors import UsageError
    from osiris_core.parity.record_io import encode_records

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(encode_records(records) + b"\n")
    except OSError as error:
        raise UsageError(f"the record cannot be written to {file}: {error.strerror}") from error


def _code(record: ParityRecord) -> int:
    from osiris_core.cli.exits import EXIT_FAILED, EXIT_GOOD, EXIT_INFRASTRUCTURE
    from osiris_core.parity.record import Verdict

    if record.verdict is Verdict.INFRA:
        return EXIT_INFRASTRUCTURE
    return EXIT_GOOD if record.passed else EXIT_FAILED
