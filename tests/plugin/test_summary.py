"""The end of a run: one section, one report, and silence where no manifest ran."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from osiris_core.parity.record import Verdict

if TYPE_CHECKING:
    from conftest import Engine, Project


def test_the_section_lists_every_manifest_with_its_verdict(project: Project, engine: Engine) -> None:
    """Failures first, then one sentence for the whole."""
    project.manifest("good")
    project.manifest("worse")
    engine.gives("worse", Verdict.DIVERGENT)

    result = project.run("--osiris-target=both")

    result.stdout.fnmatch_lines(
        [
            "*= osiris parity =*",
            "*worse.osiris.yaml*DIVERGENT*only*",
            "*good.osiris.yaml*IDENTICAL*",
            "*1 of 2*1 diverges*",
        ]
    )


def test_a_quiet_run_gets_one_sentence(project: Project, engine: Engine) -> None:
    """`-q` leaves out the table."""
    project.manifest("good")

    result = project.run("--osiris-target=both", "-q", "--osiris-report=r.html")

    start = next(index for index, line in enumerate(result.outlines) if "osiris parity" in line)
    assert result.outlines[start + 1] == "The manifest behaves the same"
    assert result.outlines[start + 2].startswith("report: ")


def test_a_sandbox_that_could_not_be_kept_is_told(project: Project, engine: Engine) -> None:
    """The option needs a server that outlives pytest; `on-failure` asks for nothing where all is well."""
    project.manifest("good")
    told = "no sandbox was kept: the embedded server ends with pytest; *"

    project.run("--osiris-target=both", "--osiris-keep-sandbox=always").stdout.fnmatch_lines([told])
    project.run("--osiris-target=both", "--osiris-keep-sandbox=on-failure").stdout.no_fnmatch_line(told)


def test_a_run_without_manifests_says_nothing(project: Project) -> None:
    """No section, no directory."""
    project.pytester.makepyfile("def test_unit(): pass")

    result = project.run()

    assert "osiris parity" not in result.stdout.str()
    assert not (project.root / ".osiris").exists()


def test_the_report_and_its_data_are_written_and_named(project: Project, engine: Engine) -> None:
    """Folders on the way are made; the JSON beside the page has every record."""
    project.manifest("good")
    project.manifest("worse")
    engine.gives("worse", Verdict.INFRA, headline="e2b: no sandbox")

    result = project.run("--osiris-target=both", "--osiris-report=out/parity.html")

    page = project.root / "out" / "parity.html"
    result.stdout.fnmatch_lines([f"report: {page}"])
    assert "worse.osiris.yaml" in page.read_text()
    data = json.loads(page.with_suffix(".json").read_text())
    assert [record["manifest"] for record in data["records"]] == ["good.osiris.yaml", "worse.osiris.yaml"]
    assert data["host"]["pytest-osiris"]


@pytest.mark.parametrize("option", ["--tb=auto", "--tb=no"])
def test_a_failure_is_explained_once(project: Project, engine: Engine, option: str) -> None:
    """Among pytest's failures, or in the section where pytest was asked to leave them out."""
    project.manifest("worse")
    engine.gives("worse", Verdict.DIVERGENT)

    result = project.run("--osiris-target=both", option)

    assert result.stdout.str().count("hello from there") == 1
    assert result.stdout.str().count("reproduce: ") == 1


@pytest.mark.parametrize("options", [[], ["--osiris-report="]], ids=["not asked for", "turned off"])
def test_no_report_is_written_unless_asked_for(project: Project, engine: Engine, options: list[str]) -> None:
    """The default leaves nothing but `.osiris`; an empty path turns off what the ini file asks for."""
    project.manifest("good")
    if options:
        project.ini("osiris_report = r.html")

    project.run("--osiris-target=both", *options)

    assert not list(project.root.glob("**/*.html"))


def test_a_report_that_was_asked_for_and_has_nothing_to_say_is_named(project: Project) -> None:
    """Nobody takes the report of an earlier run for this one's."""
    project.pytester.makepyfile("def test_unit(): pass")

    result = project.run("--osiris-report=r.html")

    result.stdout.fnmatch_lines(["there is no report: no manifest ran"])
    assert not (project.root / "r.html").exists()


def test_a_report_that_can_no_longer_be_written_fails_the_run(project: Project, engine: Engine) -> None:
    """The place was good before the run and is not at its end: the run is not green."""
    project.manifest("good")
    project.pytester.makeconftest(
        "import pathlib\ndef pytest_runtest_teardown(item):\n    pathlib.Path('out').write_text('a file')\n"
    )

    result = project.run("--osiris-target=both", "--osiris-report=out/parity.html")

    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["there is no report: the report cannot be written*"])


def test_a_run_reports_its_own_records_only(project: Project, engine: Engine) -> None:
    """Records of earlier runs stay on disk and out of the report."""
    project.manifest("first")
    project.manifest("second")
    project.run("-k", "first")

    project.run("-k", "second", "--osiris-report=r.html")

    data = json.loads((project.root / "r.json").read_text())
    assert [record["manifest"] for record in data["records"]] == ["second.osiris.yaml"]
    assert len(project.records()) == 2


def test_a_torn_record_is_told_and_makes_the_run_red(project: Project, engine: Engine) -> None:
    """Whatever wrote there: nobody can say any more what became of that test, and the others have their say."""
    for name in ("good", "torn"):
        project.manifest(name)
        engine.gives(name)
    project.pytester.makeconftest(
        "import pathlib\n"
        "def pytest_runtest_logfinish():\n"
        "    for each in pathlib.Path('.osiris/records').glob('*/torn*.json'): each.write_text('{half')\n"
    )

    result = project.run()

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["*good.osiris.yaml*IDENTICAL*", "not as asked for: torn.osiris.yaml-torn-*.json: this is no file of *"]
    )
    result.assert_outcomes(passed=2)
