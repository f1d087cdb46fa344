"""The reference shows what the loader serves."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

import pytest

from osiris_core.drivers.catalog import DriverCatalog
from osiris_core.manifest import loader, steps
from osiris_core.manifest.cases import load_cases
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


def block(page: str, beginning: str) -> str:
    """Return the indented example of a page that begins with this line."""
    lines = page.split("\n")
    first = lines.index(f"    {beginning}")
    last = next(index for index in range(first, len(lines)) if lines[index] and not lines[index].startswith("    "))
    return textwrap.dedent("\n".join(lines[first:last]))


def without(manifest: str, key: str) -> str:
    """Return a manifest without one of its sections."""
    return re.sub(rf"^{key}:.*\n(?: .*\n|\n)*", "", manifest + "\n", flags=re.MULTILINE)


@pytest.fixture
def complete(project: Project, repository: Path) -> str:
    """The complete example, in a project that has its files."""
    for each in ("data/flights.csv", "data/airlines.csv", "code/helpers.py"):
        project.write(each)
    return block((repository / "docs" / "manifest.md").read_text(encoding="utf-8"), 'osiris: "1"')


def test_the_example_of_parameters_loads(project: Project, repository: Path, complete: str):
    """As it stands on the page, with the head that every manifest has."""
    page = (repository / "docs" / "manifest.md").read_text(encoding="utf-8")
    example = block(page, "params: {carrier: AA, limit: 10, files: [../data/flights.csv]}")
    project.manifest.write_text('osiris: "1"\npipeline: {id: p}\n' + example)
    manifest = load_manifest(project.manifest, project_root=project.root, drivers=DriverCatalog(), params={"limit": 5})
    assert manifest.steps[1].config["query"] == "select * from df_read_flights where carrier = 'AA' limit 5"
    assert [each.relative for each in manifest.inputs] == ["data/flights.csv"]
    assert manifest.params_unused == ()


def test_the_example_of_expectations_loads(project: Project, repository: Path, complete: str):
    """In place of what the complete example expects."""
    page = (repository / "docs" / "manifest.md").read_text(encoding="utf-8")
    example = block(page[page.index("| `absent: true` |") :], "expect:")
    project.manifest.write_text(without(complete, "expect") + example)
    manifest = load_manifest(project.manifest, project_root=project.root, drivers=DriverCatalog())
    assert manifest.expect.artifacts["write-delays/delays.csv.tmp"].absent
    assert manifest.expect.metrics["read-flights"]["rows_read"].least == 26483


def test_the_example_of_marks_and_cases_loads(project: Project, repository: Path, complete: str):
    """The page about pytest shows the section `pytest`."""
    page = (repository / "docs" / "pytest.md").read_text(encoding="utf-8")
    project.manifest.write_text(complete + block(page, "params: {carrier: AA, year: 2013}"))
    loaded = load_cases(project.manifest, project_root=project.root, drivers=DriverCatalog())
    assert [each.case.id for each in loaded if each.case] == ["AA-2013", "UA-2013"]
    assert [each.error for each in loaded] == [None, None]


def test_every_key_is_in_the_reference(repository: Path):
    """A key that is served stands in a table of the page, with its meaning."""
    page = (repository / "docs" / "manifest.md").read_text(encoding="utf-8")
    missing = [key for key in {*loader.SERVED, *steps.SERVED} if f"| `{key}` |" not in page]
    assert missing == []
