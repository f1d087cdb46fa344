"""The page of faults names tests: each of them exists, and every row has one or says why not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

_NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
_ROW = re.compile(r"^\| (\d+) \|", re.MULTILINE)


def missing(page: str, repository: Path) -> list[str]:
    """Return the tests that a page names and the repository does not have."""
    found = []
    for path, test in _NAMED.findall(page):
        file = repository / path
        if not file.exists() or (test and not re.search(rf"def {test}\(", file.read_text(encoding="utf-8"))):
            found.append(f"{path}::{test}")
    return found


@pytest.fixture
def page(repository):
    """The page as it stands."""
    return (repository / "docs" / "reliability.md").read_text(encoding="utf-8")


def test_every_test_that_the_page_names_exists(page, repository):
    assert missing(page, repository) == []


def test_a_test_that_is_gone_is_noticed(repository):
    """The check above can fail: for a file, and for a function."""
    page = "`tests/no_such.py` `tests/test_reliability_page.py::test_that_is_not_here`"
    assert missing(page, repository) == ["tests/no_such.py::", "tests/test_reliability_page.py::test_that_is_not_here"]


def test_the_page_counts_right_how_many_rows_have_a_test(page):
    rows = [line.rpartition("|")[0].rpartition(" | ")[2] for line in page.splitlines() if _ROW.match(line)]
    tested = sum(bool(_NAMED.search(last)) for last in rows)
    assert f"{tested} of the {len(rows)} rows have an automated test" in page


def test_no_fault_is_left_out(page):
    assert [int(number) for number in _ROW.findall(page)] == list(range(1, 78))
