from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import anchors, broken, links, pages

if TYPE_CHECKING:
    from pathlib import Path


def test_every_link_leads_to_a_file_and_a_heading(repository):
    """Without the generator of the site, which says the same when it is built."""
    assert [sentence for page in pages(repository) for sentence in broken(page)] == []


def test_every_page_that_code_or_text_names_is_there(repository):
    """As `docs/secrets.md`, in a message, a docstring or a page."""
    rooms = ("osiris_core", "pytest_osiris", "tests", "docs", "benchmarks", "fixtures", ".ci")
    files = [*repository.glob("*.md"), *(path for room in rooms for path in (repository / room).rglob("*"))]
    read = [path for path in files if path.suffix in {".py", ".md", ".toml", ".j2"} and path.is_file()]
    assert len(read) > 500
    missing = [
        f"{path.relative_to(repository)}: {named}"
        for path in read
        for named in re.findall(r"docs/[a-z0-9/-]+\.md", path.read_text(encoding="utf-8"))
        if path.parent != repository / "tests" / "docs" and not (repository / named).is_file()
    ]

    assert missing == []


def test_every_page_is_reached_from_the_index(repository):
    """By its lists, by the list of verdicts, or by the list of decisions, which is made of all that there are."""
    docs = repository / "docs"
    index = (docs / "index.md").read_text(encoding="utf-8")
    lists = re.findall(r"^```\{toctree\}\n(.*?)^```", index, re.MULTILINE | re.DOTALL)
    names = [re.sub(r".*<(.*)>$", r"\1", line) for block in lists for line in block.splitlines() if line[0] != ":"]
    assert [name for name in names if not list(docs.glob(f"{name}.md"))] == []
    listed = {page for name in names for page in docs.glob(f"{name}.md")}
    verdicts = {docs / "verdicts" / link for link in links((docs / "verdicts/README.md").read_text(encoding="utf-8"))}
    reached = {docs / "index.md", *listed, *verdicts, *(docs / "decisions").glob("*.md")}

    assert sorted(path.name for path in set(docs.rglob("*.md")) - reached) == []


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A page that a test writes, beside another one."""
    (tmp_path / "other.md").write_text("# Other\n\n## What `it` says, twice\n\n## What it says twice\n")
    return tmp_path / "page.md"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a](other.md)", []),
        ("[a](other.md#what-it-says-twice-1)", []),
        ("[a](https://example.org/nowhere)", []),
        ("`[a](gone.md)`\n\n    [a](gone.md)\n\n```\n[a](gone.md)\n```\n", []),
        ("[a](gone.md)", ["page.md: gone.md: there is no gone.md"]),
        ("| [`a` b](other.md#gone) |", ["page.md: other.md#gone: no heading of other.md has the anchor gone"]),
        ("[a](#here)", ["page.md: #here: no heading of page.md has the anchor here"]),
    ],
)
def test_a_link_that_leads_nowhere_is_told(page, text, said):
    page.write_text(text)

    assert broken(page) == said


def test_anchors_are_those_of_the_repository():
    assert anchors("# `osiris-parity run MANIFEST...`\n## What is *kept*, and [why](x.md)?\n") == {
        "osiris-parity-run-manifest",
        "what-is-kept-and-why",
    }
