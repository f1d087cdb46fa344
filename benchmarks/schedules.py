"""Plays schedules of faults against the real following and the real session writer, and judges each by every invariant.

    python benchmarks/schedules.py [--from N] [--count N] [--jobs N] [--seconds N]
    python benchmarks/schedules.py --seed N

The first form plays many and names the seeds whose run breaks an invariant; the second plays one of them again and tells what
happened. A seed gives the same run on any machine.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter

from osiris_core.testing.simulation import broken, drawn, play, scratch

BATCH = 50


def judged(seed: int) -> tuple[int, list[str], list[str], str]:
    """Play one seed: what is broken, which faults happened, how it ended."""
    with scratch() as directory:
        played = play(drawn(seed), directory)
        outcome = played.session.outcome if played.session else played.standstill or played.refusal
        return seed, broken(played), [fault.kind.name for fault in played.happened], outcome


def one(seed: int) -> int:
    """Play one seed and tell all of it."""
    with scratch() as directory:
        schedule = drawn(seed)
        played = play(schedule, directory)
        print(schedule)
        print(f"happened: {len(played.happened)}, lives of the host: {played.lives}")
        print(
            f"worker: {len(played.written)} bytes, terminal record: {played.finished}, ended at {played.ended_s:.3f} s"
        )
        print(f"session, at {played.closed_s:.3f} s: {played.session.outcome if played.session else played.refusal}")
        print(f"error: {played.session.error if played.session else played.standstill}")
        wrong = broken(played)
        print("\n".join(wrong) or "every invariant holds")
        return 1 if wrong else 0


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", type=int, default=0, dest="start", help="the first seed")
    parser.add_argument("--count", type=int, default=100_000, help="how many")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--seconds", type=float, help="stop after so long, and say how many were played")
    parser.add_argument("--seed", type=int, help="only this one, with everything that happened")
    options = parser.parse_args()
    if options.seed is not None:
        return one(options.seed)
    began, played = time.monotonic(), 0
    faults: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    failures = 0
    with multiprocessing.Pool(options.jobs) as pool:
        seeds = range(options.start, options.start + options.count)
        for seed, wrong, happened, outcome in pool.imap_unordered(judged, seeds, BATCH):
            played += 1
            faults.update(happened)
            outcomes[outcome] += 1
            failures += bool(wrong)
            if wrong:
                print(f"seed {seed}: {'; '.join(wrong)}", flush=True)
            if options.seconds is not None and time.monotonic() - began > options.seconds:
                pool.terminate()
                break
    took_s = time.monotonic() - began
    print(f"{played} schedules, the first of seed {options.start}, in {took_s:.0f} s with {options.jobs} processes")
    print(f"{faults.total()} faults of {len(faults)} kinds: {dict(sorted(faults.items()))}")
    print(f"outcomes: {dict(outcomes.most_common())}")
    print(f"{failures} break an invariant")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
