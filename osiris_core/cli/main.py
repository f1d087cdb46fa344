"""The command line of `osiris-parity`, and what its exit codes mean.

0    every manifest behaved as it should
1    a manifest did not: the targets differ, or `expect` does not hold
2    an option makes no sense, or a manifest cannot be run as written
3    a target could not run, and nothing worse happened: says nothing about parity
130  stopped by Ctrl-C; 143 by SIGTERM; 129 by SIGHUP
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Final

from osiris_core.cli.exits import EXIT_INFRASTRUCTURE, EXIT_INTERRUPTED, EXIT_NOT_READ, EXIT_USAGE, SIGNAL_BASE
from osiris_core.errors import OsirisError, SameSessionError, UsageError
from osiris_core.signals import TerminatedError, terminable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


COMMANDS: Final = {
    "run": "run",
    "diff": "diff",
    "merge": "merge",
    "report": "report",
    "validate": "validate",
    "explain": "explain",
    "drivers": "drivers",
    "config": "config",
    "schema": "schema",
    "import": "importing",
    "doctor": "doctor",
    "resume": "resume",
    "gc": "gc",
    "execute": "execute",
    "sandbox": "sandbox",
    "fuzz": "fuzz",
    "coverage": "coverage",
    "template": "template",
}
"""The commands in the order of the help, each with its module, which is loaded only where it is asked for."""


class _Version(argparse.Action):
    """`--version`, which looks the version up only when it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, **_: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, help="print the version and end")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print and end."""
        from importlib import metadata

        sys.stdout.write(f"{parser.prog} {metadata.version('pytest-osiris')}\n")
        parser.exit()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line `arguments` (by default the process's own); return the exit code.

    As any argparse program it raises SystemExit for `--help`, `--version` and wrong options.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    given = _parser(arguments[0] if arguments else "").parse_args(arguments)
    try:
        with terminable():
            code = int(given.run(given, sys.stdout or io.StringIO(), sys.stderr or io.StringIO()))
            _flush()
            return code
    except TerminatedError as stopped:
        return _ended(f"stopped by {stopped}", SIGNAL_BASE + stopped.number)
    except KeyboardInterrupt:
        return _ended("stopped", EXIT_INTERRUPTED)
    except (UsageError, SameSessionError) as error:
        return _ended(str(error), EXIT_USAGE)
    except OsirisError as error:
        return _ended(str(error), EXIT_INFRASTRUCTURE)
    except OSError as error:
        if error.filename is not None:  # a file of ours, which whoever opened it should have answered for
            raise
        return _not_written(error)


def _parser(command: str) -> argparse.ArgumentParser:
    """Return the parser of one command, or where there is none of this name the parser of all of them."""
    parser = argparse.ArgumentParser(
        prog="osiris-parity",
        description="Runs one pipeline manifest in two places and says whether it behaved the same.",
    )
    parser.add_argument("--version", action=_Version)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in [COMMANDS[command]] if command in COMMANDS else COMMANDS.values():
        import_module(f"osiris_core.cli.{module}").add_parser(commands)
    return parser


def _flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def _not_written(error: OSError) -> int:
    """Answer for standard output; the interpreter must not write at its end what could not be written before."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):  # who read the output has left, as `head` does
        return EXIT_NOT_READ
    return _ended(f"the output cannot be written: {error.strerror}", EXIT_USAGE)


def _ended(sentence: str, code: int) -> int:
    sys.stderr.write(f"osiris-parity: {sentence}\n")
    return code
