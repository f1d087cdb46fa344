"""`osiris-parity run` prints one line a manifest, and its exit code is that of the worst."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from osiris_core.parity.record import Verdict

if TYPE_CHECKING:
    from conftest import Engine, Project


@pytest.mark.parametrize(
    ("verdict", "passed", "step", "headline", "line", "code"),
    [
        (Verdict.IDENTICAL, True, None, "same", "IDENTICAL it.osiris.yaml", 0),
        (Verdict.EQUIVALENT, True, None, "same", "EQUIVALENT it.osiris.yaml", 0),
        (Verdict.ACCEPTED, True, None, "same", "ACCEPTED it.osiris.yaml", 0),
        (Verdict.DIVERGENT, False, "only", "parted", "DIVERGENT it.osiris.yaml first diverging step: only", 1),
        (Verdict.DIVERGENT, False, None, "parted", "DIVERGENT it.osiris.yaml first diverging step: none", 1),
        (
            Verdict.NONDETERMINISTIC,
            False,
            "only",
            "parted",
            "NONDETERMINISTIC it.osiris.yaml first diverging step: only",
            1,
        ),
        (Verdict.INCONCLUSIVE, False, None, "too few\nevents", "INCONCLUSIVE it.osiris.yaml too few events", 1),
        (Verdict.INFRA, False, None, "e2b: no sandbox", "INFRA it.osiris.yaml e2b: no sandbox", 3),
        (Verdict.IDENTICAL, False, None, "expected 2 rows", "FAILED it.osiris.yaml expected 2 rows", 1),
        (None, True, None, "as expected", "OK it.osiris.yaml", 0),
        (None, False, None, "expected 2 rows", "FAILED it.osiris.yaml expected 2 rows", 1),
    ],
)
def test_each_verdict_has_its_line_and_its_exit_code(
    project: Project,
    engine: Engine,
    *,
    verdict: Verdict | None,
    passed: bool,
    step: str | None,
    headline: str,
    line: str,
    code: int,
) -> None:
    """The line is all there is on standard output, whatever the reason holds."""
    engine.gives("it", verdict, passed=passed, step=step, headline=headline)

    ended = project.run("run", project.manifest("it"), "--target", "both")

    assert ended.out == f"{line}\n"
    assert ended.code == code


@pytest.mark.parametrize(
    ("manifests", "code"),
    [
        (["good", "good"], 0),
        (["good", "infra"], 3),
        (["infra", "differs", "good"], 1),
        (["infra", "differs", "broken", "good"], 2),
    ],
)
def test_the_worst_manifest_decides_the_exit_code(
    project: Project, engine: Engine, manifests: list[str], code: int
) -> None:
    """2 before 1 before 3 before 0: that a target could not run is only said where nothing worse happened."""
    engine.gives("good", Verdict.IDENTICAL, passed=True)
    engine.gives("infra", Verdict.INFRA, passed=False, headline="no sandbox")
    engine.gives("differs", Verdict.DIVERGENT, passed=False, step="only")
    names = [project.manifest(name, rest="nonsense: 1\n" if name == "broken" else "") for name in manifests]

    ended = project.run("run", *names)

    assert ended.code == code
    assert len(ended.out.splitlines()) == len(manifests)
    assert engine.closed == 1


def test_a_bad_manifest_is_told_with_its_place_and_starts_nothing(project: Project, engine: Engine) -> None:
    """Every problem is a line on standard error that editors understand; the other manifests run."""
    engine.gives("good", Verdict.IDENTICAL, passed=True)
    broken = project.manifest("broken", rest="nonsense: 1\nfolly: 2\n")

    ended = project.run("run", broken, project.manifest("good"))

    assert ended.code == 2
    assert [line.split(": ")[0] for line in ended.err.splitlines()] == [
        "broken.osiris.yaml:6:1",
        "broken.osiris.yaml:7:1",
    ]
    assert ended.out.splitlines()[0].startswith("FAILED broken.osiris.yaml broken.osiris.yaml:6:1: ")
    assert ended.out.splitlines()[1] == "IDENTICAL good.osiris.yaml"
    assert engine.calls == [("good", ("local", "e2b"))]


def test_a_manifest_that_is_not_there_is_a_bad_manifest(project: Project, engine: Engine) -> None:
    """A sentence with its name, exit code 2."""
    ended = project.run("run", "lost.osiris.yaml")

    assert ended.code == 2
    assert "lost.osiris.yaml" in ended.err
    assert "Traceback" not in ended.err
    assert engine.calls == []


def test_a_manifest_is_named_as_it_was_given(project: Project, engine: Engine) -> None:
    """The line can be found by who asked for it, from wherever."""
    engine.gives("it", Verdict.IDENTICAL, passed=True)
    absolute = str(project.root / project.manifest("it"))

    assert project.run("run", absolute).out == f"IDENTICAL {absolute}\n"


def test_terminal_codes_in_a_reason_do_not_act(project: Project, engine: Engine) -> None:
    """What came out of a pipeline is shown in visible form."""
    engine.gives("it", Verdict.INFRA, passed=False, headline="wiped \x1b[2J")

    ended = project.run("run", project.manifest("it"))

    assert "\x1b" not in ended.out + ended.err


def test_a_failure_is_explained_on_standard_error(project: Project, engine: Engine) -> None:
    """With the command that repeats it, options included."""
    engine.gives("it", Verdict.DIVERGENT, passed=False, step="only", headline="parted")

    options = (
        *("--target=both", "--isolation=plain", "--now=2026-01-31T12:00:00Z", "--fetch=differing"),
        *("--triage=off", "--repeat=2"),
    )
    ended = project.run("run", project.manifest("it"), *options)

    assert "it.osiris.yaml:5" in ended.err
    assert f"reproduce: osiris-parity run it.osiris.yaml {' '.join(options)}" in ended.err
