"""The hunt finds, makes small, believes cold checks only, and goes on to the next kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from osiris_core.fuzz.example import Example
from osiris_core.fuzz.hunt import Hunt, Plan
from osiris_core.fuzz.trial import Trial
from osiris_core.parity.record import ParityRecord

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
    seen: list[list[int]] = field(default_factory=list)

    def try_out(self, example: Example) -> Trial:
        """Judge."""
        numbers = numbers_of(example)
        self.seen.append(numbers)
        kind = self.rule(numbers)
        record = ParityRecord(manifest="m", pipeline_id="p", passed=kind is None, headline="")
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
    """It is kept apart, and the hunt goes on."""
    warm, cold = Judge(big_or_long), Judge(lambda numbers: "long" if len(numbers) >= 3 else None)
    hunt = Hunt(strategy=NUMBERS, warm=warm, cold=cold, plan=Plan(examples=200, sample=0))
    finds = [numbers_of(find.trial.example) for find in hunt.iterate()]
    assert [kind for _, kind in hunt.unconfirmed] in ([("DIVERGENT", "big")], [])
    assert finds
    assert all(len(numbers) >= 3 for numbers in finds)


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
    assert find.shrinks >= 3
    assert len(judge.seen) <= 50 + 3 + find.cold
