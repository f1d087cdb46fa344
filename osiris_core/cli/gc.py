"""`osiris-parity gc`: what dead hosts left behind, listed and removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osiris_core.cli.exits import EXIT_GOOD
from osiris_core.cli.resume import add_root_option

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import Any, TextIO

    from osiris_core.backends.leftovers import Leftover

_NARROWEST = 7


def add_parser(subparsers: Any) -> None:
    """Add the command to `subparsers`, the object that argparse's `add_subparsers` returns."""
    parser = subparsers.add_parser(
        "gc",
        help="remove what killed runs left behind",
        description="Ends sandboxes whose host is dead, and removes what killed runs left on this disk. Nothing of a living "
        "host is touched; a sandbox that was kept, or that waits for `resume`, is one whose host is dead.",
    )
    add_root_option(parser)
    parser.add_argument(
        "--e2b", metavar="PROVIDER", help="whose sandboxes to look at: cloud, or a URL (default: none, only this disk)"
    )
    parser.add_argument("--dry-run", action="store_true", help="list, and remove nothing")
    parser.add_argument(
        "--all",
        action="store_true",
        help="end the sandboxes of other machines, too: nobody here knows whether they are used",
    )
    parser.set_defaults(run=run)


def run(given: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """List and remove; return 0. Raises `SandboxError` where a provider cannot be asked."""
    from osiris_core.backends.leftovers import collect_farms, collect_sandboxes, collect_scratch
    from osiris_core.backends.provider import remote_provider, validate_provider

    found = []
    if given.e2b is not None:
        validate_provider(given.e2b)
        found += collect_sandboxes(remote_provider(given.e2b), everyones=given.all, dry_run=given.dry_run)
    found += collect_scratch(given.root.resolve(), dry_run=given.dry_run)
    found += collect_farms(dry_run=given.dry_run)
    out.writelines(f"{line}\n" for line in _table(found, dry_run=given.dry_run))
    gone = sum(each.gone for each in found)
    err.write(f"{len(found)} found, {gone} removed\n")
    return EXIT_GOOD


def _table(found: Sequence[Leftover], *, dry_run: bool) -> list[str]:
    """Return a line for each: what became of it, what it is, its name, the session, why."""
    if not found:
        return []
    rows = [
        ("removed" if each.gone else "found" if dry_run else "left", each.kind, each.name, each.of, each.why)
        for each in found
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    widths[0] = max(widths[0], _NARROWEST)
    return [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    ]
