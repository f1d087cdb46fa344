"""The hunt finds, makes small, believes cold checks only, and goes on to the next kind."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from osiris_core.fuzz.example import Example
from osiris_core.fuzz.hunt import DOUBTS, Hunt, Plan
from osiris_core.fuzz.trial import Trial
from osiris_core.parity.record import Compared, Comparison, ParityRecord, StepRun, TargetRun, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBERS = st.lists(st.integers(0, 1000), max_size=5).map(
    lambda numbers: Example(document={"steps": []}, files={"numbers": ",".join(map(str, numbers)).encode()})
)


def numbers_of(example: Example) -> list[int]:
    """The list that an example was made from."""
    text = example.files["numbers"].decode()
    return [int(each) for each in text.split(",")] if text else []


@dataclass
class Judge:
    """Stands in for the targets where a test is about the hunt: a rule says what kind of find a list is."""

    rule: Callable[[list[int]], str | None]
    record: ParityRecord | None = None
    seen: list[list[int]] = field(default_factory=list)

    def try_out(self, example: Example) -> Trial:
        """Judge."""
        numbers = numbers_of(example)
        self.seen.append(numbers)
        kind = self.rule(numbers)
        record = self.record or ParityRecord(manifest="m", pipeline_id="p", passed=kind is None, headline="")
        return Trial(example=example, record=record, kind=None if kind is None else ("DIVERGENT", kind))


def big_or_long(numbers: list[int]) -> str | None:
    """Two rules at once."""
    if any(number >= 100 for number in numbers):
        return "big"
    return "long" if len(numbers) >= 3 else None


def test_every_kind_is_found_once_and_made_small():
    """The smallest list with a big number, and the smallest long one."""
    judge = Judge(big_or_long)
    hunt = Hunt(strategy=NUMBERS, warm=judge, cold=judge, plan=Plan(examples=200))
    finds = {find.trial.kind: numbers_of(find.trial.example) for find in hunt.iterate()}
    assert finds == {("DIVERGENT", "big"): [100], ("DIVERGENT", "long"): [0, 0, 0]}


def test_nothing_is_found_where_nothing_is_wrong():
    """And no more examples are tried than were asked for."""
    judge = Judge(lambda _: None)
    hunt = Hunt(strategy=NUMBERS, warm=judge, cold=judge, plan=Plan(examples=40))
    assert list(hunt.iterate()) == []
    assert 0 < hunt.distinct <= hunt.tried <= 40
    assert len(judge.seen) == hunt.distinct


def test_the_same_seed_tries_the_same_examples():
    """And another seed tries others."""

    def tried(seed: int) -> list[list[int]]:
        judge = Judge(lambda _: None)
        list(Hunt(strategy=NUMBERS, warm=judge, cold=judge, plan=Plan(examples=30, seed=seed)).iterate())
        return judge.seen

    assert tried(1) == tried(1)
    assert tried(1) != tried(2)


def test_what_only_the_warm_pair_sees_is_no_find():
    """It is kept apart, kind by kind, and the hunt goes on until the examples are used up."""
    warm = Judge(lambda numbers: None if not numbers else "long" if len(numbers) >= 3 else "short")
    cold = Judge(lambda _: None)
    hunt = Hunt(strategy=NUMBERS, warm=warm, cold=cold, plan=Plan(examples=200, sample=0))
    assert list(hunt.iterate()) == []
    assert Counter(kind for _, kind in hunt.unconfirmed) == {
        ("DIVERGENT", "long"): DOUBTS,
        ("DIVERGENT", "short"): DOUBTS,
    }
    assert len(cold.seen) == 2 * DOUBTS
    assert hunt.tried > 4 * DOUBTS


def test_an_example_that_only_the_warm_pair_sees_hides_no_other_of_its_kind():
    """One that a cold check confirms is still found, and reported as it was where the smaller one is not confirmed."""
    warm = Judge(lambda numbers: "some" if numbers else None)
    cold = Judge(lambda numbers: "some" if len(numbers) >= 2 else None)
    hunt = Hunt(strategy=NUMBERS, warm=warm, cold=cold, plan=Plan(examples=200, sample=0, shrinks=40))
    (find,) = hunt.iterate()
    assert hunt.unconfirmed
    assert len(numbers_of(find.trial.example)) >= 2
    assert (find.trial.kind, find.seen, find.cold) == (("DIVERGENT", "some"), 3, 3)


def test_what_no_cold_check_sees_again_is_not_dropped_silently():
    """A find that was confirmed once and then never more is named as unconfirmed."""
    warm = Judge(lambda numbers: "some" if numbers else None)
    cold = Judge(lambda _: "some" if len(cold.seen) == 1 else None)
    hunt = Hunt(strategy=NUMBERS, warm=warm, cold=cold, plan=Plan(examples=50, sample=0, shrinks=40))
    assert list(hunt.iterate()) == []
    assert [kind for _, kind in hunt.unconfirmed] == [("DIVERGENT", "some")]


def test_what_was_compared_is_counted():
    """Only what succeeded on both targets: tables, their rows, files, and steps by driver."""

    def run(target: str, state: str) -> TargetRun:
        made = StepRun(id="a", driver="source", needs=(), state="succeeded", rows=3)
        written = StepRun(id="b", driver="writer", needs=("a",), state=state)
        return TargetRun(target=target, provider="x", isolation="none", steps=(made, written))

    compared = Compared(tables=(1, 1), artifacts=(0, 2))
    record = ParityRecord(
        manifest="m",
        pipeline_id="p",
        passed=True,
        headline="",
        verdict=Verdict.IDENTICAL,
        targets=(run("local", "failed"), run("e2b", "succeeded")),
        comparison=Comparison(verdict=Verdict.IDENTICAL, compared=compared),
    )
    judge = Judge(lambda _: None, record)
    hunt = Hunt(strategy=NUMBERS, warm=judge, cold=judge, plan=Plan(examples=10, sample=0))
    assert list(hunt.iterate()) == []
    assert hunt.distinct > 1
    assert (hunt.tables, hunt.rows, hunt.files) == (hunt.distinct, 3 * hunt.distinct, 0)
    assert hunt.succeeded == {"source": hunt.distinct}
    assert (hunt.whole, hunt.failed_alike) == (0, hunt.distinct)


def test_what_only_a_cold_check_sees_is_found_by_the_sample():
    """A warm pair that is blind is found out."""
    warm, cold = Judge(lambda _: None), Judge(lambda _: "always")
    hunt = Hunt(strategy=NUMBERS, warm=warm, cold=cold, plan=Plan(examples=60, sample=10, shrinks=0))
    finds = list(hunt.iterate())
    assert [find.trial.kind for find in finds] == [("DIVERGENT", "always")]
    assert hunt.compared_cold >= 1


def test_shrinking_ends_where_it_is_told_to():
    """However much smaller it could become."""
    judge = Judge(big_or_long)
    hunt = Hunt(strategy=NUMBERS, warm=judge, cold=judge, plan=Plan(examples=50, finds=1, shrinks=3))
    (find,) = hunt.iterate()
    assert 3 <= find.shrinks <= 6
    assert len(judge.seen) <= 50 + 3 + find.cold
