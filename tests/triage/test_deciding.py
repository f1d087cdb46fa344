"""Which checks are triaged, with which budget, and what a record says afterwards."""

from __future__ import annotations

import dataclasses
import math
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.backends.protocol import Cancellation, Job, Patience
from osiris_core.options import CheckOptions
from osiris_core.parity.compare import compare
from osiris_core.parity.record import Comparison, ParityRecord, TargetRun, Triage, TriageFactor, Verdict
from osiris_core.parity.triage.reruns import TriageBudget
from osiris_core.triage.deciding import Judged, triaged, wanted
from tests.parity.sessions import healthy

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = "osiris-parity run it.osiris.yaml --target both"


def record(verdict: Verdict | None) -> ParityRecord:
    """A record of a check of two targets."""
    return ParityRecord(
        manifest="it.osiris.yaml",
        pipeline_id="it",
        passed=verdict is None or verdict.passes,
        headline="they part",
        verdict=verdict,
        cause="UNKNOWN" if verdict is Verdict.DIVERGENT else "",
        targets=(
            TargetRun(target="local", provider="host", isolation="none"),
            TargetRun(target="e2b", provider="embedded", isolation="bubblewrap"),
        ),
        comparison=Comparison(verdict=verdict) if verdict else None,
    )


@pytest.mark.parametrize(
    ("verdict", "options", "expected"),
    [
        (Verdict.DIVERGENT, {"triage": "divergent"}, True),
        (Verdict.DIVERGENT, {"triage": "off"}, False),
        (Verdict.DIVERGENT, {"triage": "off", "repeat": 1}, True),
        (Verdict.INCONCLUSIVE, {"triage": "divergent"}, True),
        (Verdict.IDENTICAL, {"triage": "divergent"}, False),
        (Verdict.IDENTICAL, {"triage": "always"}, True),
        (None, {"triage": "divergent"}, False),
        (None, {"repeat": 3}, True),
        (Verdict.INFRA, {"triage": "always", "repeat": 3}, False),
    ],
)
def test_what_is_triaged(tmp_path: Path, verdict: Verdict | None, options: dict[str, Any], expected: bool) -> None:
    """What diverged, unless turned off; everything where asked for; never what could not run."""
    assert wanted(record(verdict), CheckOptions(project_root=tmp_path, **options)) is expected


class Investigated:
    """Stands in for the investigation: says what a test gives it, and remembers the budget."""

    def __init__(self, found: Triage) -> None:
        self.found = found
        self.budgets: list[TriageBudget] = []
        self.checks: list[Any] = []

    def __call__(self, check: object, _reruns: object, budget: TriageBudget) -> Triage:
        """Answer."""
        self.checks.append(check)
        self.budgets.append(budget)
        return self.found


def decided(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    found: Triage,
    *,
    verdict: Verdict | None = Verdict.DIVERGENT,
    effects: str = "none",
    targets: tuple[str, str] = ("local", "e2b"),
    **options: Any,
) -> tuple[ParityRecord, Investigated]:
    """Return what becomes of a record, and the investigation that was made."""
    investigated = Investigated(found)
    monkeypatch.setattr("osiris_core.triage.deciding.investigate", investigated)
    monkeypatch.setattr("osiris_core.triage.deciding.original_of", lambda *_: (None, {}))
    sessions = tuple(
        dataclasses.replace(healthy(side).build(tmp_path), target=target)
        for side, target in zip(("local", "e2b"), targets, strict=True)
    )
    step = SimpleNamespace(id="load", driver="it")
    manifest: Any = SimpleNamespace(steps=(step,), drivers={"it": SimpleNamespace(effects=effects)})
    job = dataclasses.replace(JOB, manifest=manifest)
    judged = Judged(record=record(verdict), sessions=sessions, job=job, compare=compare, command=COMMAND)
    given = CheckOptions(project_root=tmp_path, **{"triage": "divergent", **options})
    backends: Any = SimpleNamespace(find=lambda _target: object())
    made = triaged(judged, given, backends, patience=Patience(), cancellation=Cancellation())
    return made, investigated


NOTHING: Any = None
JOB = Job(manifest=NOTHING, request=NOTHING, bundle=NOTHING, inputs={}, requirements=(), host_variables={})


def environment(*factors: TriageFactor) -> Triage:
    """A triage that found factors."""
    names = " and ".join(each.name for each in factors)
    return Triage(cause=f"ENVIRONMENT({names})", factors=factors, evidence=("it was seen",), runs=10)


ZONE = TriageFactor(name="time zone", left="Europe/Prague", right="Etc/UTC")
LOCALE = TriageFactor(name="locale", left="cs_CZ.UTF-8", right="C.UTF-8")
REGION = TriageFactor(name="variable REGION", left="set", right="not set")
USER = TriageFactor(name="user", left="ann", right="user")


@pytest.mark.parametrize(
    ("factors", "command"),
    [
        ((ZONE,), "TZ=Etc/UTC osiris-parity run it.osiris.yaml --target local"),
        ((REGION,), "env -u REGION osiris-parity run it.osiris.yaml --target local"),
        ((ZONE, REGION), "env -u REGION TZ=Etc/UTC osiris-parity run it.osiris.yaml --target local"),
        ((LOCALE,), "LC_ALL=C.UTF-8 osiris-parity run it.osiris.yaml --target local"),
        ((ZONE, USER), f"{COMMAND} --triage=always"),
    ],
)
def test_a_command_shows_the_cause_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, factors: tuple[TriageFactor, ...], command: str
) -> None:
    """With the factor itself where it is a variable: this machine then does what the sandbox does."""
    made, _ = decided(tmp_path, monkeypatch, environment(*factors))

    assert made.triage is not None
    assert made.triage.command == command


def test_the_cause_comes_first_in_the_headline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And stands in the record; the verdict stays."""
    made, _ = decided(tmp_path, monkeypatch, environment(ZONE))

    assert (made.verdict, made.cause) == ("DIVERGENT", "ENVIRONMENT(time zone)")
    assert made.headline == "ENVIRONMENT(time zone): they part"


def test_what_differs_from_itself_has_another_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is said about the targets then; an identical pair fails too."""
    found = Triage(
        cause="NONDETERMINISTIC", evidence=("local differs from itself",), unstable=("local",), step="load", runs=1
    )
    made, _ = decided(tmp_path, monkeypatch, found, verdict=Verdict.IDENTICAL, repeat=3)

    assert (made.verdict, made.passed, made.cause) == ("NONDETERMINISTIC", False, "")
    assert (made.headline, made.first_diverging_step) == ("local differs from itself.", "load")


def test_equal_reruns_leave_the_verdict_and_tell_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record has how far chance was looked for."""
    made, _ = decided(tmp_path, monkeypatch, Triage(cause="", bound="in 3 reruns", runs=6), verdict=Verdict.IDENTICAL)

    assert (made.verdict, made.passed, made.cause, made.headline) == ("IDENTICAL", True, "", "they part")
    assert made.triage is not None
    assert (made.triage.bound, made.triage.command) == ("in 3 reruns", "")


def test_repeats_that_were_asked_for_are_not_cut_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty of each target, however long they take; and the search has its own reruns besides."""
    _, investigated = decided(tmp_path, monkeypatch, environment(ZONE), repeat=20)

    assert investigated.budgets == [TriageBudget(repeats=20, reruns=100, elapsed_s=math.inf)]


def test_nothing_is_run_again_for_a_session_that_was_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what came is held against what was sent; where that is whole, the record stays as it is."""
    made, investigated = decided(tmp_path, monkeypatch, Triage(cause=""), verdict=Verdict.INCONCLUSIVE)

    assert investigated.budgets[0].repeats == 0
    assert made == record(Verdict.INCONCLUSIVE)


def test_a_step_with_effects_elsewhere_is_never_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would have them once more."""
    made, investigated = decided(tmp_path, monkeypatch, environment(ZONE), effects="external")

    assert investigated.budgets == []
    assert made.cause == "UNKNOWN"
    assert made.triage is not None
    assert made.triage.evidence == ("step load has effects outside of its artifacts, so nothing is run again",)


@pytest.mark.parametrize(
    ("targets", "sides", "imitable"),
    [
        (("local", "e2b"), ["local", "e2b"], True),
        (("e2b", "local"), ["local", "e2b"], True),
        (("venv-b", "venv-a"), ["venv-b", "venv-a"], False),
        (("local", "moon"), ["local", "moon"], False),
    ],
)
def test_only_this_machine_imitates_and_only_a_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, targets: tuple[str, str], sides: list[str], imitable: bool
) -> None:
    """In whichever order both were asked for; any other pair is run again as it is."""
    _, investigated = decided(tmp_path, monkeypatch, environment(ZONE), targets=targets)

    (check,) = investigated.checks
    assert ([each.target for each in check.sessions], check.imitable) == (sides, imitable)
