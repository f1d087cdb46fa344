"""`osiris-parity config`: what is in force of the options here, and where it is said, for the command line and for pytest."""

from __future__ import annotations

import argparse
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from osiris_core.cli.exits import EXIT_GOOD, EXIT_USAGE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

    from osiris_core.cli.settling import Settled


def add_parser(subparsers: Any) -> None:
    """Add the command to `subparsers`, the object that argparse's `add_subparsers` returns."""
    parser = subparsers.add_parser(
        "config",
        help="print the options that are in force, and where each is set",
        description="Prints every option that `osiris-parity run` and pytest would have in this directory: its value, and whether "
        "that is said in `[tool.osiris]`, in pytest's own ini file, on the command line or nowhere. Starts no manifest.",
        epilog="exit codes: 0 printed; 2 something is not understood, and would be refused by a run",
    )
    parser.add_argument("arguments", nargs="*", metavar="ARGUMENT", help="arguments of pytest, behind a `--`")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Print both tables; return 2 where pytest refuses what it is told. Raises `UsageError` where `osiris-parity run` would."""
    from osiris_core.cli import run as command
    from osiris_core.cli.settling import settle

    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    out.write("osiris-parity run\n\n")
    out.writelines(_lines(settle(parser.parse_args(["run", "-"]))))
    out.write("\npytest\n\n")
    out.flush()
    pytest = subprocess.run(  # noqa: S603 - the interpreter that runs here
        [sys.executable, "-m", "pytest", "-p", "osiris", *given.arguments, "--osiris-config"],
        capture_output=True,
        text=True,
        check=False,
    )
    out.write(pytest.stdout)
    err.write(pytest.stderr)
    return EXIT_USAGE if pytest.returncode else EXIT_GOOD


def _lines(found: Mapping[str, Settled]) -> list[str]:
    rows = [("option", "value", "said in"), *((name, _shown(each.value), each.said_in) for name, each in found.items())]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return [f"  {name:<{widths[0]}}  {value:<{widths[1]}}  {where}".rstrip() + "\n" for name, value, where in rows]


def _shown(value: Any) -> str:
    match value:
        case None | "":
            return "-"
        case bool():
            return str(value).lower()
        case list() | tuple():
            return " ".join(map(str, value)) or "-"
    from osiris_core.backends.provider import public_address
    from osiris_core.report.text import visible_line

    return visible_line(public_address(str(value)))
