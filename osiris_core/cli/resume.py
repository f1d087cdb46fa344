"""`osiris-parity resume`: finishes a session whose host died, while its sandbox lives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from osiris_core.cli.exits import EXIT_FAILED, EXIT_GOOD, EXIT_INFRASTRUCTURE

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import Any, TextIO

    from osiris_core.parity.record import ParityRecord
    from osiris_core.resumed import Resumed


def add_parser(subparsers: Any) -> None:
    """Add the command to `subparsers`, the object that argparse's `add_subparsers` returns."""
    parser = subparsers.add_parser(
        "resume",
        help="finish a session whose host died",
        description="Finishes a session whose host died: finds its sandbox, if its server outlived the host and its lease "
        "has not ended, follows the run to its end, brings back what it made, and ends the sandbox. A session that is "
        "closed is left as it is.",
        epilog="exit codes: 0 as it should be; 1 different, or not as expected; 2 a wrong option, or no key; 3 the session is "
        "lost, has an owner that lives, or could not be taken up now",
    )
    parser.add_argument("session", metavar="SESSION", help="the session's id, the name of its directory")
    add_root_option(parser)
    parser.add_argument(
        "--e2b",
        metavar="PROVIDER",
        help="who serves the sandbox: cloud, or a URL (default: who did when the run began)",
    )
    parser.set_defaults(run=run)


def add_root_option(parser: argparse.ArgumentParser) -> None:
    """Add `--root`, which every command that looks for sessions has."""
    parser.add_argument(
        "--root",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="the directory that holds `.osiris/` (default: the current one)",
    )


def run(given: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Resume; return the exit code."""
    from osiris_core.backends.protocol import Cancellation, Patience
    from osiris_core.resumed import judge_resumed, resume

    root = given.root.resolve()
    resumed = resume(root, given.session, provider=given.e2b, patience=Patience(), cancellation=Cancellation())
    out.writelines(f"{_line(each, root)}\n" for each in resumed)
    for each in resumed:
        if each.result.failure is not None:
            err.write(f"{each.target}: {each.result.failure}\n")
    record = judge_resumed(resumed, root) if _comparable(resumed) else None
    if record is not None:
        from osiris_core.surface import verdict_line

        out.write(f"{verdict_line(record, record.manifest)}\n")
    elif any(each.result.session is None for each in resumed):
        err.write("the session is left as it is: run the same command again when that is mended\n")
    elif not all(each.was_closed for each in resumed):
        err.write("the targets are not compared: one did not come to its own end; run the manifest again\n")
    return _code(resumed, record)


def _line(resumed: Resumed, root: Path) -> str:
    session = resumed.result.session
    if session is None:
        return f"{resumed.target}: not finished, and can be resumed once more"
    directory = session.directory
    place = directory.relative_to(root) if directory.is_relative_to(root) else directory
    done = "finished already, nothing was changed" if resumed.was_closed else "resumed"
    return f"{resumed.target}: {session.outcome} ({done}) {place}"


def _comparable(resumed: Sequence[Resumed]) -> bool:
    outcomes = {each.result.session.outcome for each in resumed if each.result.session is not None}
    finished = all(each.result.session is not None for each in resumed)
    return finished and bool(outcomes) and not outcomes & {"lost", "cancelled", "infrastructure"}


def _code(resumed: Sequence[Resumed], record: ParityRecord | None) -> int:
    if record is not None:
        return EXIT_GOOD if record.passed else EXIT_FAILED
    outcomes = {each.result.session.outcome for each in resumed if each.result.session is not None}
    if outcomes & {"lost", "infrastructure"} or any(each.result.session is None for each in resumed):
        return EXIT_INFRASTRUCTURE
    return EXIT_GOOD if outcomes <= {"succeeded"} else EXIT_FAILED
