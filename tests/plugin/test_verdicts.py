"""A verdict is a test's outcome, and a failure is a few lines that say what, where, and what to do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from osiris_core.errors import UsageError
from osiris_core.parity.record import Verdict

if TYPE_CHECKING:
    from conftest import Engine, Project

PASSING = [Verdict.IDENTICAL, Verdict.EQUIVALENT, Verdict.ACCEPTED]
FAILING = [Verdict.DIVERGENT, Verdict.NONDETERMINISTIC, Verdict.INCONCLUSIVE, Verdict.INFRA]


@pytest.mark.parametrize("verdict", PASSING)
def test_a_good_verdict_passes(project: Project, engine: Engine, verdict: Verdict) -> None:
    """IDENTICAL, EQUIVALENT and ACCEPTED are green."""
    project.manifest("it")
    engine.gives("it", verdict)

    project.run("--osiris-target=both").assert_outcomes(passed=1)


@pytest.mark.parametrize("verdict", FAILING)
def test_any_other_verdict_fails_and_none_is_skipped(project: Project, engine: Engine, verdict: Verdict) -> None:
    """A target that could not run is a failure like the others: green must mean compared."""
    project.manifest("it")
    engine.gives("it", verdict, headline="the reason")

    result = project.run("--osiris-target=both")

    result.assert_outcomes(failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_agreeing_targets_fail_where_expect_does_not_hold(project: Project, engine: Engine) -> None:
    """Two runs that fail alike are not green."""
    project.manifest("it")
    engine.gives("it", passed=False, headline="expected 16 rows, got 15")

    result = project.run("--osiris-target=both")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["FAILED it.osiris.yaml::it - FAILED it.osiris.yaml expected 16 rows, got 15"])


def test_a_divergence_is_shown_in_a_few_lines(project: Project, engine: Engine) -> None:
    """Manifest and line of the step, the place, both values, the hint, the command; no traceback into the harness."""
    project.manifest("it")
    engine.gives("it", Verdict.DIVERGENT)

    result = project.run("--osiris-target=both")

    result.stdout.fnmatch_lines(
        [
            "*it ?both? *",
            "DIVERGENT it.osiris.yaml first diverging step: only",
            "*at it.osiris.yaml:5",
            "*step only: only/greeting.txt: line 1 differs",
            "*local: hello from here",
            "*e2b: hello from there",
            "*hint: write nothing that names the machine",
            "*reproduce: pytest it.osiris.yaml::it --osiris-target=both",
            "*sessions: .osiris/runs/x/local .osiris/runs/x/e2b",
            "FAILED it.osiris.yaml::it - DIVERGENT it.osiris.yaml first diverging step: only",
        ]
    )
    assert ".py" not in result.stdout.str()


def test_the_command_that_repeats_a_test_names_every_option_that_matters(project: Project, engine: Engine) -> None:
    """Isolation and logical time change what a run sees, so they are repeated."""
    project.manifest("it")
    engine.gives("it", Verdict.DIVERGENT)

    result = project.run("--osiris-target=both", "--osiris-isolation=plain", "--osiris-now=2026-01-31T12:00:00Z")

    result.stdout.fnmatch_lines(
        ["*reproduce: *::it --osiris-target=both --osiris-isolation=plain --osiris-now=2026-01-31T12:00:00Z"]
    )


def test_terminal_codes_out_of_a_pipeline_do_not_act(project: Project, engine: Engine) -> None:
    """What a step wrote is shown in visible form."""
    project.manifest("it")
    engine.gives("it", Verdict.INFRA, headline="a \x1b[2J screen \u202e wiped")

    result = project.run("--osiris-target=both", "--color=no")

    assert "\x1b" not in result.stdout.str()
    assert "\u202e" not in result.stdout.str()
    result.stdout.fnmatch_lines(["INFRA it.osiris.yaml a *screen*wiped"])


def test_what_xml_cannot_hold_breaks_no_junit(project: Project, engine: Engine) -> None:
    """Control characters, markup and non-characters out of a pipeline leave JUnit's file one that parsers read."""
    project.manifest("wild")
    engine.gives("wild", Verdict.INFRA, headline="]]></failure>\x00\x08\x1b[2J<&\ufffe =cmd|x")

    project.run("--osiris-target=both", "--junitxml=junit.xml")

    (failure,) = ET.parse(project.root / "junit.xml").iter("failure")
    assert "]]></failure>" in str(failure.get("message"))
    assert "=cmd|x" in str(failure.get("message"))


def test_options_that_turn_out_impossible_fail_the_test_with_their_sentence(project: Project, engine: Engine) -> None:
    """What only a check can find out is a sentence too."""
    project.manifest("it")
    engine.raises("it", UsageError("the e2b SDK is not installed", hint="install it"))

    result = project.run()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["it.osiris.yaml: the e2b SDK is not installed (install it)"])
    assert "checks.py" not in result.stdout.str()


def test_a_mistake_of_ours_keeps_its_traceback(project: Project, engine: Engine) -> None:
    """Only what is raised on purpose is shown in a few lines."""
    project.manifest("it")
    engine.raises("it", RuntimeError("unforeseen"))

    result = project.run()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*checks.py*", "*RuntimeError: unforeseen"])


def test_a_small_record_travels_with_the_test(project: Project, engine: Engine) -> None:
    """JUnit and every other reporter gets the verdict and the way to the whole record."""
    project.manifest("it")
    engine.gives("it", Verdict.DIVERGENT, headline="parted")

    project.run("--osiris-target=both", "--junitxml=junit.xml")

    entry, *_ = ET.parse(project.root / "junit.xml").iter("property")
    assert entry.get("name") == "osiris"
    assert "'verdict': 'DIVERGENT'" in str(entry.get("value"))
    assert "'first_step': 'only'" in str(entry.get("value"))
    assert len(list(ET.parse(project.root / "junit.xml").iter("failure"))) == 1


def test_a_test_that_runs_again_has_one_record_the_last(project: Project, engine: Engine) -> None:
    """Rerun plugins run an item several times; properties and file are replaced, not piled up."""
    project.manifest("it")
    project.pytester.makeconftest(
        "import json, pathlib, pytest\n"
        "@pytest.hookimpl(wrapper=True)\n"
        "def pytest_runtest_call(item):\n"
        "    item.runtest()\n"
        "    return (yield)\n"
        "def pytest_runtest_logreport(report):\n"
        "    if report.when == 'call':\n"
        "        pathlib.Path('properties.json').write_text(json.dumps(report.user_properties))\n"
    )

    project.run().assert_outcomes(passed=1)

    (name, properties), *flat = json.loads((project.root / "properties.json").read_text())
    assert len(engine.calls) == 2
    assert name == "osiris"
    assert [each for each, _ in flat].count("osiris_verdict") == 1
    assert (project.root / properties["record"]).is_file()
    assert len(project.records()) == 1
    assert {key: properties[key] for key in ("manifest", "passed", "verdict", "first_step")} == {
        "manifest": "it.osiris.yaml",
        "passed": True,
        "verdict": "IDENTICAL",
        "first_step": None,
    }


@pytest.mark.parametrize("text", ['osiris: "1"\n', None], ids=["edited", "gone"])
def test_a_manifest_that_changes_after_it_was_read_is_inconclusive(project: Project, text: str | None) -> None:
    """What ran is the text before, and the test is one of the file; the other manifests run."""
    project.manifest("changing", function="change")
    project.manifest("other")
    change = "unlink()" if text is None else f"write_text({text!r})"
    steps = project.root / "code" / "steps.py"
    steps.write_text(
        f"{steps.read_text()}\ndef change(inputs, ctx):\n    import pathlib\n    pathlib.Path('changing.osiris.yaml').{change}\n"
    )

    result = project.run()

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["INCONCLUSIVE changing.osiris.yaml changing.osiris.yaml changed after it was read: *; run it again"]
    )
