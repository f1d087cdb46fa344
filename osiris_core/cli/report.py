"""`osiris-parity report`: the report made again from its records, of one run or of many."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from osiris_core.cli.arguments import add_records, add_root_option, add_summary_option

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence
    from typing import Any, TextIO

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
        help="tell what changed since these records (a file or a directory; may be repeated)",
    )
    parser.add_argument("--terminal", action="store_true", help="print the table and the failures")
    add_root_option(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Make what is asked for; return 0. Raises `UsageError` before anything is written."""
    from osiris_core.cli.exits import EXIT_GOOD
    from osiris_core.cli.recorded import read_parts, record_files, session_roots
    from osiris_core.cli.summarizing import write_markdown
    from osiris_core.parity.since import since
    from osiris_core.report.files import write_page, write_report
    from osiris_core.report.text import visible_line

    files, old_files = record_files(given.records), record_files(given.against)
    whole, old = _whole(read_parts(files)), _whole(read_parts(old_files)) if old_files else None
    against = ", ".join(map(str, given.against))
    changed = since(old, whole, against) if old is not None else None
    page = _page(given, files)
    _require_places(given, page, files, old_files)
    places = []
    if page is not None:
        write = write_page if _is_beside(page, files) else write_report
        places.append(write(whole, page, roots=session_roots(given.root), since=changed).html)
    if given.summary is not None:
        write_markdown(whole, given.summary, page, since=changed)
        places.append(given.summary)
    out.writelines(f"{line}\n" for line in _told(whole, places, changed, in_full=given.terminal))
    err.writelines(f"{visible_line(line)}\n" for line in _doubts(whole))
    return EXIT_GOOD


def _whole(parts: Sequence[Part]) -> RecordSet:
    """Return the records of one file as they are, so that they make the page that they made before; of many files the merged ones."""
    from osiris_core.parity.merging import merge

    return parts[0][1] if len(parts) == 1 else merge(parts)


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
