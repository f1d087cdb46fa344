"""`osiris-parity template`: the templates that sandboxes are made from, built ahead of a run, listed and deleted."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from osiris_core.cli.run import add_param_option

if TYPE_CHECKING:
    from typing import Any, TextIO

_EXIT_CODES = (
    "exit codes: 0 done; 2 wrong option, manifest or name; 3 the provider could not do it; 130 and 143 stopped"
)


def add_parser(subparsers: Any) -> None:
    """Add the command to `subparsers`, the object that argparse's `add_subparsers` returns."""
    parser = subparsers.add_parser(
        "template",
        help="build, list and delete what sandboxes are made from",
        description="A template shows a sandbox exactly the distributions that a manifest declares. Runs make theirs when "
        "they need it; here that is done ahead, and seen.",
        epilog=_EXIT_CODES,
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    build = _action(actions, "build", "make the templates of manifests, where they are not there yet")
    build.add_argument("manifests", nargs="+", type=Path, metavar="MANIFEST", help="a manifest file")
    build.add_argument(
        "--timeout", type=_seconds, default=1800.0, metavar="SECONDS", help="for each to be built (default: 1800)"
    )
    add_param_option(build)
    listed = _action(actions, "list", "list the templates that this project made")
    listed.add_argument("--all", action="store_true", help="list the provider's other templates, too")
    _action(actions, "show", "show what one template holds").add_argument("name", metavar="NAME")
    _action(actions, "delete", "delete templates").add_argument("names", nargs="+", metavar="NAME")


def _action(actions: Any, name: str, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(
        name, help=text, description=f"{text.capitalize()}.", epilog=_EXIT_CODES
    )
    parser.add_argument(
        "--e2b",
        default="embedded",
        metavar="PROVIDER",
        help="whose: embedded (this machine's), cloud (E2B, needs E2B_API_KEY), or a URL (default: embedded)",
    )
    parser.set_defaults(run=run, action=name)
    return parser


def _seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        if (value := float(text)) > 0:
            return value
    raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")


def run(given: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Do what the command line asks for; return the exit code. Raises `UsageError` for options that cannot work."""
    from osiris_core.cli import templates

    return templates.ACTIONS[given.action](given, out, err)
