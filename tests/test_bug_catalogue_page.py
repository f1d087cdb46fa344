"""The page of 53 bugs names fixtures and tests: each of them exists, says the same, and every row has one or says why not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.parity.test_bug_catalogue import CASES
from tests.test_reliability_page import missing

if TYPE_CHECKING:
    from pathlib import Path

_ROW = re.compile(r"^\| ([DP]\d+) \| (.+) \| (.+) \| (\w+) \| (.+) \|$", re.MULTILINE)
_MANIFEST = re.compile(r"`(fixtures/manifests/divergent/([\w-]+)\.osiris\.yaml)`")
_TEST = re.compile(r"`tests/[\w/]+\.py(?:::\w+)?`")
_CODE = re.compile(r"`([a-z]+-[a-z-]+)`")
_RUN = re.compile(r"run: `tests/parity/test_bug_catalogue\.py`")


@pytest.fixture
def page(repository: Path) -> str:
    """The page as it stands."""
    return (repository / "docs" / "bug-catalogue.md").read_text(encoding="utf-8")


@pytest.fixture
def rows(page: str) -> dict[str, tuple[str, ...]]:
    """Its rows by their number: what happens, shown by, verdict, reason."""
    return {row: tuple(rest) for row, *rest in _ROW.findall(page)}


def test_no_bug_is_left_out(page, rows):
    assert list(rows) == [*(f"D{number}" for number in range(1, 30)), *(f"P{number}" for number in range(1, 25))]
    assert len(_ROW.findall(page)) == 53


def test_every_test_that_the_page_names_exists(page, repository):
    assert missing(page, repository) == []


def test_every_manifest_that_the_page_names_exists_with_its_twin_and_is_expected_to_diverge(page, repository):
    expected = (repository / "tests" / "end_to_end" / "test_fixtures.py").read_text(encoding="utf-8")
    named = _MANIFEST.findall(page)
    assert len(named) >= 5
    for path, name in named:
        assert (repository / path).is_file()
        assert (repository / path.replace(".osiris.yaml", ".healed.osiris.yaml")).is_file()
        assert f'"{name}": Expected(' in expected


def test_the_page_says_of_every_run_directory_what_its_test_expects(rows):
    """The same rows, the same verdict, and the reason codes that the test holds it to."""
    assert {row for row, (_, shown, *_) in rows.items() if _RUN.search(shown)} == set(CASES)
    for row, (_, expected) in CASES.items():
        _, _, verdict, reason = rows[row]
        assert verdict == expected.verdict, row
        codes = {code for code, _, _ in expected.finds}
        assert codes <= {*_CODE.findall(reason), *re.findall(r"`(outcome|error)`", reason)}, (row, codes, reason)


def test_the_page_counts_right_how_many_rows_have_a_test(page, rows):
    tested = sum(bool(_TEST.search(shown) or _MANIFEST.search(shown)) for _, shown, *_ in rows.values())
    assert f"Of 53 rows, {tested} have a test, and {53 - tested} say why not." in page


def test_every_reason_code_of_the_page_is_explained(rows, repository):
    explained = "".join(path.read_text(encoding="utf-8") for path in (repository / "docs" / "verdicts").glob("*.md"))
    for _, _, _, reason in rows.values():
        for code in _CODE.findall(reason):
            assert code in explained, code
