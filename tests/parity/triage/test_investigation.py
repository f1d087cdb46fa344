"""What is concluded from reruns, with pipelines whose dependence on their environment is known because it is made up."""

from __future__ import annotations

import random

import pytest

from osiris_core.parity.triage.reruns import TriageBudget
from tests.parity.triage.worlds import ENVIRONMENTS, World, depends_on, with_repeats, without

FACTORS = [
    "time zone",
    "locale",
    "CPU count",
    "HOME",
    "working directory",
    "user",
    "host name",
    "limits",
    "network",
    "files",
]


@pytest.mark.parametrize(
    "name", [*FACTORS, "output directory", "distributions", "variable REGION", "variable NOISE_31"]
)
def test_the_factor_that_makes_the_difference_is_named(tmp_path, name):
    """One factor of the environment, or one variable of dozens, is found as it is."""
    found = World(tmp_path, depends_on(name)).triage(budget=with_repeats(1))

    assert found.cause == f"ENVIRONMENT({name})"
    assert [each.name for each in found.factors] == [name]


def test_both_values_of_the_factor_are_told(tmp_path):
    """What it is on each side, and what can be done."""
    (zone,) = World(tmp_path, depends_on("time zone")).triage().factors

    assert (zone.left, zone.right) == ("America/New_York", "Etc/UTC")
    assert 'env: {TZ: "Etc/UTC"}' in zone.fix


def test_the_value_of_a_variable_is_told_nowhere(tmp_path, monkeypatch):
    """It may be a secret that nobody declared."""
    monkeypatch.setenv("REGION", "hunter2")
    (found,) = World(tmp_path, depends_on("variable REGION")).triage().factors

    assert (found.left, found.right, found.fix) == ("set", "not set", 'add "REGION" to env:')


def test_factors_that_only_work_together_are_named_together(tmp_path):
    """A page with a time and a name of the user: each alone leaves the other difference."""
    found = World(tmp_path, depends_on("time zone", "user")).triage()

    assert found.cause == "ENVIRONMENT(time zone and user)"


def test_a_variable_and_a_factor_together(tmp_path):
    """The group of all variables is taken apart in the end."""
    found = World(tmp_path, depends_on("locale", "variable NOISE_3")).triage()

    assert found.cause == "ENVIRONMENT(locale and variable NOISE_3)"


def test_what_differs_on_neither_side_is_not_tried(tmp_path):
    """With equal time zones a run in the other's zone could show nothing."""
    world = World(tmp_path, depends_on("user"), environments=without(ENVIRONMENTS, "timezone"))

    assert world.triage().cause == "ENVIRONMENT(user)"
    assert not any("time zone" in factors for factors in world.local_runs)


def test_a_factor_is_believed_after_it_was_seen_again(tmp_path):
    """A set that healed the divergence once is run three times more."""
    world = World(tmp_path, depends_on("host name"))
    world.triage()

    assert world.local_runs.count(frozenset({"host name"})) == 4


def test_what_stays_with_every_factor_is_the_code(tmp_path):
    """Both targets are stable, everything that differs was imitated, and the divergence is the same as before."""
    found = World(tmp_path, lambda target, _: target).triage()

    assert found.cause == "CODE"
    assert found.not_tried == ()
    assert found.evidence[1] == "each target did the same in 13 of 13 runs"


def test_before_the_code_is_blamed_chance_has_more_to_show(tmp_path):
    """A target that did otherwise in its ninth run only is found, where three reruns would have been taken for all."""
    draws = iter([*["odd"] * 9, *["even"] * 100])
    found = World(tmp_path, lambda target, _: next(draws) if target == "e2b" else "here").triage()

    assert (found.cause, found.unstable) == ("NONDETERMINISTIC", ("e2b",))
    assert "in rerun 9 " in found.evidence[0]


def test_where_something_could_not_be_tried_it_is_never_the_code(tmp_path):
    """It might have been that; the record says what."""
    found = World(tmp_path, lambda target, _: target).triage(impossible={"host name": "no namespace can be made here"})

    assert found.cause == "UNKNOWN"
    assert found.not_tried == ("host name: no namespace can be made here",)


def test_another_kernel_is_never_the_code(tmp_path):
    """What another machine would change cannot be excluded on this one."""
    environments = {**ENVIRONMENTS, "e2b": {**ENVIRONMENTS["e2b"], "platform": "Linux 6.1"}}
    found = World(tmp_path, lambda target, _: target, environments=environments).triage()

    assert found.cause == "UNKNOWN"
    assert found.not_tried == ("kernel: it is another machine's",)


def test_an_imitation_that_does_not_reach_the_sandbox_proves_nothing(tmp_path):
    """By its own word the local worker's time zone, and all else, is still the host's."""
    world = World(tmp_path, lambda target, _: target)
    world.imitated_from = 1000
    found = world.triage()

    assert found.cause == "UNKNOWN"
    assert found.evidence[0].startswith("the imitation did not reach e2b in: time zone, locale, ")


def test_an_imitation_that_changes_more_than_it_should_proves_nothing(tmp_path):
    """With all factors the local run differs at another step than before: it was broken by the imitation."""
    world = World(tmp_path, lambda target, _: target)
    run = world.run

    def broken(target, factors=()):
        session = run(target, factors)
        if factors:
            session.logs["read"] = b"ERROR osiris.read no such library\n"
        return session

    world.run = broken
    found = world.triage()
    assert found.cause == "UNKNOWN"
    assert "in another way" in found.evidence[0]


@pytest.mark.parametrize("target", ["local", "e2b"])
def test_a_target_that_differs_from_itself_is_named_with_the_step(tmp_path, target):
    """Nothing follows about the other one."""
    draws = iter(range(100))
    world = World(tmp_path, lambda where, _: str(next(draws)) if where == target else "same")
    found = world.triage()

    assert (found.cause, found.unstable, found.step) == ("NONDETERMINISTIC", (target,), "report")
    assert found.evidence[0].startswith(f"{target} differs from itself in rerun 1 at step report: report/page.txt: ")


def test_a_target_is_held_against_itself_without_a_divergence(tmp_path):
    """Asked for by number, whatever the verdict: equal runs give the bound, and no cause."""
    world = World(tmp_path, lambda *_: "same")
    found = world.triage(budget=with_repeats(5))

    assert (found.cause, found.unstable, found.runs) == ("", (), 10)
    assert found.bound.startswith(
        "5 reruns of each target are like its first run; what comes up in fewer than 5 of 10 runs may"
    )


def test_one_target_alone_can_be_held_against_itself(tmp_path):
    """There is nothing to compare it with but itself."""
    draws = iter(["a", "a", "b"])
    found = World(tmp_path, lambda *_: next(draws)).triage(only="local")

    assert (found.cause, found.unstable, found.runs) == ("NONDETERMINISTIC", ("local",), 2)


def test_chance_that_follows_a_factor_is_not_taken_for_a_cause(tmp_path):
    """A set that heals it only sometimes is no cause: nothing is concluded."""
    draws = iter(["there", "there", "there", "elsewhere"])

    def content(target, factors):
        if target == "e2b" or (len(factors) > 1 and "host name" in factors):
            return "there"
        return next(draws) if "host name" in factors else "here"

    world = World(tmp_path, content)
    found = world.triage()

    assert found.cause == "UNKNOWN"
    assert "came and went" in found.evidence[0]


def test_damage_ends_it_before_anything_is_run_again(tmp_path):
    """What came is not what was sent: reruns could say nothing about that."""
    world = World(tmp_path, depends_on("user"))
    run = world.run

    def damaged(target, factors=()):
        session = run(target, factors)
        if target == "e2b":
            session.artifacts["report/page.txt"].absolute.write_bytes(b"ther\n")
        return session

    world.run = damaged
    found = world.triage()
    assert (found.cause, found.runs) == ("TRANSPORT", 0)
    assert "e2b: report/page.txt had 6 bytes" in found.evidence[0]


def test_no_more_is_run_than_the_budget_has(tmp_path):
    """The triage says that it stopped, and after how many."""
    world = World(tmp_path, depends_on("user"))
    found = world.triage(budget=TriageBudget(reruns=8))

    assert (found.cause, found.runs) == ("UNKNOWN", 8)
    assert found.evidence[0] == "stopped: 8 reruns were made, and no more are allowed"


def test_a_slow_pipeline_is_not_begun_again_where_it_would_not_end_in_time(tmp_path):
    """With four seconds and runs of one second there are four; none begins that would end later."""
    world = World(tmp_path, depends_on("user"))
    found = world.triage(budget=TriageBudget(elapsed_s=4.5))

    assert (found.cause, found.runs) == ("UNKNOWN", 4)
    assert found.evidence[0].startswith("stopped: after 4 reruns in 4 s another one of about 1 s does not fit into 4 s")
    assert "2 reruns of each target" in found.bound


def test_what_is_known_when_the_budget_ends_is_told(tmp_path):
    """All factors made the difference, and there was no run left to find which."""
    world = World(tmp_path, depends_on("user"))
    found = world.triage(budget=TriageBudget(reruns=9))

    assert found.cause == "UNKNOWN"
    assert "it is the environment, but not yet known which part of it" in found.evidence[1]


def test_a_rerun_that_could_not_run_ends_the_triage_without_a_cause(tmp_path):
    """A sandbox that is gone says nothing about the pipeline."""
    world = World(tmp_path, depends_on("user"))
    world.fails_at = 2
    found = world.triage()

    assert found.cause == "UNKNOWN"
    assert found.evidence == ("stopped: a rerun on e2b says nothing: the sandbox was gone",)


def test_what_the_findings_point_at_is_tried_first(tmp_path):
    """Both names stand in the differing lines, so no search is needed."""
    world = World(
        tmp_path, lambda target, factors: "e2b.local" if target == "e2b" or "host name" in factors else "laptop"
    )
    found = world.triage()

    assert found.cause == "ENVIRONMENT(host name)"
    assert [each for each in world.local_runs if each] == [frozenset({"host name"})] * 4


CAUSES = ["flake", "rare flake", "environment", "transport", "code"]


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("seed", range(3))
def test_seeded_causes_are_named_or_nothing_is(tmp_path, cause, seed):
    """Of what was planted by chance nothing is ever named wrong; `benchmarks/triage.py` does this a hundred times."""
    from benchmarks.triage import is_right, plant

    world, right = plant(cause, random.Random(f"{cause}-{seed}"), lambda content: World(tmp_path, content))
    found = world.triage()

    assert is_right(found.cause, right) or found.cause == "UNKNOWN"
