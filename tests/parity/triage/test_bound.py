from __future__ import annotations

import pytest

from osiris_core.parity.triage.bound import bound_sentence, excluded_share


@pytest.mark.parametrize(
    ("reruns", "share"), [(0, 1.0), (1, 0.95), (3, 0.6316), (5, 0.4507), (10, 0.2589), (59, 0.0495)]
)
def test_equal_reruns_exclude_only_what_they_would_have_shown(reruns, share):
    """The exact binomial bound: 59 equal reruns are needed to exclude five in a hundred."""
    assert excluded_share(reruns) == pytest.approx(share, abs=5e-5)


@pytest.mark.parametrize(
    ("reruns", "said"),
    [
        (
            3,
            (
                "3 reruns of each target are like its first run; what comes up in fewer than 7 of 10 runs may have been missed "
                "(one in more than 63% would have been seen with 95% confidence)"
            ),
        ),
        (
            1,
            "1 rerun of each target is like its first run; what comes up in fewer than 10 of 10 runs may have been missed",
        ),
        (59, "what comes up in fewer than 5 of 100 runs may have been missed (one in more than 5%"),
        (
            1_000,
            "what comes up in fewer than 1 of 100 runs may have been missed (one in more than 0.3% would have been seen",
        ),
        (0, "no target was run again, so nothing is known of what chance does"),
    ],
)
def test_the_bound_is_said_in_plain_numbers_and_then_exactly(reruns, said):
    """What a reader has to reckon with, rounded to the safe side; then the share, and with what confidence."""
    assert said in bound_sentence(reruns)


@pytest.mark.parametrize("reruns", [0, 1, 3, 1000])
def test_nothing_is_called_deterministic(reruns):
    """No number of equal reruns shows that."""
    assert "determinis" not in bound_sentence(reruns)
