from __future__ import annotations

import pytest

from osiris_core.parity.triage.bound import bound_sentence, excluded_share


@pytest.mark.parametrize(
    ("reruns", "share"), [(0, 1.0), (1, 0.95), (3, 0.6316), (5, 0.4507), (10, 0.2589), (59, 0.0495)]
)
def test_equal_reruns_exclude_only_what_they_would_have_shown(reruns, share):
    """The exact binomial bound: 59 equal reruns are needed to exclude five in a hundred."""
    assert excluded_share(reruns) == pytest.approx(share, abs=5e-5)


def test_the_bound_is_said_in_numbers():
    """How many reruns, which share, and with what confidence."""
    sentence = bound_sentence(3)

    assert sentence == (
        "in 3 reruns of each target no difference: one in more than 63 % of runs would have been seen with 95% confidence"
    )


@pytest.mark.parametrize("reruns", [0, 1, 3, 1000])
def test_nothing_is_called_deterministic(reruns):
    """No number of equal reruns shows that."""
    assert "determinis" not in bound_sentence(reruns)
