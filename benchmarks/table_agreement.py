"""Holds the comparison of tables against its definition in plain Python, for many generated pairs.

python benchmarks/table_agreement.py [examples] [seed]
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.parity.table_reference import check, pairs


def main(examples: int, number: int) -> None:
    """Play `examples` pairs; a disagreement is raised with the smallest pair that shows it."""
    started, played = time.perf_counter(), []

    @seed(number)
    @settings(max_examples=examples, deadline=None, database=None, phases=[Phase.generate, Phase.shrink])
    @given(pairs(), st.tuples(st.integers(1, 4), st.integers(1, 4)))
    def play(rows: tuple[list[object], list[object]], batches: tuple[int, int]) -> None:
        played.append(len(rows[0]))
        check(*rows, batches)

    play()
    print(f"{len(played):,} pairs, 0 disagreements, {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main(*(int(given) for given in (*sys.argv[1:3], *("500", "1")[len(sys.argv) - 1 :])))
