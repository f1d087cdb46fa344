"""How much of what is planted in real sessions is found, and how much of what means nothing is called a difference.

    python benchmarks/mutations.py [--seeds N] [--only TEXT]

Runs the two manifests of tests/mutations/project on both targets, once. Then, for each class and seed, changes a copy of one
session, and compares. Exits with 1 where anything is missed, or anything benign is reported.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from osiris_core.parity.compare import compare
from osiris_core.session.reader import open_session
from osiris_core.testing.mutations import BENIGN, DIFFERENCES, plant, plant_nothing
from tests.mutations import originals


def main() -> int:
    """Print both rates by class."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="mutations-"))
    try:
        return _tried(root, originals.run(root), given.seeds, given.only)
    finally:
        shutil.rmtree(root)


def _tried(root: Path, pairs: dict[bool, originals.Pair], seeds: int, only: str) -> int:
    started, wrong, counts = time.process_time(), 0, [0, 0]
    lefts = {failed: open_session(left) for failed, (left, _) in pairs.items()}
    for difference in (each for each in DIFFERENCES if only in each.name):
        found, last = 0, ""
        for seed in range(seeds):
            scratch = root / "scratch"
            spot, changed = plant(difference, pairs[difference.failed][1], scratch, seed=seed)
            result = compare(lefts[difference.failed], open_session(changed))
            missed = difference.missed(spot, result.findings)
            divergent = result.verdict == "DIVERGENT" and not missed
            found += divergent
            last = last if divergent else f"   seed {seed}: {result.verdict} {missed}"
            shutil.rmtree(scratch)
        print(f"{difference.name:55} found {found:4} of {seeds}{last}")
        wrong += found < seeds
        counts[0] += seeds
    for benign in (each for each in BENIGN if only in each.name):
        reported, last = 0, ""
        for seed in range(seeds):
            scratch = root / "scratch"
            what, left, right = plant_nothing(benign, pairs[benign.failed], scratch, seed=seed)
            result = compare(open_session(left), open_session(right))
            wanted = "EQUIVALENT" if benign.names_a_rule or benign.failed else "IDENTICAL"
            reported += result.verdict != wanted
            last = f"   seed {seed}: {result.verdict}, {what}" if result.verdict != wanted else last
            shutil.rmtree(scratch)
        print(f"{benign.name:55} reported {reported} of {seeds}{last}")
        wrong += reported > 0
        counts[1] += seeds
    print(
        f"{counts[0]} differences and {counts[1]} benign changes in {time.process_time() - started:.0f} s of processor time"
    )
    print(f"{wrong} classes with something missed or reported")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
