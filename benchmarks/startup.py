"""What having a plugin installed costs a run of one test that does not use it: bare pytest, ours, and others.

    python benchmarks/startup.py [--rounds N]

Each run is a process of its own that loads one plugin and no other that is installed. A round has one run of each, in an order
that turns round by round, and its ratios are to its own bare run, in processor time of user and system. The modules are
those that are loaded when the process ends, beyond those of bare pytest; ours are those of this project.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

BUDGET = 1.03
BARE = "bare pytest"
CASES = {
    BARE: (),
    "osiris": ("osiris",),
    "xdist": ("xdist",),
    "syrupy": ("syrupy",),
    "pytest-html": ("metadata", "html"),
}
"""Each case by the names of the entry points that it loads."""
AT_THE_END = """
import atexit, json, os, sys

if "MODULES" in os.environ:
    atexit.register(lambda: open(os.environ["MODULES"], "w").write(json.dumps(sorted(sys.modules))))
"""


def run(directory: Path, case: str, **variables: str) -> float:
    """Run the one test with the plugins of a case; return the seconds of processor time that it took."""
    loaded = [word for name in CASES[case] for word in ("-p", name)]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *loaded]
    process = subprocess.Popen(
        command,
        cwd=directory,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **variables},
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{case}: pytest ended with {process.returncode}; are all dev dependencies installed?")
    return usage.ru_utime + usage.ru_stime


def modules(directory: Path, case: str) -> set[str]:
    """Return the modules that are loaded at the end of a run."""
    file = directory / "modules.json"
    run(directory, case, MODULES=str(file))
    return set(json.loads(file.read_text()))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "test_one.py").write_text("def test_one():\n    pass\n")
        (directory / "conftest.py").write_text(AT_THE_END)
        loaded = {case: modules(directory, case) for case in CASES}  # compiles everything, too
        seconds: dict[str, list[float]] = {case: [] for case in CASES}
        for number in range(rounds):
            order = list(CASES)[number % len(CASES) :] + list(CASES)[: number % len(CASES)]
            for case in order if number % 2 else reversed(order):
                seconds[case].append(run(directory, case))
    print(f"{rounds} rounds, load {os.getloadavg()[0]:.1f}, bare pytest: {len(loaded[BARE])} modules")
    print("                  cpu ms  least   ratio   of least   modules   ours")
    least = min(seconds[BARE])
    for case, times in seconds.items():
        ratio = statistics.median(mine / bare for mine, bare in zip(times, seconds[BARE], strict=True))
        more = loaded[case] - loaded[BARE]
        ours = [each for each in more if each.startswith(("pytest_osiris", "osiris_core"))]
        print(
            f"{case:>15} {statistics.median(times) * 1000:8.0f} {min(times) * 1000:6.0f} {ratio:7.3f} {min(times) / least:10.3f}"
            f" {len(more):9} {len(ours):6}"
        )
    mine = statistics.median(ours / bare for ours, bare in zip(seconds["osiris"], seconds[BARE], strict=True))
    print(f"budget of ours: {BUDGET}; {'kept' if mine <= BUDGET else 'not kept'} by the median")


if __name__ == "__main__":
    main()
