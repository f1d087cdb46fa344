"""`osiris-parity sandbox`: the embedded server, for any program that uses the E2B SDK."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from osiris_core.choices import ISOLATIONS
from osiris_core.cli.exits import EXIT_INFRASTRUCTURE, SIGNAL_BASE
from osiris_core.errors import UsageError
from osiris_core.sandbox.launch import SandboxServerError, ServerProcess, environment_for

if TYPE_CHECKING:
    from collections.abc import Iterator

EXIT_NOT_FOUND = 127


class _StoppedError(Exception):
    """Raised in the main thread by the signals that stop this command."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


def add_parser(subparsers: Any) -> None:
    """Register `sandbox` with what `ArgumentParser.add_subparsers` returned."""
    parser = subparsers.add_parser(
        "sandbox",
        help="serve E2B sandboxes on this machine",
        description="Serves E2B sandboxes on this machine until Ctrl-C, or runs one command against them.",
    )
    parser.add_argument("--port", type=int, default=0, help="the loopback port; 0 takes a free one (default)")
    parser.add_argument(
        "--isolation",
        choices=ISOLATIONS,
        default=ISOLATIONS[0],
        help="plain does not isolate: commands are ordinary processes of this machine",
    )
    parser.add_argument(
        "--allow-network",
        action="store_true",
        help="give sandboxes that ask for internet access this machine's network, its loopback included",
    )
    parser.add_argument(
        "--faults",
        type=Path,
        metavar="FILE",
        help="what is to go wrong, as JSON: docs/sandbox.md lists where, when and what",
    )
    parser.add_argument(
        "--exec",
        dest="command",
        nargs=argparse.REMAINDER,
        metavar="CMD",
        help="run CMD with E2B_API_URL, E2B_SANDBOX_URL and E2B_API_KEY set, and return its exit code",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Serve as `args` says; return the exit code: the command's, 130 or 143 after a signal, 3 when it cannot serve.

    UsageError for a fault plan that cannot be read or makes no sense.
    """
    if args.command is not None and not args.command:
        err.write("--exec needs a command to run\n")
        return 2
    try:
        with (
            _signals_raise(),
            ServerProcess.start(isolation=args.isolation, port=args.port, options=_options(args)) as server,
        ):
            if args.command:
                return _execute(server, args.command, err)
            return _serve(server, out, err)
    except _StoppedError as stopped:
        return SIGNAL_BASE + stopped.number
    except SandboxServerError as error:
        err.write(f"{error}\n")
        return EXIT_INFRASTRUCTURE


def _options(args: argparse.Namespace) -> list[str]:
    network = ["--allow-network"] if args.allow_network else []
    if args.faults is None:
        return network
    _require_plan(args.faults)
    return [*network, "--faults", str(args.faults.absolute())]


def _require_plan(path: Path) -> None:
    from osiris_core.sandbox.faults.model import FaultError
    from osiris_core.sandbox.faults.reading import faults_from_bytes

    try:
        faults_from_bytes(path.read_bytes())
    except FaultError as error:
        raise UsageError(f"{path}: {error}", hint="docs/sandbox.md lists where, when and what") from error
    except OSError as error:
        raise UsageError(f"the fault plan {path} cannot be read: {error.strerror}") from error


def _serve(server: ServerProcess, out: TextIO, err: TextIO) -> int:
    out.writelines(f"export {name}={shlex.quote(value)}\n" for name, value in environment_for(server.address).items())
    out.write(f"# isolation: {server.address.isolation}; press Ctrl-C to stop, which ends every sandbox\n")
    out.flush()
    code = server.wait()
    err.write(f"the sandbox server ended by itself with exit code {code}\n")
    return EXIT_INFRASTRUCTURE


def _execute(server: ServerProcess, command: list[str], err: TextIO) -> int:
    try:
        process = subprocess.Popen(command, env=os.environ | environment_for(server.address))  # noqa: S603 - the user's own
    except OSError as error:
        err.write(f"cannot run {command[0]}: {error.strerror}\n")
        return EXIT_NOT_FOUND
    while True:
        try:
            code = process.wait()
        except _StoppedError as stopped:
            # A Ctrl-C has reached the command as well; any other signal is passed on. Either way its end is awaited.
            if stopped.number != signal.SIGINT:
                process.send_signal(stopped.number)
            continue
        return code if code >= 0 else SIGNAL_BASE - code


@contextmanager
def _signals_raise() -> Iterator[None]:
    def stop(number: int, _frame: object) -> NoReturn:
        raise _StoppedError(number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
