"""The page shows what works."""

from __future__ import annotations

import re

import pytest


@pytest.fixture
def page(repository):
    """The page as it stands."""
    return (repository / "docs" / "testing.md").read_text(encoding="utf-8")


def blocks(page: str, chapter: str) -> list[str]:
    """Return the Python blocks of a chapter."""
    [found] = [each for each in re.split(r"^## ", page, flags=re.MULTILINE) if each.startswith(chapter + "\n")]
    return re.findall(r"```python\n(.*?)```", found, re.DOTALL)


def test_the_example_passes(pytester, page, bubblewrap):
    """Driver and test as they stand on the page, each check a test."""
    driver, test = blocks(page, "Testing a driver")
    pytester.mkdir("code").joinpath("texts.py").write_text(driver)
    pytester.makepyfile(test_texts=test)
    result = pytester.runpytest_inprocess("--disable-plugin-autoload", "-p", "osiris", "-p", "no:cacheprovider", "-v")
    listed = re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)
    result.assert_outcomes(passed=len(listed))
    result.stdout.fnmatch_lines([f"*test_upper_keeps_its_promises?{each}? PASSED*" for each in listed])


def test_the_example_of_faults_passes(pytester, page, bubblewrap):
    """As it stands on the page, against a server of its own."""
    test, _simulated = blocks(page, "Testing a program against faults")
    pytester.makepyfile(test_faults=test)
    result = pytester.runpytest_inprocess("--disable-plugin-autoload", "-p", "osiris", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=2)


def test_the_example_of_the_simulation_holds(page):
    """It asserts that no invariant is broken."""
    _faults, simulated = blocks(page, "Testing a program against faults")
    assert "assert not broken(played)" in simulated
    exec(simulated, {})
