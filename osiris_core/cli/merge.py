"""`osiris-parity merge`: the records of many shards or machines as one whole, which can be a gate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from osiris_core.cli.arguments import add_records, add_root_option, add_summary_option
from osiris_core.cli.run import add_gate_options
from osiris_core.cli.settling import leave_open, settle

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence
    from typing import Any, TextIO

    from osiris_core.parity.record import RecordSet

_DETAIL_COLUMNS = 100


def add_parser(subparsers: Any) -> None:
    """Add the command to `subparsers`, the object that argparse's `add_subparsers` returns."""
    parser = subparsers.add_parser(
        "merge",
        help="make one whole of the records of many shards or machines",
        description="Reads records, the JSON beside reports or those below .osiris/records, and makes one set, one report and one exit "
        "code of them. A record that is there twice counts once; two results of one manifest are both kept, and the worst counts.",
        epilog="exit codes: those of run, for the whole; 2 where a file cannot be read as records, and then nothing is written",
    )
    add_records(parser)
    parser.add_argument("-o", "--output", type=Path, metavar="OUT.json", help="write the merged records")
    parser.add_argument("--report", type=Path, metavar="PATH", help="write an HTML report, and its data beside it")
    add_summary_option(parser)
    add_root_option(parser)
    parser.add_argument(
        "--strict",
        action="store_true",
        help="fail where a waiver has expired, or where no manifest of the whole needed it",
    )
    add_gate_options(parser)
    parser.set_defaults(run=run)
    leave_open(parser, ("strict", "require", "min_manifests"))


def run(given: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Merge, hold the whole to what is asked, and write; return the exit code. Raises `UsageError` before anything is written."""
    import dataclasses

    from osiris_core.cli.checking import code_of_all, require_least
    from osiris_core.cli.recorded import read_parts, record_files, session_roots
    from osiris_core.cli.summarizing import write_markdown
    from osiris_core.errors import UsageError
    from osiris_core.parity.gates import held_to, stale_waivers, too_few
    from osiris_core.parity.merging import merge
    from osiris_core.report.files import write_records, write_report
    from osiris_core.report.text import visible_line
    from osiris_core.surface import verdict_line

    settle(given)
    require_least(given.min_manifests)
    files = record_files(given.records)
    _require_places(given, files)
    whole = merge(read_parts(files))
    records = tuple(held_to(record, given.require) for record in whole.records)
    if given.require and not any(record.verdict for record in records):
        raise UsageError(f"--require={given.require} asks for comparisons, but no record is one of two targets")
    stale = stale_waivers(records, whole=True, each_whole=True) if given.strict else ()
    nothing = () if records else ("no manifest was checked",)
    unmet = tuple(dict.fromkeys((*whole.unmet, *nothing, *too_few(records, given.min_manifests), *stale)))
    whole = dataclasses.replace(whole, records=records, unmet=unmet)
    out.writelines(f"{visible_line(verdict_line(record, record.name))}\n" for record in records)
    err.writelines(f"{visible_line(line)}\n" for line in _explained(whole))
    if given.output is not None:
        write_records(whole, given.output)
    if given.report is not None:
        err.write(f"report: {write_report(whole, given.report, roots=session_roots(given.root)).html}\n")
    if given.summary is not None:
        write_markdown(whole, given.summary, given.report)
    return code_of_all(
        records, (*unmet, whole.note) if whole.note else unmet
    )  # a test that did not finish is no green one


def _explained(whole: RecordSet) -> Iterator[str]:
    """Yield why records failed, and what is to be said of the whole."""
    from osiris_core.report.rules import rule_lines
    from osiris_core.report.sentence import report_sentence
    from osiris_core.report.terminal import failure_lines, place_lines, waiver_lines

    for record in whole.records:
        if record.fails:
            yield from failure_lines(record, _DETAIL_COLUMNS)
    yield from (*place_lines(whole.records), *waiver_lines(whole.records), *rule_lines(whole.records), *whole.remarks)
    yield f"{report_sentence(whole.records)}."
    if whole.note:
        yield f"not all: {whole.note}"
    for each in whole.unmet:
        yield f"not as asked for: {each}"


def _require_places(given: argparse.Namespace, files: Sequence[Path]) -> None:
    """Raise `UsageError` where something could not be written, or would be written over something else."""
    from osiris_core.cli.recorded import require_unread
    from osiris_core.cli.summarizing import require_summary_place
    from osiris_core.errors import UsageError
    from osiris_core.surface import require_file, require_records_place, require_report_place

    written = [each for each in (given.output, given.report, given.summary) if each is not None]
    if given.output is not None:
        require_records_place("the records", given.output)
        require_file("the records", given.output)
    if given.report is not None:
        require_report_place(given.report)
        written.append(given.report.with_suffix(".json"))
    if given.summary is not None:
        require_summary_place(given.summary, given.report)
    if given.output is not None and given.output.resolve() in {
        each.resolve() for each in (given.report, given.summary) if each
    }:
        raise UsageError(f"{given.output} is asked for twice", hint="give report, summary and records a name each")
    require_unread(files, written, "merged")
