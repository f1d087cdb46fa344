"""What the plugin asks the engine for, and what is kept where a triage is stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.parity.record import Verdict

if TYPE_CHECKING:
    from conftest import Engine, Project


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ([], ("divergent", 0)),
        (["--osiris-triage=off"], ("off", 0)),
        (["--osiris-triage=always", "--osiris-repeat=5"], ("always", 5)),
        (["--osiris-repeat=0"], ("divergent", 0)),
    ],
)
def test_options_reach_the_engine(
    project: Project, engine: Engine, monkeypatch: pytest.MonkeyPatch, options: list[str], asked: tuple[str, int]
) -> None:
    """On the command line or in the ini file; a divergence is looked into unless somebody says otherwise."""
    given: list[Any] = []
    monkeypatch.setattr("pytest_osiris.checking.checks.Checker", lambda made, **_: given.append(made) or engine)
    project.manifest("it")

    project.run(*options).assert_outcomes(passed=1)
    project.ini(*(each.removeprefix("--").replace("-", "_").replace("=", " = ") for each in options))
    project.run().assert_outcomes(passed=1)

    assert [(each.triage, each.repeat) for each in given] == [asked] * 2


def test_the_command_that_repeats_a_check_has_the_options(project: Project, engine: Engine) -> None:
    """Where they are not the default."""
    engine.gives("it", Verdict.DIVERGENT)
    project.manifest("it")

    result = project.run("--osiris-target=both", "--osiris-triage=off", "--osiris-repeat=2")

    result.stdout.fnmatch_lines(["*reproduce: *--osiris-target=both --osiris-triage=off --osiris-repeat=2"])


def test_a_stop_during_the_triage_leaves_the_record_as_it_was_before(
    project: Project, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is on the disk before anything is run again."""
    engine.gives("it", Verdict.DIVERGENT)
    check = engine.check

    def stopped(*given: Any, judged: Any, **options: Any) -> Any:
        judged(check(*given, **options))
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "check", stopped)
    project.manifest("it")

    project.run("--osiris-target=both", no_reraise_ctrlc=True)

    assert [(each["manifest"], each["verdict"]) for each in project.records()] == [("it.osiris.yaml", "DIVERGENT")]
