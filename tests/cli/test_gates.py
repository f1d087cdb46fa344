"""`osiris-parity run` as a gate: what it asks for beyond good verdicts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from osiris_core.parity.record import Verdict

if TYPE_CHECKING:
    from conftest import Engine, Project


def test_the_required_verdict_reaches_the_engine_and_the_command_that_repeats_it(
    project: Project, engine: Engine
) -> None:
    """The reason stands in the verdict line, as the engine gives it."""
    engine.gives("it", Verdict.EQUIVALENT, passed=False, headline="EQUIVALENT, where IDENTICAL is required: so")

    ended = project.run("run", project.manifest("it"), "--require=IDENTICAL")

    assert (ended.code, ended.out) == (1, "FAILED it.osiris.yaml EQUIVALENT, where IDENTICAL is required: so\n")
    assert [each.require for each in engine.options] == ["IDENTICAL"]
    assert "reproduce: osiris-parity run it.osiris.yaml --target=both --require=IDENTICAL\n" in ended.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["--require=IDENTICAL", "--target=local"],
            "asks for a comparison, but there is one target (give --target both)",
        ),
        (["--min-manifests=0"], "--min-manifests 0 asks for nothing (give a number above 0)"),
        (["--require=DIVERGENT"], "invalid choice: 'DIVERGENT'"),
    ],
)
def test_gates_that_hold_nothing_are_refused(
    project: Project, engine: Engine, arguments: list[str], sentence: str
) -> None:
    """Exit code 2, before anything starts."""
    ended = project.run("run", project.manifest("it"), *arguments)

    assert (ended.code, ended.out) == (2, "")
    assert sentence in ended.err
    assert engine.calls == []


def test_too_few_comparisons_are_exit_code_1(project: Project, engine: Engine) -> None:
    """A target that could not run is no comparison; the sentence is on standard error, and in the data."""
    engine.gives("good", Verdict.IDENTICAL, passed=True)
    engine.gives("infra", Verdict.INFRA, passed=False, headline="no sandbox")
    both = project.manifest("good"), project.manifest("infra")

    ended = project.run("run", *both, "--min-manifests=2", "--json")

    assert ended.code == 1
    assert "not as asked for: 1 manifest was compared, and at least 2 have to be\n" in ended.err
    assert json.loads(ended.out)["unmet"] == ["1 manifest was compared, and at least 2 have to be"]
    assert project.run("run", both[0], "--min-manifests=1").code == 0
    assert project.run("run", *both, "--min-manifests=1").code == 3


def test_the_summary_is_written_and_appended_to_that_of_a_step(
    project: Project, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of one's own is replaced; the one that other commands of a step write, too, is not."""
    engine.gives("it", Verdict.DIVERGENT, passed=False, step="only", headline="parted")
    path = project.manifest("it")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project.root / "step.md"))

    for name in ("own.md", "step.md"):
        (project.root / name).write_text("# Before\n")
        assert project.run("run", path, "--summary", name, "--report=p.html").code == 1

    own, step = ((project.root / name).read_text() for name in ("own.md", "step.md"))
    assert own.startswith("## ✗ osiris parity: The manifest diverges\n")
    assert own.endswith("Report: [`p.html`](<p.html>)\n")
    assert step.startswith("# Before\n\n## ✗ osiris parity: ")
    ended = project.run("run", path, "--summary=p.json", "--report=p.html")
    assert (ended.code, "is also the report, or its data" in ended.err) == (2, True)
