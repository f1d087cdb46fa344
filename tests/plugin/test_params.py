"""Values of parameters from options, the ini file, the marker and fixtures: the nearest to the test wins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Engine, Project


def test_an_option_gives_values_to_the_manifests_that_declare_them(project: Project, engine: Engine) -> None:
    """The others run as they are; the command that repeats a test has the option too."""
    project.open_manifest("one")
    project.open_manifest("two", "{year: 1}")
    project.manifest("zero")
    engine.raises("zero", RuntimeError("boom"))

    project.run("--osiris-param=carrier=UA", "--osiris-param", "year=5").assert_outcomes(passed=2, failed=1)

    assert engine.params == [{"carrier": "UA", "year": 5}, {"year": 5}, {}]


def test_the_command_line_wins_over_the_ini_file_by_name(project: Project, engine: Engine) -> None:
    """And the manifest's own cases over both."""
    project.ini("osiris_param =", "    carrier=UA", "    year=1")
    project.open_manifest("it")
    project.open_manifest("several", rest="pytest: {parametrize: {carrier: [XX]}}\n")

    project.run("--osiris-param=year=2").assert_outcomes(passed=2)

    assert engine.params == [{"carrier": "UA", "year": 2}, {"carrier": "XX", "year": 2}]


def test_the_command_that_repeats_a_test_has_its_values(project: Project, engine: Engine) -> None:
    """Quoted for the shell."""
    project.open_manifest("it")
    engine.gives("it", None, passed=False, headline="expected 2 rows")

    result = project.run('--osiris-param=carrier=[AA, "U A"]')

    result.stdout.fnmatch_lines(
        ["""    reproduce: pytest it.osiris.yaml::it --osiris-target=local '--osiris-param=carrier=[[]AA, "U A"]'"""]
    )


def test_the_command_that_repeats_a_test_works_where_pytest_was_started(
    project: Project, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below the root directory too, as pytest's own summary names tests."""
    project.open_manifest("it")
    engine.gives("it", None, passed=False, headline="expected 2 rows")
    monkeypatch.chdir(project.root / "code")

    result = project.run("--rootdir=..", "../it.osiris.yaml")

    result.stdout.fnmatch_lines(["    reproduce: pytest ../it.osiris.yaml::it --osiris-target=local"])


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("carrier", "--osiris-param: 'carrier' is no parameter (give NAME=VALUE, as in carrier=AA)"),
        ("year=.inf", "--osiris-param: the value '.inf' of 'year' is not a finite number *"),
        ("carier=AA", "--osiris-param: no manifest of this run has the parameter 'carier' (did you mean 'carrier'?)"),
    ],
)
@pytest.mark.parametrize("processes", [[], ["-p", "xdist", "-n0"]], ids=["none", "n0"])
def test_a_wrong_value_is_one_sentence(
    project: Project, engine: Engine, option: str, sentence: str, processes: list[str]
) -> None:
    """Exit code 4, and nothing runs."""
    project.open_manifest("it")

    result = project.run(f"--osiris-param={option}", *processes)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {sentence}"])
    assert engine.calls == []


def test_an_unknown_name_is_refused_by_the_workers_too(project: Project) -> None:
    """With several processes the workers collect, and the run is red with the same sentence."""
    project.open_manifest("it")

    result = project.run("--osiris-param=carier=AA", "-p", "xdist", "-n1")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["--osiris-param: no manifest of this run has the parameter 'carier'*"])
    assert project.records() == []


def test_a_run_without_manifests_minds_no_parameter(project: Project, engine: Engine) -> None:
    """The ini file of a project speaks to every run of it."""
    project.ini("osiris_param = carrier=UA")
    project.pytester.makepyfile("def test_unit(): pass")

    project.run().assert_outcomes(passed=1)


def test_an_option_reaches_test_functions_too(project: Project, engine: Engine) -> None:
    """What neither marker nor fixture says is the option's; a name that no manifest of a test has is refused."""
    project.open_manifest("it")
    project.pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.osiris("it.osiris.yaml", params={"year": 1})
        def test_it(osiris_parity):
            pass
    """
    )

    project.run("test_it.py", "--osiris-param=carrier=UA", "--osiris-param=year=9")

    assert engine.params == [{"carrier": "UA", "year": 1}]
    refused = project.run("test_it.py", "--osiris-param=carier=UA")
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    refused.stderr.fnmatch_lines(
        ["ERROR: --osiris-param: no manifest of this run has the parameter 'carier' (did you*"]
    )


PYTHON = """
    import pytest

    pytestmark = pytest.mark.osiris("it.osiris.yaml", params={"carrier": "MQ", "year": 1})

    def test_marker_of_the_module(osiris_parity, osiris_params):
        assert osiris_params == {"carrier": "MQ", "year": 1}

    @pytest.mark.osiris(params={"year": 2})
    def test_nearer_marker(osiris_parity):
        pass

    @pytest.mark.parametrize("osiris_params", [{"year": 3}, {"carrier": "B6"}], ids=["y", "c"])
    def test_parametrized(osiris_parity, osiris_params):
        assert len(osiris_params) == 1

    @pytest.mark.parametrize("osiris_params", [{"year": 4}], indirect=True)
    def test_indirect(osiris_parity, osiris_params):
        assert osiris_params == {"carrier": "MQ", "year": 4}

    @pytest.mark.parametrize("name", [pytest.param("x", marks=pytest.mark.osiris(params={"year": 5}))])
    def test_mark_of_a_case(osiris_parity, name):
        pass

    class TestOwnFixture:
        @pytest.fixture(params=["F9"])
        def osiris_params(self, request):
            return {"carrier": request.param}

        def test_it(self, osiris_parity):
            pass
"""


def test_markers_and_fixtures_give_values(project: Project, engine: Engine) -> None:
    """What pytest authors expect: markers add up, a fixture is overridden or parametrized; all win over the option."""
    project.open_manifest("it")
    project.pytester.makepyfile(test_it=PYTHON)

    project.run("test_it.py", "--osiris-param=year=9", "--osiris-param=carrier=XX").assert_outcomes(passed=7)

    assert [(each["carrier"], each["year"]) for each in engine.params] == [
        ("MQ", 1),
        ("MQ", 2),
        ("MQ", 3),
        ("B6", 1),
        ("MQ", 4),
        ("MQ", 5),
        ("F9", 1),
    ]


@pytest.mark.parametrize(
    ("decorator", "sentence"),
    [
        (
            '@pytest.mark.osiris("it.osiris.yaml", params={"carier": "AA"})',
            "it.osiris.yaml:6:1: unknown parameter `carier` (did you mean `carrier`?)",
        ),
        (
            '@pytest.mark.osiris("it.osiris.yaml", params=5)',
            "the osiris marker's `params` must be a mapping of names to values",
        ),
        ('@pytest.mark.osiris(params={"year": 1})', "the osiris marker names no manifest; write it as in *"),
        (
            '@pytest.mark.parametrize("osiris_params", ["AA"])\n@pytest.mark.osiris("it.osiris.yaml")',
            "the fixture `osiris_params` gives 'AA', but a mapping of names to values is asked for",
        ),
    ],
)
def test_wrong_values_in_python_are_a_sentence(project: Project, engine: Engine, decorator: str, sentence: str) -> None:
    """As for any other mistake in a marker: the test fails, and nothing is started."""
    project.open_manifest("it")
    (project.root / "test_it.py").write_text(f"import pytest\n\n{decorator}\ndef test_it(osiris_run):\n    pass\n")

    result = project.run("test_it.py")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([sentence])
    assert engine.calls == []


def test_the_page_about_pytest_shows_what_works(project: Project, engine: Engine, repository: Path) -> None:
    """Its example of `osiris_params`, with a fixture for what it leaves to the reader."""
    page = (repository / "docs" / "pytest.md").read_text(encoding="utf-8")
    [example] = [each.partition("\n```")[0] for each in page.split("```python\n") if "def osiris_params" in each]
    parametrized, overridden = example.split("\n\n\n")
    project.open_manifest("it")
    head = "import pytest\nfrom pytest_osiris import Run\n\n"
    parametrized = parametrized.replace("pipelines/flights", "it").replace(": ...", ":\n    pass")
    (project.root / "test_one.py").write_text(
        head + parametrized.replace("osiris_run: Run", "osiris_parity, osiris_params")
    )
    (project.root / "test_two.py").write_text(
        f"{head}@pytest.fixture\ndef carrier():\n    return 'DL'\n\n{overridden}\n"
        "@pytest.mark.osiris('it.osiris.yaml')\ndef test_it(osiris_parity):\n    pass\n"
    )

    result = project.run("test_one.py", "test_two.py", "-v")

    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*[[]american[]] PASSED*", "*[[]united[]] PASSED*"])
    assert [each["carrier"] for each in engine.params] == ["AA", "UA", "DL"]
