"""`osiris-parity fuzz`: generated manifests on both targets; what parts them is made small and written down."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from osiris_core.choices import ISOLATIONS
from osiris_core.cli.progress import add_progress_option

if TYPE_CHECKING:
    from typing import Any, TextIO


def add_parser(subparsers: Any) -> None:
    """Add the command to `subparsers`, the object that argparse's `add_subparsers` returns."""
    parser = subparsers.add_parser(
        "fuzz",
        help="run generated manifests, and make small what the targets do not agree about",
        description="Generates manifests with hostile data, runs each on both targets, and shrinks what parts them to "
        "a directory with a manifest, its data and a test. Needs the extra: pip install 'pytest-osiris[fuzz]'",
        epilog="exit codes: 0 nothing found; 1 something found, or nothing compared of a driver; 2 wrong option; 3 a target could not run",
    )
    parser.add_argument("--examples", type=_count, default=100, metavar="N", help="how many manifests (default: 100)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="another seed, other manifests (default: 0)")
    parser.add_argument(
        "--drivers",
        metavar="NAMES",
        help="the drivers to use, with commas between; one's own as module:Class (default: those that ship, less shell.command and sql.*)",
    )
    parser.add_argument(
        "--code",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="a directory of Python that steps may import; may be given again",
    )
    parser.add_argument("--steps", type=_count, default=5, metavar="N", help="most steps of a manifest (default: 5)")
    parser.add_argument(
        "--shrinks",
        type=_count,
        default=200,
        metavar="N",
        help="most runs of Hypothesis to make a find small (default: 200)",
    )
    parser.add_argument("--finds", type=_count, default=5, metavar="N", help="stop after so many finds (default: 5)")
    parser.add_argument(
        "--e2b",
        default="embedded",
        metavar="PROVIDER",
        help="who serves the sandboxes, as in `run` (default: embedded)",
    )
    parser.add_argument(
        "--isolation", choices=ISOLATIONS, default=ISOLATIONS[0], help="of the embedded server (default: bubblewrap)"
    )
    parser.add_argument(
        "--cold",
        action="store_true",
        help="start every run from nothing: slower, and what finds are confirmed by anyway",
    )
    add_progress_option(parser)
    parser.add_argument(
        "-o", "--out", type=Path, default=Path("fuzz-finds"), metavar="DIR", help="where finds go (default: fuzz-finds)"
    )
    parser.add_argument(
        "--records", type=Path, metavar="FILE", help="write the records of all examples, for `osiris-parity coverage`"
    )
    parser.set_defaults(run=run)


def run(given: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Hunt as the command line asks for; return 1 where something was found.

    Raises `UsageError` for options that cannot work and where Hypothesis is not installed.
    """
    from osiris_core.cli.fuzzing import fuzz

    return fuzz(given, out, err)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)
