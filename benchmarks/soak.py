"""A long run over a line that breaks again and again: nothing may be lost, nothing doubled, and memory must not grow.

    python benchmarks/soak.py [--records N] [--disconnects N] [--seed N]

Through the simulator, in virtual time: the real `Following`, the real `SessionWriter`, and the worker's real spool, whose segments are
freed as they are acknowledged. The line breaks at random bytes, in one of three ways. What is printed: what was written, what
came, how long that took, and by how much the resident size of the process grew, which holds both sides.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import resource
import sys
import time
from pathlib import Path

from osiris_core.testing.simulation import Fault, Kind, Schedule, scratch
from osiris_core.testing.simulation.play import World
from osiris_core.testing.simulation.script import LongDeeds, Script

RECORD_BYTES = 170
"""A little less than a line of these records, so that every break finds its byte."""
BREAKS = (Kind.RESET, Kind.CLOSE, Kind.FALSE_EXIT)


def resident_mib() -> float:
    """Return the resident size of this process now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / (1 << 20)


def broken_often(count: int, disconnects: int, seed: int) -> Schedule:
    """Return a run of `count` records whose line breaks so often."""
    rng = random.Random(seed)
    places = sorted(rng.sample(range(count * RECORD_BYTES), disconnects))
    return Schedule(
        seed=seed,
        script=Script(deeds=LongDeeds(count)),
        faults=tuple(Fault(kind=rng.choice(BREAKS), at=at) for at in places),
        segment_bytes=1 << 20,
        cap_segments=8,
        checkpoint_every=1000,
        gathers=True,
    )


def soak(schedule: Schedule) -> bool:
    """Play it, tell about it, and say whether everything came exactly once."""
    with scratch() as directory:
        world = World(schedule, directory, forgets=True)
        began, before = time.monotonic(), resident_mib()
        world.begin()
        world.go_on()
        took_s, grown = time.monotonic() - began, resident_mib() - before
        world.close()
        truth = world.sandbox.written
        played = world.end()
        with played.journal_path.open("rb") as journal:
            same = hashlib.file_digest(journal, "sha256").hexdigest() == truth.hexdigest()
        outcome = played.session.outcome if played.session else played.refusal or played.standstill
        facts = played.session.target_facts if played.session else {}
    print(f"written: {facts.get('frames')} frames, {truth.end / 1e6:.0f} MB; disconnects: {len(played.happened)}")
    print(
        f"reconnects: {facts.get('reconnects')}, from the spool: {facts.get('fills')}, twice: {facts.get('duplicates')}"
    )
    print(
        f"outcome: {outcome}; the journal is what the worker wrote, byte by byte: {same}; broken on the way: {played.breaks}"
    )
    print(f"{took_s:.0f} s; the process grew by {grown:.0f} MiB while the run lasted")
    return same and outcome == "succeeded" and not played.breaks


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--disconnects", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    return 0 if soak(broken_often(options.records, options.disconnects, options.seed)) else 1


if __name__ == "__main__":
    sys.exit(main())
