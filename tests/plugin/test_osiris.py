"""The fixture `osiris`: a test runs manifests by itself, several if it likes, each with a record of its own."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.parity.record import Verdict

if TYPE_CHECKING:
    from osiris_core.check import CheckOptions

    from conftest import Engine, Project

TELLING = """
def tell(inputs, ctx):
    token = ctx.secret("SHOP_TOKEN").reveal()
    ctx.logger.info("the token is %s", token)
    (ctx.output_dir / "length.txt").write_text(str(len(token)))
"""


def properties(project: Project, run: str = "junit.xml") -> list[str]:
    """Return the entries of ours in a JUnit file."""
    text = (project.root / run).read_text()
    return [part for part in text.split("<property ")[1:] if part.startswith('name="osiris"')]


def test_a_test_runs_manifests_by_itself(project: Project) -> None:
    """No marker; a path counts from the test file, and a run that passed is a `Run`."""
    project.open_manifest("it", "{carrier: AA}")
    project.pytester.makepyfile(
        test_it="""
        from pathlib import Path
        from pytest_osiris import Osiris, Run

        def test_it(osiris: Osiris) -> None:
            run = osiris.run("it.osiris.yaml", params={"carrier": "UA"})
            assert isinstance(run, Run)
            assert run.ok
            assert run.artifacts["only/greeting.txt"].text() == "hello\\n"
            assert run.record.case == "UA"
            assert (run.record.passed, run.record.verdict) == (True, None)

        def test_a_record(osiris: Osiris) -> None:
            osiris.parity(Path(__file__).with_name("broken.osiris.yaml"))
    """
    )

    project.manifest("broken", rest="nonsense: 1\n")

    result = project.run("test_it.py")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["broken.osiris.yaml:*nonsense*"])

    assert [(each["manifest"], each["case"], each["passed"]) for each in project.records()] == [
        ("broken.osiris.yaml", "", False),  # a report that left it out would call the rest all
        ("it.osiris.yaml", "UA", True),
    ]


def test_each_run_of_a_test_has_its_record_and_the_entry_speaks_of_the_worst(project: Project, engine: Engine) -> None:
    """Runs of one manifest are told apart; the properties stay one small entry."""
    for name in ("good", "bad"):
        project.open_manifest(name)
    engine.gives("bad", Verdict.DIVERGENT)
    project.pytester.makepyfile(
        test_it="""
        def test_it(osiris):
            for _ in range(2):
                osiris.parity("good.osiris.yaml", target="both", params={"carrier": "UA", "year": 2014})
            osiris.parity("good.osiris.yaml", target="e2b", case="alone")
            assert osiris.parity("bad.osiris.yaml", target="both").verdict == "DIVERGENT"
            osiris.parity("good.osiris.yaml")
    """
    )
    result = project.run("test_it.py", "--junitxml=junit.xml", "-o", "junit_family=xunit1")

    result.assert_outcomes(passed=1)
    named = [f"{each['manifest']}[{each['case']}]" for each in project.records()]
    assert named == [
        "good.osiris.yaml[UA-2014]",
        "good.osiris.yaml[UA-2014#2]",
        "good.osiris.yaml[alone]",
        "bad.osiris.yaml[]",
        "good.osiris.yaml[]",
    ]
    (entry,) = properties(project)
    assert "'manifest': 'bad.osiris.yaml'" in entry
    assert entry.count("'manifest'") == 1 + 5
    assert "good.osiris.yaml[UA-2014#" in result.stdout.str()


def test_a_run_that_does_not_pass_fails_the_test_where_it_is_called(project: Project, engine: Engine) -> None:
    """The few lines of a failed check, the line of the call, and no traceback into the plugin."""
    project.manifest("it")
    engine.gives("it", Verdict.DIVERGENT)
    project.pytester.makepyfile(
        test_it="""
        def helper(osiris):
            osiris.run("it.osiris.yaml", target="both")

        def test_it(osiris):
            helper(osiris)
    """
    )

    result = project.run("test_it.py")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["DIVERGENT it.osiris.yaml first diverging step: only", "*line 1 differs", "    called at test_it.py:2"]
    )
    assert "Traceback" not in result.stdout.str()
    assert "osiris.py:" not in result.stdout.str()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ('run("lost.osiris.yaml")', "there is no manifest */lost.osiris.yaml; a path counts from the test file"),
        ('run("it.osiris.yaml", target="moon")', "osiris.run(target=...): unknown target 'moon' (known: *"),
        ('run("it.osiris.yaml", params={"carier": "AA"})', "*carier*"),
        ('run("it.osiris.yaml", params=[1])', "`params` is [[]1], but a mapping of names to values is asked for"),
        ('parity("it.osiris.yaml", normalizers=[{"preset": "moon"}])', "`normalizers`: *moon*"),
        ('run("it.osiris.yaml", secrets={"SHOP": "x"})', "it.osiris.yaml: there is no secret SHOP in it; it has none"),
        ('run("it.osiris.yaml", secrets={"SHOP": 1})', "`secrets` must be a mapping of names to texts *"),
        ('parity("broken.osiris.yaml")', "broken.osiris.yaml:*: *nonsense*"),
    ],
)
def test_a_wrong_call_is_one_sentence(project: Project, engine: Engine, call: str, sentence: str) -> None:
    """With the line of the call; nothing is started."""
    project.open_manifest("it")
    project.manifest("broken", rest="nonsense: 1\n")
    (project.root / "test_it.py").write_text(f"def test_it(osiris):\n    osiris.{call}\n")

    result = project.run("test_it.py")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([sentence, "    called at test_it.py:2"])
    assert engine.calls == []


def test_the_marker_speaks_for_runs_that_do_not(project: Project, engine: Engine) -> None:
    """Its target, its rules, and its values of parameters that a manifest declares; what a call says comes first."""
    project.open_manifest("open", "{carrier: AA}")
    project.manifest("closed")
    project.pytester.makepyfile(
        test_it="""
        import pytest

        RULE = {"id": "a", "reason": "b", "kind": "token", "scope": {"record": "event", "path": "x"}}

        @pytest.mark.osiris("open.osiris.yaml", target="e2b", params={"carrier": "UA"}, normalizers=[RULE])
        def test_it(osiris, osiris_parity):
            osiris.parity("open.osiris.yaml")
            osiris.parity("open.osiris.yaml", target="local", params={"carrier": "DL"})
            osiris.parity("closed.osiris.yaml", normalizers=[{**RULE, "id": "own"}])
    """
    )

    project.run("test_it.py").assert_outcomes(passed=1)

    assert engine.calls == [("open", ("e2b",)), ("open", ("e2b",)), ("open", ("local",)), ("closed", ("e2b",))]
    assert engine.params == [{"carrier": "UA"}, {"carrier": "UA"}, {"carrier": "DL"}, {}]
    assert engine.rules[-1] == [("own", "test"), ("a", "marker")]
    assert len(project.records()) == 4


def test_secrets_of_a_test_reach_the_pipeline_and_nothing_else(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given to a run, or by the fixture for all of a test; before those of the environment. No report and no file has them."""
    monkeypatch.setenv("SHOP_TOKEN", "of-the-environment")
    (project.root / "code" / "steps.py").write_text(TELLING)
    project.manifest("it", function="tell", rest="secrets: [SHOP_TOKEN]\n")
    project.pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.fixture
        def osiris_secrets():
            return {"SHOP_TOKEN": "fixture-" + "t0k3n", "OF_ANOTHER": "m4nif3st" + "-s"}

        def lengths(run):
            return run.artifacts["only/length.txt"].text(), run.logs["only"]

        def test_it(osiris):
            given = {"SHOP_TOKEN": "given-to-this-" + "t0k3n"}
            masked = "INFO osiris.only the token is ***SHOP_TOKEN***\\n"
            assert lengths(osiris.run("it.osiris.yaml", secrets=given)) == ("19", masked)
            assert given == {}

        @pytest.mark.osiris("it.osiris.yaml")
        def test_marked(osiris_run, osiris_secrets):
            assert lengths(osiris_run)[0] == osiris_secrets
    """
    )

    result = project.run("test_it.py", "--showlocals", "-vv", "--junitxml=junit.xml")

    result.assert_outcomes(failed=2)
    told = result.stdout.str()
    assert "***SHOP_TOKEN***" in told
    assert "'13' == " in told
    secrets = ("fixture-t0k3n", "given-to-this-t0k3n", "m4nif3st-s")
    files = [path for path in project.root.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert [(path, each) for path in files for each in secrets if each.encode() in path.read_bytes()] == []
    assert [each for each in secrets if each in told] == []


def test_an_attempt_replaces_the_records_of_the_one_before(project: Project, engine: Engine) -> None:
    """With pytest-rerunfailures: two records in the first attempt, one in the second, none in the third."""
    project.manifest("it")
    project.pytester.makepyfile(
        test_it="""
        attempts = []

        def test_it(osiris):
            attempts.append(1)
            for _ in range(3 - len(attempts)):
                osiris.parity("it.osiris.yaml")
            assert len(attempts) == 3
    """
    )

    def entries(reruns: int) -> tuple[int, Any]:
        for path in project.root.glob(".osiris/records/*/*.json"):
            path.unlink()
        report = project.root / "log.jsonl"
        project.run(
            *("-p", "pytest_rerunfailures", f"--reruns={reruns}"),
            *("-p", "pytest_reportlog.plugin", f"--report-log={report}", "test_it.py"),
        )
        lines = [json.loads(line) for line in report.read_text().splitlines()]
        last = [line for line in lines if line.get("when") == "teardown"][-1]["user_properties"]
        return len(project.records()), [len(value.get("checks", [value])) for name, value in last if name == "osiris"]

    assert entries(0) == (2, [2])
    assert entries(1) == (1, [1])
    assert entries(2) == (0, [])


def test_an_attempt_that_finds_a_torn_record_fails_by_a_sentence(project: Project, engine: Engine) -> None:
    """Nobody can say any more what came before it; the file stays as it was found."""
    project.manifest("it")
    project.pytester.makepyfile(
        test_it="""
        import pathlib

        def test_it(osiris):
            osiris.parity("it.osiris.yaml")
            for each in pathlib.Path(".osiris/records").glob("*/*.json"):
                each.write_text("{half")
            assert False
    """
    )

    result = project.run("-p", "pytest_rerunfailures", "--reruns=1", "test_it.py")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            ".osiris/records/*/test_it.py-test_it-*.json: what an attempt before this one left cannot be read: *",
            "not as asked for: test_it.py-test_it-*.json: this is no file of *",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*attempts.py*")


def test_a_marked_test_that_runs_nothing_is_no_green_one(project: Project, engine: Engine) -> None:
    """It forgot its fixture; of a marker that a whole class has, not every test must make use."""
    project.manifest("it")
    project.pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.osiris("it.osiris.yaml")
        def test_forgotten(): pass

        @pytest.mark.osiris("it.osiris.yaml")
        def test_later(request): request.getfixturevalue("osiris_parity")

        @pytest.mark.osiris("it.osiris.yaml", "other.osiris.yaml")
        def test_wrong(): pass

        @pytest.mark.osiris("it.osiris.yaml")
        class TestIt:
            def test_other(self): pass
        """
    )

    result = project.run("test_it.py", "--osiris-summary=s.md")

    result.assert_outcomes(passed=2, failed=2)
    summary = (project.root / "s.md").read_text()
    assert summary.startswith("## ✗ osiris parity: The manifest behaves the same; 2 manifests could not be started")
    assert "this test is marked for the manifest it.osiris.yaml, but it ran none" in summary
    result.stdout.fnmatch_lines(["this test is marked for the manifest it.osiris.yaml, but it ran none; *"])
    assert len(engine.calls) == 1


def test_runs_at_once_keep_their_records(project: Project, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has one, whoever was first, and all of them have one checker and so one server."""
    second, make = threading.Barrier(2), type(engine).__call__

    def making(self: Engine, options: CheckOptions, **given: object) -> Engine:
        with contextlib.suppress(threading.BrokenBarrierError):
            second.wait(0.1)  # for another one that is made meanwhile, which is not to be
        return make(self, options, **given)

    monkeypatch.setattr(type(engine), "__call__", making)
    project.manifest("it")
    project.pytester.makepyfile(
        test_it="""
        from concurrent.futures import ThreadPoolExecutor
        from threading import Barrier

        def test_it(osiris):
            together = Barrier(8)

            def parity(case):
                together.wait()
                return osiris.parity("it.osiris.yaml", case=str(case))

            with ThreadPoolExecutor(8) as pool:
                list(pool.map(parity, range(8)))
        """
    )
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # what two of them can do to each other, they do
    try:
        project.run("test_it.py").assert_outcomes(passed=1)
    finally:
        sys.setswitchinterval(usual)

    assert sorted(each["case"] for each in project.records()) == sorted(map(str, range(8)))
    assert (len(engine.calls), engine.made) == (8, 1)


def test_an_expected_failure_is_none_of_a_target(project: Project, engine: Engine) -> None:
    """Neither a target that could not run nor a test that forgot its fixture is what `xfail` expects; the run is red."""
    for name, verdict in (("broken", Verdict.INFRA), ("differs", Verdict.DIVERGENT)):
        project.manifest(name)
        engine.gives(name, verdict)
    project.pytester.makepyfile(
        test_it="""
        import pytest
        pytestmark = pytest.mark.xfail

        @pytest.mark.osiris("differs.osiris.yaml")
        def test_pipeline(osiris_run): pass

        @pytest.mark.osiris("broken.osiris.yaml")
        def test_target(osiris_run): pass

        def test_target_in_the_body(osiris): osiris.run("broken.osiris.yaml")

        @pytest.mark.osiris("differs.osiris.yaml")
        def test_forgotten(): pass
        """
    )

    result = project.run("test_it.py")

    result.assert_outcomes(xfailed=1, failed=3)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["INFRA broken.osiris.yaml *", "    an expected failure is one of the pipeline (xfail)"]
    )


def test_a_marked_test_that_was_to_fail_and_ran_nothing_fails_the_run(project: Project, engine: Engine) -> None:
    """`xfail` without strictness does not take it off the count."""
    project.manifest("it")
    project.pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.xfail
        @pytest.mark.osiris("it.osiris.yaml")
        def test_it(): pass
        """
    )

    assert project.run("test_it.py").ret == pytest.ExitCode.TESTS_FAILED
    assert engine.calls == []
