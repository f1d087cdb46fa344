"""What other plugins hold against a check, and add to its report: only worse, only text, and never without a name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from osiris_core.parity.record import ReportSection, Verdict
from osiris_core.parity.record_io import decode_records
from pytest_osiris import hooks
from pytest_osiris.ending.sections import _problem

if TYPE_CHECKING:
    from conftest import Engine, Project

VERDICT = """
import pytest
from dataclasses import replace
from osiris_core.parity.record import ReportSection, Verdict

def pytest_osiris_verdict(config, item, record):
    print("asked about", item.name, record.verdict)
    {answer}
"""
SECTION = """
from pytest_osiris import ReportSection

def pytest_osiris_report_section(config, records):
    {answer}
"""
SLOW = "return replace(record, passed=False, headline=f'{len(record.targets)} targets are too slow')"


def conftest(project: Project, text: str, where: str = ".") -> None:
    """Write a `conftest.py`."""
    (project.root / where).mkdir(exist_ok=True)
    (project.root / where / "conftest.py").write_text(text)


def test_a_hook_fails_a_check_and_says_why(project: Project, engine: Engine) -> None:
    """The test fails as any check does, and the record says the same to every report."""
    project.manifest("it")
    conftest(project, VERDICT.format(answer=SLOW))

    result = project.run("it.osiris.yaml")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*FAILED it.osiris.yaml 2 targets are too slow*"])
    (record,) = project.records()
    assert (record["passed"], record["verdict"], record["headline"]) == (False, "IDENTICAL", "2 targets are too slow")
    assert engine.calls == [("it", ("local",))]


def test_a_hook_holds_for_the_fixtures_too(project: Project, engine: Engine) -> None:
    """A test function's check is one; the verdict is worse, and its reason is shown."""
    project.manifest("it")
    conftest(
        project,
        VERDICT.format(answer="return replace(record, passed=False, verdict=Verdict.INCONCLUSIVE, headline='too few')"),
    )
    (project.root / "test_it.py").write_text(
        "import pytest\n\n@pytest.mark.osiris('it.osiris.yaml')\ndef test_it(osiris_run):\n    pass\n"
    )

    result = project.run("test_it.py")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*INCONCLUSIVE it.osiris.yaml too few*"])


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("return replace(record, passed=True)", "made the record better, where it can only be made worse"),
        ("return False", "gave False, but a ParityRecord or None is asked for"),
    ],
)
def test_a_red_check_stays_red_and_who_tried_is_named(
    project: Project, engine: Engine, answer: str, sentence: str
) -> None:
    """Hook, plugin and what it did, in one sentence; the record keeps its verdict."""
    project.manifest("it")
    engine.gives("it", Verdict.DIVERGENT, headline="they part")
    conftest(project, VERDICT.format(answer=answer))

    result = project.run("it.osiris.yaml")

    result.assert_outcomes(failed=1)
    told = " ".join(result.stdout.str().split())
    assert "the hook pytest_osiris_verdict of " in told
    assert f"conftest.py {sentence}" in told
    (record,) = project.records()
    assert (record["passed"], record["verdict"]) == (False, "DIVERGENT")


@pytest.mark.parametrize(
    ("verdict", "answer", "told"),
    [
        (Verdict.DIVERGENT, "pytest.skip('not today')", "cannot end the test: Skipped: not today"),
        (Verdict.DIVERGENT, "pytest.xfail('known')", "cannot end the test: XFailed: known"),
        (Verdict.IDENTICAL, "raise ValueError('oh')", "raised ValueError: oh"),
    ],
)
def test_a_hook_that_raises_fails_the_test_and_is_in_its_record(
    project: Project, engine: Engine, verdict: Verdict, answer: str, told: str
) -> None:
    """A red check cannot be skipped away, and a green one that nobody could judge is not green."""
    project.manifest("it")
    engine.gives("it", verdict)
    conftest(project, VERDICT.format(answer=answer))

    project.run("it.osiris.yaml").assert_outcomes(failed=1)

    (record,) = project.records()
    plugin = project.root / "conftest.py"
    assert (record["passed"], record["headline"]) == (False, f"the hook pytest_osiris_verdict of {plugin} {told}")


def test_a_record_that_a_hook_changes_in_place_is_what_it_was(project: Project, engine: Engine) -> None:
    """Red stays red, and a check that was to be failed that way does not pass without a word."""
    for name, verdict in (("red", Verdict.DIVERGENT), ("green", Verdict.IDENTICAL)):
        project.manifest(name)
        engine.gives(name, verdict)
    conftest(project, VERDICT.format(answer="object.__setattr__(record, 'passed', not record.passed)"))

    result = project.run("--osiris-target=both")

    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*pytest_osiris_verdict of *conftest.py changed the record that it was given*"])
    assert {(each["pipeline_id"], each["verdict"]) for each in project.records()} == {
        ("red", "DIVERGENT"),
        ("green", "IDENTICAL"),
    }


def test_a_section_cannot_make_a_run_green(project: Project, engine: Engine) -> None:
    """What it is given to read is not what the run is judged by."""
    project.manifest("it")
    conftest(project, SECTION.format(answer="object.__setattr__(records, 'unmet', ())"))

    result = project.run("-o", "osiris_min_manifests=2")

    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_an_expected_failure_is_no_pass_for_a_hook_that_is_wrong(project: Project, engine: Engine) -> None:
    """`xfail` is about the pipeline, not about what judges it."""
    project.manifest("it", rest="pytest: {marks: [{xfail: {reason: known}}]}\n")
    engine.gives("it", Verdict.DIVERGENT)
    conftest(project, VERDICT.format(answer="return 1"))

    project.run("it.osiris.yaml").assert_outcomes(failed=1)


def test_only_the_conftests_above_a_test_are_asked(project: Project, engine: Engine) -> None:
    """As for every hook of pytest that is about an item."""
    for where in ("a", "b"):
        (project.root / where / "code").mkdir(parents=True)
        project.manifest("it").rename(project.root / where / "it.osiris.yaml")
    conftest(project, VERDICT.format(answer=SLOW), "a")

    result = project.run("a", "b")

    result.assert_outcomes(failed=1, passed=1)
    assert result.stdout.str().count("asked about it") == 1


def test_a_check_is_not_over_while_a_hook_judges(project: Project, engine: Engine) -> None:
    """A process that dies there leaves no green record."""
    project.manifest("it")
    conftest(project, VERDICT.format(answer="raise SystemExit('gone')"))

    project.run("it.osiris.yaml")

    (record,) = project.records()
    assert not record["passed"]


def test_none_is_no_answer(project: Project, engine: Engine) -> None:
    """The record is as it was judged."""
    project.manifest("it")
    conftest(project, VERDICT.format(answer="return None"))

    project.run("it.osiris.yaml").assert_outcomes(passed=1)


def test_a_section_stands_in_the_terminal_the_page_and_the_data(project: Project, engine: Engine) -> None:
    """Text is text: what looks like markup is shown; the plugin is named."""
    project.manifest("it")
    answer = (
        "return [ReportSection(title='Costs', columns=('manifest', 'euro'), rows=tuple((each.name, '0.10') "
        "for each in records.records)), ReportSection(title='Note', text='<b>cheap</b>')]"
    )
    conftest(project, SECTION.format(answer=answer))

    result = project.run("it.osiris.yaml", "--osiris-report=r.html")

    result.assert_outcomes(passed=1)
    plugin = str(project.root / "conftest.py")
    result.stdout.fnmatch_lines(
        [f"Costs (by {plugin})", "  manifest  euro", "  it.osiris.yaml  0.10", "  <b>cheap</b>"]
    )
    page = (project.root / "r.html").read_text()
    assert "<td>it.osiris.yaml</td><td>0.10</td>" in page
    assert "&lt;b&gt;cheap&lt;/b&gt;" in page
    data = (project.root / "r.json").read_bytes()
    costs, note = decode_records(data).sections
    assert (costs.title, costs.rows, costs.source) == ("Costs", (("it.osiris.yaml", "0.10"),), plugin)
    assert note.text == "<b>cheap</b>"
    assert json.loads(data)["sections"][0]["columns"] == ["manifest", "euro"]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (
            "return '<h1>Costs</h1>'",
            "conftest.py gave '<h1>Costs</h1>', but a ReportSection or a list of them is asked for",
        ),
        ("raise ValueError('oh')", "conftest.py raised ValueError: oh"),
    ],
)
def test_what_is_no_section_makes_the_run_red_and_is_named(
    project: Project, engine: Engine, answer: str, sentence: str
) -> None:
    """The report is written all the same, and says it too."""
    project.manifest("it")
    conftest(project, SECTION.format(answer=answer))

    result = project.run("it.osiris.yaml", "--osiris-report=r.html")

    assert result.ret == 1
    assert sentence in " ".join(result.stdout.str().split())
    assert sentence in " ".join(json.loads((project.root / "r.json").read_bytes())["unmet"])


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        (None, "gave None, but a ReportSection or a list of them is asked for"),
        (ReportSection(title=" "), "gave a section without a title"),
        (ReportSection(title="x", text=3), "gave the section `x` a text that is none"),
        (ReportSection(title="x", rows=((1, 2),)), "gave the section `x` rows that are no lists of texts"),
        (ReportSection(title="x", rows="ab"), "gave the section `x` rows that are no lists of texts"),
        (ReportSection(title="x", columns=("a",), rows=(("1", "2"),)), "gave the section `x` rows of 1 and 2 cells"),
        (ReportSection(title="x", text="y", columns=("a", "b"), rows=(("1", "2"),)), ""),
    ],
)
def test_a_section_is_text_and_rows_of_text(section: ReportSection, sentence: str) -> None:
    """Types are held to at run time: a report must not break on what a plugin says."""
    assert _problem(section) == sentence


def test_a_section_is_bounded(project: Project, engine: Engine) -> None:
    """A report stays one that a browser opens; what is left out is counted, and the terminal shows less still."""
    project.manifest("it")
    conftest(
        project, SECTION.format(answer="return ReportSection(title='x', rows=tuple((str(n),) for n in range(1500)))")
    )

    result = project.run("it.osiris.yaml", "--osiris-report=r.html")

    (section,) = decode_records((project.root / "r.json").read_bytes()).sections
    assert (len(section.rows), section.text) == (1000, "(the first 1,000 rows; 500 more are left out)")
    result.stdout.fnmatch_lines(["  … and 981 more lines"])


def test_every_hook_has_a_full_docstring_and_types() -> None:
    """They are the interface: `pytest --trace-config` and the reference show them."""
    specs = [value for name, value in vars(hooks).items() if name.startswith("pytest_osiris_")]

    assert {each.__name__ for each in specs} == {
        *("pytest_osiris_normalizers", "pytest_osiris_backends"),
        *("pytest_osiris_verdict", "pytest_osiris_report_section"),
    }
    for each in specs:
        assert len(each.__doc__.splitlines()) > 2, each.__name__
        assert each.__annotations__.keys() >= {"config", "return"}
