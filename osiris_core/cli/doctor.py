"""`osiris-parity doctor`: whether this machine can run manifests on both targets, and what to do where it cannot."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING

from osiris_core.choices import ISOLATIONS
from osiris_core.cli.exits import EXIT_FAILED, EXIT_GOOD, EXIT_INFRASTRUCTURE
from osiris_core.cli.resume import add_root_option

if TYPE_CHECKING:
    import argparse
    from typing import Any, TextIO


def add_parser(subparsers: Any) -> None:
    """Add the command to `subparsers`, the object that argparse's `add_subparsers` returns."""
    parser = subparsers.add_parser(
        "doctor",
        help="say whether this machine can run manifests, and what to do where it cannot",
        description="Looks at the interpreter, the E2B SDK, bubblewrap, the embedded server, a provider and its key, clocks, "
        "disks, descriptors and processors; one line each, with what to do.",
        epilog="exit codes: 0 all is well; 1 something of this machine is not; 3 a target cannot be started or reached",
    )
    add_root_option(parser)
    parser.add_argument(
        "--e2b",
        metavar="PROVIDER",
        help="which provider to ask: cloud, or a URL (default: E2B_API_URL, or cloud with a key)",
    )
    parser.add_argument("--isolation", choices=ISOLATIONS, default=ISOLATIONS[0], help="of the embedded server")
    parser.add_argument("--json", action="store_true", help="print the findings as one JSON array")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace, out: TextIO, _err: TextIO) -> int:
    """Examine; return the exit code."""
    from osiris_core.cli.examining import BAD, UNREACHABLE, Patient, examine

    patient = Patient(root=given.root.resolve(), provider=given.e2b or _provider(), isolation=given.isolation)
    findings = []
    for each in examine(patient):
        findings.append(each)
        if not given.json:
            do = f" ({each.do})" if each.do else ""
            out.write(f"{each.state:11}  {each.name:16}  {each.says}{do}\n")
            out.flush()
    if given.json:
        out.write(f"{json.dumps([asdict(each) for each in findings], indent=2)}\n")
    states = {each.state for each in findings}
    if BAD in states:
        return EXIT_FAILED
    return EXIT_INFRASTRUCTURE if UNREACHABLE in states else EXIT_GOOD


def _provider() -> str | None:
    """Return the provider that the environment speaks of."""
    if not os.environ.get("E2B_API_KEY"):
        return None
    return os.environ.get("E2B_API_URL") or "cloud"
