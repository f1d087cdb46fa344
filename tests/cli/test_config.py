"""A project settles options for everyone, and `osiris-parity config` says which, and where that is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project


@pytest.fixture(autouse=True)
def _only_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Load no plugin of others into the pytest that `config` asks: it would be most of what these tests do."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def settle(project: Project, *lines: str) -> None:
    """Write `[tool.osiris]`."""
    (project.root / "pyproject.toml").write_text("\n".join(["[tool.osiris]", *lines]) + "\n")


def test_a_run_does_what_its_project_settles(project: Project) -> None:
    """Without `--target` it is the project's; with it, the command line's."""
    path = project.manifest("healthy")
    settle(project, 'target = "local"')

    assert project.run("run", path).out == f"OK {path}\n"
    settle(project, 'target = "both"', 'e2b = "nobody"')

    assert project.run("run", path, "--target=local").out == f"OK {path}\n"
    ended = project.run("run", path)
    assert ended.code == 2
    assert "nobody" in ended.err


def test_a_projects_report_lies_in_the_project(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path in the file counts from it, wherever the command is started."""
    path = project.root / project.manifest("healthy")
    settle(project, 'report = "reports/parity.html"')
    (project.root / "below").mkdir()
    monkeypatch.chdir(project.root / "below")

    assert project.run("run", str(path), "--target=local").code == 0

    assert (project.root / "reports" / "parity.html").is_file()


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('target = "moon"', "pyproject.toml:2 [tool.osiris]: `target`: unknown target 'moon' (known: "),
        ('repeat = "often"', "`repeat` of [tool.osiris] in "),
        ("repeat = 1.5", "pyproject.toml:2 [tool.osiris]: `repeat`: '1.5' is not understood"),
        ("tagret = 1", "has no key `tagret` (did you mean `target`?)"),
    ],
)
def test_what_a_project_says_wrongly_is_one_sentence(project: Project, line: str, sentence: str) -> None:
    """Exit code 2, before anything starts."""
    path = project.manifest("healthy")
    settle(project, line)

    ended = project.run("run", path)

    assert (ended.code, ended.out) == (2, "")
    assert sentence in ended.err


def test_values_of_parameters_add_up_and_the_command_line_counts(project: Project) -> None:
    """The project's come first."""
    path = project.manifest("healthy", rest="params: {carrier: AA, year: 2013}\n")
    settle(project, 'target = "local"', 'param = ["carrier=UA", "year=2014"]')

    ended = project.run("run", path, "--param=year=2015", "--json")

    assert (
        '"reproduce":"osiris-parity run healthy.osiris.yaml --target=local --param=carrier=UA --param=year=2014 --param=year=2015"'
        in (ended.out.replace('": "', '":"'))
    )


def test_config_prints_both_tables(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    """What `osiris-parity run` would do, and what pytest would: their defaults are not the same."""
    settle(project, "repeat = 2")
    (project.root / "pytest.ini").write_text("[pytest]\nosiris_triage = off\n")

    ended = project.run("config", "--", "--osiris-strict")

    assert ended.code == 0
    command, pytest_ = ended.out.split("\npytest\n")
    lines = [line.split(maxsplit=2) for line in (*command.splitlines(), *pytest_.splitlines())]
    assert ["target", "both", "default"] in lines
    assert ["target", "local", "default"] in lines
    assert lines.count(["repeat", "2", "pyproject.toml:2 [tool.osiris]"]) == 2
    assert ["triage", "off", "pytest.ini:2"] in lines
    assert ["strict", "true", "command line"] in lines


def test_config_refuses_what_a_run_would(project: Project) -> None:
    """What is not understood has no value to be shown."""
    (project.root / "pytest.ini").write_text("[pytest]\nosiris_taget = both\n")

    ended = project.run("config")

    assert ended.code == 2
    assert "pytest.ini:2: there is no entry `osiris_taget`; did you mean `osiris_target`?" in ended.err
