"""What README and tutorial show is what their reader gets: every block of code is done, in order, and held to what is printed.

CI types the tutorial once more as it stands, in an empty directory, with the built wheel (`.ci/run`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def test_the_tutorial_and_the_readme_work(repository, reader):
    """The README's pipeline and test take the place of the tutorial's, whose orders they read."""
    typed = reader.follow(text_of(repository / "docs" / "tutorial.md"))
    assert typed[1:4] == [
        "pytest",
        "pytest --osiris-target=both --osiris-report=reports/parity.html",
        "pytest -q -k france",
    ]
    assert typed[-2:] == ["pytest --osiris-min-manifests=1", "echo $?"]

    readme = re.sub(r"```text\n.*?```", "", text_of(repository / "README.md"), flags=re.DOTALL)
    reader.follow(f"{readme}\n```console\n$ pytest -q --osiris-target=local\n...\n2 passed in 1.23s\n```\n")


def test_the_gate_types_what_the_tutorial_typed(repository, following):
    """The workflow cannot run here; its command can, and did."""
    deeds = following.deeds(text_of(repository / "docs" / "tutorial.md"))
    (workflow,) = [deed.content for deed in deeds if getattr(deed, "path", "").endswith("parity.yml")]
    typed = [deed.command for deed in deeds if isinstance(deed, following.Typed)]
    commands = re.findall(r"- run: (?!sudo)(.+)", workflow)

    assert len(commands) == 2
    assert [command for command in commands if command not in typed] == []


def test_the_failure_that_the_readme_shows_is_the_tutorials(repository):
    (failure,) = re.findall(r"```text\n(.*?)```", text_of(repository / "README.md"), re.DOTALL)
    shown = text_of(repository / "docs" / "tutorial.md").splitlines()

    assert len(failure.splitlines()) == 8
    assert [line for line in failure.splitlines() if line not in shown] == []


def test_the_readme_has_two_commands_that_pytest_understands(repository, pytester, monkeypatch):
    """CI types them as they stand; here the first one only collects, and the second only parses."""
    commands = re.findall(r"^    (pipx run uv run pytest .+)$", text_of(repository / "README.md"), re.MULTILINE)
    first, second = (command.split()[5:] for command in commands)
    monkeypatch.chdir(repository)

    listed = pytester.runpytest_inprocess("-p", "osiris", *first, "--co", "-q", "--rootdir", str(repository))
    assert listed.ret == 0
    assert sum(".osiris.yaml::" in line for line in listed.outlines) >= 10
    assert second == ["-n", "2"]
