"""The page shows what works."""

from __future__ import annotations

import re


def test_the_example_passes(pytester, repository, bubblewrap):
    """Driver and test as they stand on the page, each check a test."""
    page = (repository / "docs" / "testing.md").read_text(encoding="utf-8")
    driver, test, _faults = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    pytester.mkdir("code").joinpath("texts.py").write_text(driver)
    pytester.makepyfile(test_texts=test)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-v")
    listed = re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)
    result.assert_outcomes(passed=len(listed))
    result.stdout.fnmatch_lines([f"*test_upper_keeps_its_promises?{each}? PASSED*" for each in listed])


def test_the_example_of_faults_passes(pytester, repository, bubblewrap):
    """As it stands on the page, against a server of its own."""
    page = (repository / "docs" / "testing.md").read_text(encoding="utf-8")
    pytester.makepyfile(test_faults=re.findall(r"```python\n(.*?)```", page, re.DOTALL)[-1])
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:xdist")
    result.assert_outcomes(passed=2)
