"""Options: what makes no sense is refused in one sentence before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Engine, Project

USAGE_ERROR = 4


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("--osiris-target=cloud", "--osiris-target: unknown target 'cloud' (known: e2b, local, venv, both)"),
        ("--osiris-target=", "--osiris-target: unknown target '' (give local, e2b, both, or two*"),
        ("--osiris-target=e2b,e2b", "--osiris-target: 'e2b' is named twice (give every target once)"),
        ("--osiris-e2b=clod", "--osiris-e2b: unknown provider 'clod'; give embedded, cloud, or a URL*"),
        ("--osiris-isolation=docker", "--osiris-isolation: unknown 'docker'; give bubblewrap or plain"),
        ("--osiris-keep-sandbox=yes", "--osiris-keep-sandbox: unknown 'yes'; give no, on-failure or always"),
        ("--osiris-fetch=", "--osiris-fetch: unknown ''; give all or differing"),
        ("--osiris-triage=yes", "--osiris-triage: unknown 'yes'; give divergent, always or off"),
        ("--osiris-repeat=-1", "--osiris-repeat: '-1' is no number above 0"),
        ("--osiris-now=yesterday", "--osiris-now: 'yesterday' is no time (give ISO 8601*"),
        ("--osiris-report=report.json", "--osiris-report: * is no page (give a file name that ends in .html)"),
        ("--osiris-report=pyproject.toml/x.html", "--osiris-report: * cannot be written, because * is no directory"),
        ("--osiris-report=/proc/of/r.html", "--osiris-report: * cannot be written, because /proc is not writable"),
        (
            f"--osiris-report={'x' * 300}.html",
            "--osiris-report: * cannot be written: File name too long (give another path)",
        ),
        ("--osiris-report=folder.html", "--osiris-report: * is a directory (give the name of a file in it)"),
    ],
)
def test_a_wrong_value_is_one_sentence_and_exit_code_4(
    project: Project, engine: Engine, option: str, sentence: str
) -> None:
    """Each wrong value is named with what to give in its place; nothing runs, and no traceback is shown."""
    project.manifest("healthy")
    (project.root / "folder.html").mkdir()

    result = project.run(option)

    assert result.ret == USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {sentence}"])
    assert "Traceback" not in result.stderr.str() + result.stdout.str()
    assert engine.calls == []


def test_a_wrong_value_in_the_ini_file_is_refused_alike(project: Project, engine: Engine) -> None:
    """The ini twin goes through the same door."""
    project.ini("osiris_target = somewhere")

    result = project.run()

    assert result.ret == USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --osiris-target: unknown target 'somewhere'*"])


@pytest.mark.parametrize(
    ("ini", "options", "targets"),
    [
        ([], [], ("local",)),
        ([], ["--osiris-target=both"], ("local", "e2b")),
        ([], ["--osiris-target=e2b,local"], ("e2b", "local")),
        (["osiris_target = e2b"], [], ("e2b",)),
        (["osiris_target = e2b"], ["--osiris-target=local"], ("local",)),
    ],
)
def test_the_command_line_wins_over_the_ini_file_and_that_over_the_default(
    project: Project, engine: Engine, ini: list[str], options: list[str], targets: tuple[str, ...]
) -> None:
    """`local` is the default target."""
    project.manifest("healthy")
    project.ini(*ini)

    project.run(*options).assert_outcomes(passed=1)

    assert engine.calls == [("healthy", targets)]


def test_the_cloud_without_a_key_is_refused_when_it_is_asked_for(
    project: Project, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence names the variable that is missing."""
    monkeypatch.delenv("E2B_API_KEY", raising=False)
    project.manifest("healthy")

    result = project.run("--osiris-target=both", "--osiris-e2b=cloud")

    assert result.ret == USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *E2B_API_KEY is not set*"])
    assert engine.calls == []


def test_an_ini_file_that_names_the_cloud_stops_only_runs_with_manifests(
    project: Project, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a key unit tests still run, and all are listed; a manifest is refused before it starts."""
    monkeypatch.delenv("E2B_API_KEY", raising=False)
    project.ini("osiris_target = both", "osiris_e2b = cloud")
    project.pytester.makepyfile("def test_unit(): pass")
    project.run().assert_outcomes(passed=1)
    project.manifest("healthy")
    assert project.run("--co").ret == 0

    result = project.run()

    assert result.ret == USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *E2B_API_KEY is not set*"])
    assert engine.calls == []


def test_the_key_is_enough_for_the_cloud(project: Project, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a key the same options pass: what is refused above is the lack of it."""
    monkeypatch.setenv("E2B_API_KEY", "not a real one")
    project.manifest("healthy")

    project.run("--osiris-target=both", "--osiris-e2b=cloud").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--osiris-target=local"], "osiris: target local"),
        (["--osiris-target=both"], "osiris: target both (e2b: embedded server, isolation bubblewrap)"),
        (
            ["--osiris-target=e2b", "--osiris-isolation=plain"],
            "osiris: target e2b (e2b: embedded server, isolation plain)",
        ),
        (["--osiris-target=both", "--osiris-e2b=cloud"], "osiris: target both (e2b: E2B cloud)"),
        (
            ["--osiris-target=e2b", "--osiris-e2b=http://me:secret@sandboxes.example/api"],
            "osiris: target e2b (e2b: http://sandboxes.example/api)",
        ),
    ],
)
def test_the_header_says_where_manifests_run(
    project: Project, engine: Engine, monkeypatch: pytest.MonkeyPatch, options: list[str], line: str
) -> None:
    """Nobody takes one provider for another, and no password of an address is shown."""
    monkeypatch.setenv("E2B_API_KEY", "not a real one")

    result = project.run(*options)

    assert line in result.outlines
    assert "secret" not in result.stdout.str()


def test_the_header_is_silent_where_nothing_was_asked_for(project: Project) -> None:
    """A run without our options and manifests looks as if the plugin were not there."""
    project.pytester.makepyfile("def test_unit(): pass")

    result = project.run()

    assert not [line for line in result.outlines if "osiris" in line.replace("plugins: ", "") and "plugins" not in line]


def test_help_explains_every_option_and_its_ini_twin(project: Project) -> None:
    """`pytest --help` is enough to start with."""
    text = project.run("--help").stdout.str()

    for name in ("target", "e2b", "report", "isolation", "now", "env_file"):
        assert f"--osiris-{name.replace('_', '-')}=" in text
        assert f"osiris_{name}" in text
    assert "osiris_manifests" in text


def test_an_ini_report_path_counts_from_the_ini_file(project: Project, engine: Engine) -> None:
    """From whatever directory pytest is started, the report lands in the same place."""
    project.manifest("healthy")
    project.ini("osiris_report = reports/parity.html")
    (project.root / "below").mkdir()
    project.pytester.makepyfile(**{"below/test_x": "def test_x(): pass"})
    project.pytester.chdir()
    (project.root / "below" / "healthy.osiris.yaml").write_text((project.root / "healthy.osiris.yaml").read_text())
    (project.root / "below" / "code").mkdir()

    project.run("below").assert_outcomes(passed=2)

    assert (project.root / "reports" / "parity.html").is_file()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--osiris-report=r.html", "--junitxml=r.html"], "--osiris-report and --junitxml both write */r.html, *"),
        (["--osiris-report=r.html", "--junitxml=./x/../r.json"], "--osiris-report (its data) and --junitxml both *"),
    ],
)
def test_two_reports_with_one_path_are_refused(
    project: Project, engine: Engine, options: list[str], sentence: str
) -> None:
    """The later one would silently replace the other."""
    project.manifest("healthy")

    result = project.run(*options)

    assert result.ret == USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {sentence}"])
    assert engine.calls == []


def test_two_reports_with_two_paths_are_written(project: Project, engine: Engine) -> None:
    """What is refused above is the one path, not the two reports."""
    project.manifest("healthy")

    project.run("--osiris-report=r.html", "--junitxml=r.xml").assert_outcomes(passed=1)

    assert (project.root / "r.html").is_file()
    assert (project.root / "r.xml").is_file()
