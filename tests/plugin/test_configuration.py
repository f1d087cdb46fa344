"""Where options are said: ini file, `[tool.osiris]`, command line; who wins, what is refused, and what is shown of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.choices import PROJECT_OPTIONS
from pytest_osiris.options import ALL_NAMES, ON_COMMAND_LINE_ONLY
from pytest_osiris.settings import Settings

if TYPE_CHECKING:
    from conftest import Engine, Project

USAGE_ERROR = 4
BOTH = ("local", "e2b")


def project_file(project: Project, *lines: str) -> None:
    """Write `[tool.osiris]`."""
    (project.root / "pyproject.toml").write_text("\n".join(["[tool.osiris]", *lines]) + "\n")


def test_a_project_can_settle_what_its_options_are(project: Project, engine: Engine) -> None:
    """`[tool.osiris]` counts where neither the command line nor the ini file say anything."""
    project.manifest("healthy")
    project_file(project, 'target = "both"')

    project.run().assert_outcomes(passed=1)
    project.ini("osiris_target = e2b")
    project.run().assert_outcomes(passed=1)
    project.run("--osiris-target=local").assert_outcomes(passed=1)

    assert [targets for _, targets in engine.calls] == [BOTH, ("e2b",), ("local",)]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('taget = "both"', "[[]tool.osiris] in * has no key `taget` (did you mean `target`?)"),
        ("max-sandboxes = 3", "[[]tool.osiris] in * has no key `max-sandboxes` (did you mean `max_sandboxes`?)"),
        ("target = 3", "`target` of [[]tool.osiris] in * is not understood (for example: target = *"),
        ('strict = "yes"', "`strict` of [[]tool.osiris] in * is not understood (for example: strict = true)"),
        ("repeat = true", "`repeat` of [[]tool.osiris] in * is not understood (for example: repeat = 3)"),
        ('target = "moon"', "--osiris-target: unknown target 'moon'*"),
    ],
)
def test_what_a_project_says_wrongly_is_one_sentence(
    project: Project, engine: Engine, line: str, sentence: str
) -> None:
    """Exit code 4, before anything runs, with what to write in its place."""
    project.manifest("healthy")
    project_file(project, line)

    result = project.run()

    assert result.ret == USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {sentence}"])
    assert engine.calls == []


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("pytest.ini", "[pytest]\nosiris_taget = both\n", "pytest.ini:2"),
        ("tox.ini", "[pytest]\naddopts = -q\nosiris_taget = both\n", "tox.ini:3"),
        ("setup.cfg", "[tool:pytest]\nosiris_taget = both\n", "setup.cfg:2"),
        ("pyproject.toml", "[tool.pytest]\nosiris_taget = 'both'\n", "pyproject.toml:2"),
        ("pyproject.toml", "[tool.pytest.ini_options]\nosiris_taget = 'both'\n", "pyproject.toml:2"),
        ("pytest.toml", "[pytest]\nosiris_taget = 'both'\n", "pytest.toml:2"),
    ],
)
def test_an_unknown_entry_is_refused_with_the_nearest_name(project: Project, name: str, text: str, place: str) -> None:
    """In every file that pytest reads; an entry that has no effect would be a gate that does not hold."""
    (project.root / "pyproject.toml").unlink()
    (project.root / name).write_text(text)

    result = project.run()

    assert result.ret == USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {place}: there is no entry `osiris_taget`; did you mean `osiris_target`?"])


def test_an_unknown_entry_of_the_command_line_is_refused_too(project: Project) -> None:
    """`-o` is a file of one line."""
    result = project.run("-o", "osiris_strickt=true")

    assert result.ret == USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: -o: there is no entry `osiris_strickt`; did you mean `osiris_strict`?"])


def test_entries_of_other_tools_are_left_alone(project: Project) -> None:
    """Only pytest's own section is looked at."""
    (project.root / "tox.ini").write_text("[pytest]\naddopts = -q\n[testenv]\nosiris_anything = 1\n")
    (project.root / "pyproject.toml").write_text("[tool.other]\nosiris_anything = 1\n")
    project.pytester.makepyfile("def test_unit(): pass")

    project.run().assert_outcomes(passed=1)


def test_what_is_in_force_is_shown_with_where_it_is_said(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line an option; nothing is collected or started, and no password of an address is shown."""
    project_file(project, 'target = "both"', 'e2b = "http://me:secret@sandboxes.example"', "repeat = 2")
    project.ini("osiris_triage = off", "addopts = --osiris-fetch=differing")
    project.manifest("healthy")

    result = project.run("--osiris-config", "--osiris-strict", "-o", "osiris_isolation=plain")

    assert result.ret == 0
    lines = [line.split(maxsplit=2) for line in result.outlines]
    assert lines[0] == ["option", "value", "said in"]
    said = {name: (value, where) for name, value, where in lines[1:]}
    assert said["target"] == ("both", "pyproject.toml:2 [tool.osiris]")
    assert said["e2b"] == ("http://sandboxes.example", "pyproject.toml:3 [tool.osiris]")
    assert said["repeat"] == ("2", "pyproject.toml:4 [tool.osiris]")
    assert said["triage"] == ("off", "pytest.ini:2")
    assert said["fetch"] == ("differing", "addopts, or PYTEST_ADDOPTS")
    assert said["strict"] == ("true", "command line")
    assert said["isolation"] == ("plain", "command line, -o")
    assert said["manifests"] == ("*.osiris.yaml", "default")
    assert set(said) == set(ALL_NAMES)


def test_wrong_options_are_not_shown_but_refused(project: Project) -> None:
    """What is in force cannot be said of what is not understood."""
    result = project.run("--osiris-config", "--osiris-target=moon")

    assert result.ret == USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --osiris-target: unknown target 'moon'*"])


def test_every_option_can_stand_in_a_projects_file() -> None:
    """The two lists are apart, because the core knows nothing of pytest; they may not drift."""
    assert set(PROJECT_OPTIONS) == set(ALL_NAMES) - ON_COMMAND_LINE_ONLY


def test_what_nobody_says_is_what_the_engine_takes_for_its_default() -> None:
    """A run without options does not load the words that can be chosen; these stand twice, and may not drift."""
    from osiris_core import choices

    default: Any = Settings()

    assert (default.isolation, default.keep_sandbox) == (choices.ISOLATIONS[0], choices.KEEPING[0])
    assert (default.fetch, default.triage, default.targets) == (choices.FETCHING[0], choices.TRIAGES[0], ("local",))
