"""`osiris-parity exec`: runs one command in a sandbox that was kept, or ends the sandbox."""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING

from osiris_core.cli.exits import EXIT_GOOD, EXIT_INFRASTRUCTURE

if TYPE_CHECKING:
    from typing import Any, TextIO


def add_parser(subparsers: Any) -> None:
    """Add the command to `subparsers`, the object that argparse's `add_subparsers` returns."""
    parser = subparsers.add_parser(
        "exec",
        help="run a command in a sandbox that was kept",
        description="Runs a command in a living sandbox, and returns its exit code. `--keep-sandbox` keeps sandboxes.",
    )
    parser.add_argument("--e2b", required=True, metavar="PROVIDER", help="who serves it: cloud, or a URL")
    parser.add_argument("--kill", action="store_true", help="end the sandbox (after the command, if there is one)")
    parser.add_argument("sandbox", metavar="SANDBOX", help="the sandbox's id")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="CMD", help="the command and its arguments")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Run the command, end the sandbox, or both; return the command's exit code, 3 where the sandbox is not there."""
    from e2b import E2B, CommandExitException
    from e2b.exceptions import NotFoundException, SandboxException

    from osiris_core.backends.provider import remote_provider, validate_provider

    validate_provider(given.e2b)
    sandboxes, code = E2B(**remote_provider(given.e2b).address).Sandbox, EXIT_GOOD
    try:
        if given.command:
            sandbox = sandboxes.connect(given.sandbox)
            sandbox.commands.run(shlex.join(given.command), timeout=0, on_stdout=out.write, on_stderr=err.write)
    except CommandExitException as error:
        code = error.exit_code
    except NotFoundException:
        return _gone(given.sandbox, err)
    except SandboxException as error:
        err.write(f"sandbox {given.sandbox} cannot be reached: {error}\n")
        return EXIT_INFRASTRUCTURE
    if given.kill and not sandboxes.kill(given.sandbox):
        return _gone(given.sandbox, err)
    return code


def _gone(sandbox: str, err: TextIO) -> int:
    err.write(f"sandbox {sandbox} is not there any more: its time was over, or it was ended\n")
    return EXIT_INFRASTRUCTURE
