"""How much longer a run takes in the embedded sandbox than on the host: pipelines of 1, 10, 60 and 1,000 steps.

    python benchmarks/overhead.py [--rounds N]

Each pipeline runs on both targets in turn, one after the other so that they do not share the machine; the
ratio is made round by round, and its median is what to quote. The steps of `work` sort and hash a million
numbers in DuckDB; those of `no-op` do nothing.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from osiris_core.check import Checker, CheckOptions, load

WORK = "select hash(range) as h from range(1000000) order by h limit 10"


def manifest(kind: str, steps: int) -> str:
    """Return a chain of `steps` steps."""
    lines = ['osiris: "1"', f"pipeline: {{id: {kind}-{steps}}}", "code: [code]", "steps:"]
    for index in range(steps):
        needs = f", needs: [s{index - 1}]" if index else ""
        what = (
            f'driver: duckdb.processor, config: {{query: "{WORK}"}}'
            if kind == "work"
            else 'driver: python.callable, config: {function: "nothing:nothing"}'
        )
        lines.append(f"  - {{id: s{index}{needs}, {what}}}")
    return "\n".join(lines) + "\n"


def measure(checker: Checker, path: Path, root: Path, target: str) -> float:
    """Return the wall time of one run in seconds."""
    loaded = load(path, project_root=root)
    started = time.perf_counter()
    record = checker.check(loaded, [target])
    elapsed = time.perf_counter() - started
    if not record.passed:
        raise SystemExit(f"{path.name} on {target}: {record.headline}")
    return elapsed


def main() -> int:
    """Print one row per pipeline: medians in seconds and the ratio e2b / local with its range."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    print(f"{'pipeline':>14} {'local s':>9} {'e2b s':>9} {'e2b/local':>10} {'min':>6} {'max':>6}   rounds: {rounds}")
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        (root / "pyproject.toml").write_text("")
        (root / "code").mkdir()
        (root / "code" / "nothing.py").write_text("def nothing(inputs, ctx):\n    return None\n")
        with Checker(CheckOptions(project_root=root)) as checker:
            for kind, steps in (("no-op", 1), ("no-op", 10), ("no-op", 60), ("no-op", 1000), ("work", 1), ("work", 10)):
                path = root / f"{kind}-{steps}.osiris.yaml"
                path.write_text(manifest(kind, steps))
                measure(checker, path, root, "e2b")  # the closure and the compiled files are made once
                times = [
                    (measure(checker, path, root, "local"), measure(checker, path, root, "e2b")) for _ in range(rounds)
                ]
                ratios = [e2b / local for local, e2b in times]
                print(
                    f"{kind + ' x' + str(steps):>14} {statistics.median(t[0] for t in times):9.3f}"
                    f" {statistics.median(t[1] for t in times):9.3f} {statistics.median(ratios):10.2f}"
                    f" {min(ratios):6.2f} {max(ratios):6.2f}"
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
