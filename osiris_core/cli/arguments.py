"""Arguments that several commands take, each with one meaning; nothing that costs a command time to start is imported here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_records(parser: argparse.ArgumentParser) -> None:
    """Add `RECORD...`: what `recorded.record_files` takes."""
    parser.add_argument(
        "records",
        nargs="+",
        type=Path,
        metavar="RECORD",
        help="a file of records, or a directory: all .json files below it",
    )


def add_root_option(parser: argparse.ArgumentParser) -> None:
    """Add `--root DIR`: what `recorded.session_roots` takes."""
    parser.add_argument(
        "--root",
        action="append",
        default=[],
        type=Path,
        metavar="DIR",
        help="a project whose .osiris/ has the sessions that the records name; may be repeated (default: that of the current directory)",
    )


def add_summary_option(parser: argparse.ArgumentParser) -> None:
    """Add `--summary PATH`: where `summarizing.write_markdown` writes."""
    parser.add_argument(
        "--summary",
        type=Path,
        metavar="PATH",
        help="write a summary in Markdown; to the file that GITHUB_STEP_SUMMARY names it is appended",
    )
