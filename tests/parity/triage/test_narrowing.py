from __future__ import annotations

import random

import pytest

from osiris_core.parity.triage.narrowing import smallest


class Asked:
    """Says whether a part has the effect, and remembers what it was asked."""

    def __init__(self, *needed: frozenset[int]) -> None:
        self.needed = needed
        self.parts: list[tuple[int, ...]] = []

    def __call__(self, part):
        """Answer."""
        self.parts.append(part)
        return any(each <= set(part) for each in self.needed)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 300])
@pytest.mark.parametrize("place", [0.0, 0.5, 0.99])
def test_one_of_many_is_found_in_few_questions(size, place):
    """About two for each halving, so that hundreds of variables take no more than a score of runs."""
    wanted = int(place * size)
    asked = Asked(frozenset({wanted}))

    assert smallest(range(size), asked) == (wanted,)
    assert len(asked.parts) <= 2 * size.bit_length()


@pytest.mark.parametrize("seed", range(20))
def test_what_is_found_has_the_effect_and_nothing_of_it_can_be_left_out(seed):
    """Two or three that only work together are found among many."""
    chance = random.Random(seed)
    needed = frozenset(chance.sample(range(40), chance.choice((2, 3))))
    asked = Asked(needed)

    assert set(smallest(range(40), asked)) == needed


def test_of_two_sufficient_ones_a_single_one_is_found():
    """Minimal is enough: which of them is left to the order."""
    assert smallest(range(30), Asked(frozenset({4}), frozenset({20}))) == (4,)


def test_nothing_is_asked_twice():
    """Each question is a run of a pipeline."""
    asked = Asked(frozenset({3, 17, 31}))
    smallest(range(40), asked)

    assert len(asked.parts) == len(set(asked.parts))
