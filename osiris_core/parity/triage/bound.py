"""What a number of equal reruns can exclude, and what they cannot.

If a share `p` of all runs came out otherwise than the first one, `n` reruns would all be like it with the probability
`(1 - p) ** n`. The bound is the share for which that is 5 %: a larger one would have been seen with 95 % confidence. This is
the exact binomial bound for no event in `n` trials; 3 / n ("rule of three") is its approximation for many.
"""

from __future__ import annotations

import math
from typing import Final

CONFIDENCE: Final = 0.95
_COARSE: Final = 0.1
"""From this share on it is said in tenths, below in hundredths."""


def excluded_share(reruns: int) -> float:
    """Return the share of runs, from 0 to 1, above which a difference would have been seen in so many equal reruns."""
    return 1.0 if reruns < 1 else 1 - float((1 - CONFIDENCE) ** (1 / reruns))


def bound_sentence(reruns: int) -> str:
    """Return the bound for people; an equal result never says that none of the runs would have been another."""
    if reruns < 1:
        return "no target was run again, so nothing is known of what chance does"
    times, were = ("1 rerun", "is") if reruns == 1 else (f"{reruns:,} reruns", "are")
    share = excluded_share(reruns)
    of = 10 if share >= _COARSE else 100
    return (
        f"{times} of each target {were} like its first run; what comes up in fewer than {math.ceil(share * of)} of {of} "
        f"runs may have been missed (one in more than {share * 100:.2g}% would have been seen with {CONFIDENCE:.0%} confidence)"
    )
