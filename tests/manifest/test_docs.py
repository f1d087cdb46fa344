"""The reference shows what the loader serves."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from osiris_core.drivers.catalog import DriverCatalog
from osiris_core.manifest.loader import load_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.manifest.project import Project


def test_the_complete_example_loads(project: Project, repository: Path):
    """The example of the reference is a manifest, with the files that it names."""
    words = (repository / "docs" / "manifest.md").read_text(encoding="utf-8")
    example = words.split("## A complete example\n", 1)[1].split("\n## Keys", 1)[0]
    for each in ("data/flights.csv", "data/airlines.csv", "code/helpers.py"):
        project.write(each)
    project.manifest.write_text(textwrap.dedent(example))
    manifest = load_manifest(project.manifest, project_root=project.root, drivers=DriverCatalog())
    assert manifest.order == ("read-flights", "delays", "write-delays")
    assert [each.relative for each in manifest.inputs] == ["data/airlines.csv", "data/flights.csv"]
