"""What the package asks for is pinned and explained: else CI's pip leg, or the next maintainer, stumbles."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1]


def asked_for() -> list[str]:
    """Return the names of the distributions that an installation of the package brings."""
    project = tomllib.loads((HERE / "pyproject.toml").read_text())["project"]
    return [str(re.split(r"[<>=!~;\[ ]", requirement)[0]) for requirement in project["dependencies"]]


@pytest.mark.parametrize("name", asked_for())
def test_a_dependency_is_pinned_with_its_hashes(name: str) -> None:
    """`constraints.txt` is made by a command; this says when to run it again (docs/dependencies.md has it)."""
    assert re.search(
        rf"^{re.escape(name)}==\S+ .*\\\n +--hash=sha256:", (HERE / "constraints.txt").read_text(), re.MULTILINE
    )


@pytest.mark.parametrize("name", asked_for())
def test_a_dependency_has_its_reason(name: str) -> None:
    """A row of the table names it; several may share one."""
    rows = [row.split("|")[1] for row in (HERE / "docs/dependencies.md").read_text().splitlines() if row[:2] == "| "]

    assert any(name in re.findall(r"[\w-]+", row) for row in rows)
