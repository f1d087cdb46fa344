"""`osiris-parity run`: each manifest on each target, and one verdict line for each manifest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from osiris_core.choices import BASELINES, FETCHING, ISOLATIONS, KEEPING, REQUIREMENTS, TRIAGES
from osiris_core.cli.arguments import add_summary_option
from osiris_core.cli.progress import add_progress_option
from osiris_core.cli.settling import leave_open, settle

if TYPE_CHECKING:
    import argparse
    from typing import Any, TextIO


def add_parser(subparsers: Any) -> None:
    """Add the command to `subparsers`, the object that argparse's `add_subparsers` returns."""
    parser = subparsers.add_parser(
        "run",
        help="run manifests, and compare where they ran",
        description="Runs each manifest on each target. Prints one line a manifest: its verdict, and where it failed why.",
        epilog="exit codes: 0 as it should be; 1 different, or not as expected; 2 wrong option or manifest; "
        "3 a target could not run; 130 and 143 stopped",
    )
    parser.add_argument("manifests", nargs="+", type=Path, metavar="MANIFEST", help="a manifest file")
    parser.add_argument(
        "--target",
        type=_target,
        default="both",
        metavar="TARGET",
        help="where to run: local (this machine), e2b (a sandbox), venv:PATH (this machine with another virtual environment), or two with a "
        "comma between them, which compares them; both is local,e2b (default: both)",
    )
    parser.add_argument(
        "--e2b",
        default="embedded",
        metavar="PROVIDER",
        help="who serves the sandboxes: embedded (a server started on this machine), cloud (E2B, needs "
        "E2B_API_KEY), or a URL (default: embedded)",
    )
    parser.add_argument(
        "--isolation",
        choices=ISOLATIONS,
        default=ISOLATIONS[0],
        help="how the embedded server isolates a sandbox (default: bubblewrap)",
    )
    parser.add_argument("--now", metavar="TIME", help="the logical time that every step is told, ISO 8601")
    add_env_file_option(parser)
    add_param_option(parser)
    parser.add_argument(
        "--jobs",
        type=int,
        default=1,
        metavar="N",
        help="how many manifests run at once (default: 1); lines keep their order",
    )
    parser.add_argument(
        "--max-sandboxes",
        type=int,
        metavar="N",
        help="how many sandboxes may live at once, in all processes of a project",
    )
    parser.add_argument(
        "--create-rate", type=float, metavar="N", help="how many sandboxes may be made a second, in the same processes"
    )
    parser.add_argument(
        "--fetch",
        choices=FETCHING,
        default=FETCHING[0],
        help="which artifacts are brought back from a sandbox: with both targets, `differing` leaves there what has the same "
        "digest here (default: all)",
    )
    parser.add_argument(
        "--keep-sandbox",
        choices=KEEPING,
        default=KEEPING[0],
        help="whether a sandbox outlives its run for half an hour, to be looked at; needs a server that does (default: no)",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="fail a check whose declared rules have nothing to do, and a run with a waiver that has expired or that nothing needed "
        "(default: tell it)",
    )
    parser.add_argument(
        "--baselines",
        choices=BASELINES,
        default=BASELINES[0],
        help="whether a check is held against its baseline, a stored session: where it has one, always (one that has none fails) "
        "or never; pytest writes them (default: auto)",
    )
    add_gate_options(parser)
    parser.add_argument(
        "--triage",
        choices=TRIAGES,
        default=TRIAGES[0],
        help="which checks are run again to find out where a divergence comes from: chance, a factor of the environment, the "
        "code (default: divergent)",
    )
    parser.add_argument(
        "--repeat",
        type=int,
        default=0,
        metavar="N",
        help="how often each target is run again and held against itself, whatever the verdict (default: 0, and 3 in a triage)",
    )
    add_progress_option(parser)
    parser.add_argument("--report", type=Path, metavar="PATH", help="write an HTML report, and its data beside it")
    add_summary_option(parser)
    parser.add_argument("--json", action="store_true", help="print the records as JSON; verdict lines go to stderr")
    parser.set_defaults(run=run)
    leave_open(parser)


def add_gate_options(parser: argparse.ArgumentParser) -> None:
    """Add what a gate asks for beyond green verdicts."""
    parser.add_argument(
        "--require",
        choices=("", *REQUIREMENTS),
        default="",
        metavar="VERDICT",
        help="the weakest verdict that passes: IDENTICAL, or EQUIVALENT to let no waiver pass (default: any that passes, ACCEPTED too)",
    )
    parser.add_argument(
        "--min-manifests",
        type=int,
        metavar="N",
        help="fail where fewer manifests than N were really compared (default: no minimum)",
    )


def _target(text: str) -> str:
    """Refuse, as argparse would have it, what is no list of targets."""
    import argparse

    from osiris_core.errors import UsageError
    from osiris_core.options import validate_targets
    from osiris_core.targets import parse_targets

    try:
        validate_targets(parse_targets(text))
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def add_param_option(parser: argparse.ArgumentParser) -> None:
    """Add `--param`, which every command that reads manifests has."""
    parser.add_argument(
        "--param",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter's value, for every manifest that declares it; read as YAML, so 5 is a number (repeatable)",
    )


def add_env_file_option(parser: argparse.ArgumentParser) -> None:
    """Add `--env-file`, which every command that looks for secrets has."""
    parser.add_argument(
        "--env-file",
        type=Path,
        metavar="PATH",
        help="a file of NAME=value lines, such as .env: where secrets and connections have their values from, if the "
        "environment does not say them (default: none)",
    )


def run(given: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Run what the command line asks for; return the exit code of the worst manifest.

    Raises `UsageError` for options that cannot work, before anything is started.
    """
    from osiris_core.cli.checking import check_all
    from osiris_core.targets import parse_targets

    settle(given)
    return check_all(given, parse_targets(given.target), out, err)
