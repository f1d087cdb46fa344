"""The pairs of real sessions that differences are planted in: two manifests, each run on both targets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from osiris_core.check import Checker, CheckOptions, load

if TYPE_CHECKING:
    from osiris_core.sandbox.launch import ServerAddress

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT = Path(__file__).parent / "project"
BOTH = ("local", "e2b")

Pair = tuple[Path, Path]


def run(root: Path, server: ServerAddress | None = None) -> dict[bool, Pair]:
    """Run both manifests, and return the two session directories of each: by whether a step fails in it."""
    options = CheckOptions(project_root=REPOSITORY, session_root=root)
    with Checker(options, server=server) as checker:
        return {name == "failing": _run(checker, root, PROJECT / f"{name}.yaml") for name in ("rich", "failing")}


def _run(checker: Checker, root: Path, manifest: Path) -> Pair:
    record = checker.check(load(manifest, project_root=REPOSITORY), BOTH)
    local, e2b = (root / run.session_directory for run in record.targets)
    return local, e2b
