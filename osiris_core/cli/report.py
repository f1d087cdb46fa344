"""`osiris-parity report`: the report made again from its records, of one run or of many."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from osiris_core.cli.arguments import add_records, add_root_option, add_summary_option

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence
    from typing import Any, TextIO

    from osiris_core.cli.kept import OldFile
    from osiris_core.cli.recorded import Part
    from osiris_core.parity.record import RecordSet
    from osiris_core.parity.since import Since


def add_parser(subparsers: Any) -> None:
    """Add the command to `subparsers`, the object that argparse's `add_subparsers` returns."""
    parser = subparsers.add_parser(
        "report",
        help="make the report again from its records, of one run or of many",
        description="Reads records, the JSON beside reports or those below .osiris/records, and makes the page, the summary or the table of "
        "them. Runs nothing, and is no gate: `merge` is.",
        epilog="exit codes: 0 where the report was made, whatever the verdicts; 2 where a file cannot be read as records, or a place not be "
        "written, and then nothing is",
    )
    add_records(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="PAGE.html",
        help="write the page, and the records beside it (default: for one file the page beside it, if no other form is asked for)",
    )
    add_summary_option(parser)
    parser.add_argument(
        "--against",
        action="append",
        default=[],
        type=Path,
        metavar="OLD",
        help="tell what changed since these records, and with several runs of them what became of each manifest (a file, or a directory: a run for "
        "each file, and for each directory, in it; may be repeated)",
    )
    parser.add_argument("--terminal", action="store_true", help="print the table and the failures")
    add_root_option(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Make what is asked for; return 0. Raises `UsageError` before anything is written."""
    from osiris_core.cli.exits import EXIT_GOOD
    from osiris_core.cli.kept import older_files
    from osiris_core.cli.recorded import read_parts, record_files, session_roots, whole_of
    from osiris_core.cli.summarizing import write_markdown
    from osiris_core.report.files import write_page, write_report
    from osiris_core.report.text import visible_line

    files = record_files(given.records)
    parts = read_parts(files)
    whole = whole_of(parts)
    old_files = older_files(given.against)
    page = _page(given, files)
    _require_places(given, page, files, [each.path for each in old_files])
    changed, left_out = _changed(old_files, files, parts, whole) if given.against else (None, ())
    places = []
    if page is not None:
        write = write_page if _is_beside(page, files) else write_report
        places.append(write(whole, page, roots=session_roots(given.root), since=changed).html)
    if given.summary is not None:
        write_markdown(whole, given.summary, page, since=changed)
        places.append(given.summary)
    out.writelines(f"{line}\n" for line in _told(whole, places, changed, in_full=given.terminal))
    err.writelines(f"{visible_line(line)}\n" for line in (*left_out, *_doubts(whole)))
    return EXIT_GOOD


def _changed(
    old: Sequence[OldFile], files: Sequence[Path], parts: Sequence[Part], whole: RecordSet
) -> tuple[Since | None, Sequence[str]]:
    """Return what changed since the newest of the older runs, with the history through all of them where they are several; and what is in neither."""
    import dataclasses

    from osiris_core.cli.kept import read_older
    from osiris_core.parity.since import Kept, history, made_at, runs_of, since
    from osiris_core.report.history import seen_in

    now = made_at(whole)
    older = read_older(old, files, parts, now)
    if older.newest is None:
        return None, older.left_out
    changed = since(older.newest, whole, older.runs[-1].name)
    if len(older.runs) > 1 or older.left_out:
        (latest,) = runs_of([Kept(name="these records", unit="", made=now, shard="", seen=seen_in(whole))])
        changed = dataclasses.replace(changed, history=history(older.runs, latest, left_out=older.left_out))
    return changed, older.left_out


def _page(given: argparse.Namespace, files: Sequence[Path]) -> Path | None:
    """Return where the page goes: by default beside a single file, as far as that is surely the place of its page; None for no page."""
    from osiris_core.errors import UsageError
    from osiris_core.report.files import is_report

    output: Path | None = given.output
    if output is not None or given.summary is not None or given.terminal or given.against:
        return output
    beside = files[0].with_suffix(".html")
    if files != given.records[:1] or files[0].suffix != ".json":
        raise UsageError("there is no one file beside which the page would lie", hint="name it with -o PAGE.html")
    if beside.exists() and not is_report(beside):
        raise UsageError(f"{beside} is no page that was made here", hint="name another one with -o PAGE.html")
    return beside


def _is_beside(page: Path, files: Sequence[Path]) -> bool:
    """Whether the records beside a page are the one file that it is made from, which stays as it is."""
    return len(files) == 1 and page.with_suffix(".json").resolve() == files[0].resolve()


def _require_places(given: argparse.Namespace, page: Path | None, files: Sequence[Path], old: Sequence[Path]) -> None:
    """Raise `UsageError` where something could not be written, or would be written over something else."""
    from osiris_core.cli.recorded import require_unread
    from osiris_core.cli.summarizing import require_summary_place
    from osiris_core.surface import require_page_place, require_report_place

    read = [*files, *old]
    if page is not None:
        require_page_place(page)
        if not _is_beside(page, files):
            require_unread(read, [page.with_suffix(".json")], "read")
            require_report_place(page)
    if given.summary is not None:
        require_summary_place(given.summary, page)
    require_unread(read, [each for each in (page, given.summary) if each is not None], "read")
    if page is not None and not _is_beside(page, files):
        _require_apart(page.with_suffix(".json"), given.against)


def _require_apart(records: Path, kept: Sequence[Path]) -> None:
    """Raise `UsageError` where records would be written among those that are kept: next time they would be one more run of these."""
    from osiris_core.errors import UsageError

    for directory in kept:
        if directory.is_dir() and records.resolve().is_relative_to(directory.resolve()):
            raise UsageError(
                f"{records} would lie among the older records in {directory}", hint="write the page somewhere else"
            )


def _told(whole: RecordSet, places: Sequence[Path], changed: Since | None, *, in_full: bool) -> Iterator[str]:
    """Yield the lines for standard output: the sentence of the report and where it lies, or the table and the failures; then what changed."""
    import shutil

    from osiris_core.report.sentence import report_sentence
    from osiris_core.report.since import since_lines, since_view
    from osiris_core.report.terminal import summary_lines
    from osiris_core.report.text import visible_line

    where = " and ".join(map(str, places))
    if in_full:
        yield from summary_lines(whole, shutil.get_terminal_size().columns, where)
    else:
        yield visible_line(f"{report_sentence(whole.records)}{f': {where}' if where else ''}")
    if changed is not None:
        view = since_view(changed)
        yield visible_line(view.sentence)
        yield from since_lines(view)


def _doubts(whole: RecordSet) -> Iterator[str]:
    """Yield what a reader of the whole should know before the records."""
    yield from whole.remarks
    if whole.note:
        yield f"not all: {whole.note}"
    for each in whole.unmet:
        yield f"not as asked for: {each}"
