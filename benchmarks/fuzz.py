"""How fast generated manifests are tried, and how soon planted bugs are found.

python benchmarks/fuzz.py [--examples N]     examples a second, warm and cold, over the drivers that ship
python benchmarks/fuzz.py --planted [--examples N]     three planted bugs: found at which example, and how small
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from hypothesis import HealthCheck, Phase, find, settings

from osiris_core.check import CheckOptions
from osiris_core.choices import TARGETS
from osiris_core.drivers.catalog import DriverCatalog
from osiris_core.fuzz.ground import memory_directory
from osiris_core.fuzz.hunt import Hunt, Plan
from osiris_core.fuzz.manifests import manifests
from osiris_core.fuzz.reproducer import write_reproducer
from osiris_core.fuzz.trial import Targets
from osiris_core.sandbox.launch import ServerProcess

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.fuzz.planted import SOURCE

BUGS = ("Normalising", "NanIsNull", "OtherOrder")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shrinks", type=int, default=500)
    parser.add_argument("--planted", action="store_true")
    parser.add_argument("--bugs", nargs="*", choices=BUGS, default=BUGS)
    given = parser.parse_args()
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=memory_directory())))
        server = stack.enter_context(ServerProcess.start()).address
        if given.planted:
            os.environ["PLANTED_ON"] = "host"
        options = CheckOptions(project_root=root)
        warm = stack.enter_context(Targets(root / "warm", TARGETS, options, server=server, warm=True))
        cold = stack.enter_context(Targets(root / "cold", TARGETS, options, server=server))
        if given.planted:
            planted(root, warm, cold, given)
        else:
            speed(warm, cold, given)
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs")


def speed(warm: Targets, cold: Targets, given: argparse.Namespace) -> None:
    """Print examples a second of wall and of CPU time; generating them is counted apart."""
    examples = []
    wanted = settings(
        max_examples=given.examples, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    started = cpu()
    try:
        find(manifests(), lambda each: bool(examples.append(each)), settings=wanted)
    except Exception as error:  # noqa: BLE001 - NoSuchExample, as meant
        print(type(error).__name__)
    print(f"generating: {1000 * (cpu() - started) / len(examples):.1f} ms of CPU each")
    for name, pair, some in (("warm", warm, examples), ("cold", cold, examples[: max(3, len(examples) // 20)])):
        pair.try_out(some[0])
        began, before, ended = time.monotonic(), cpu(), 0
        for example in some:
            ended += pair.try_out(example).kind is None
        rate, spent = len(some) / (time.monotonic() - began), (cpu() - before) / len(some)
        print(
            f"{name}: {rate:.1f} examples a second, {1000 * spent:.0f} ms of this process's CPU each, {len(some) - ended} finds"
        )


def planted(root: Path, warm: Targets, cold: Targets, given: argparse.Namespace) -> None:
    """Print where each planted bug was found, what was left of the example, and whether its test shows the bug alone."""
    (root / "code").mkdir()
    (root / "code" / "planted.py").write_text(SOURCE)
    for bug in given.bugs:
        spec = DriverCatalog().find(f"planted:{bug}", [root / "code"])
        strategy = manifests(drivers=[spec] if spec else [], code={"planted.py": SOURCE.encode()})
        plan = Plan(examples=given.examples, seed=given.seed, finds=1, shrinks=given.shrinks, sample=0)
        hunt = Hunt(strategy=strategy, warm=warm, cold=cold, plan=plan)
        finds = list(hunt.iterate())
        for each in finds:
            example = each.trial.example
            print(
                f"{bug}: at example {each.first_at}, {example.steps} steps and {example.rows} rows after "
                f"{each.shrinks} runs, seen in {each.seen} of {each.cold} cold checks; {hunt.distinct / hunt.looking_s:.1f} runs a second",
                flush=True,
            )
            test = write_reproducer(each, root / "finds").test
            ran = {on: tested(test, on) for on in ("host", "nowhere")}
            print(f"{bug}: {test.name} ends with {ran['host']}, and without the bug with {ran['nowhere']}", flush=True)
        if not finds:
            print(f"{bug}: NOT FOUND in {hunt.tried} examples", flush=True)


def tested(test: Path, planted_on: str) -> int:
    """Return pytest's exit code for a written test."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)]
    environment = {**os.environ, "PLANTED_ON": planted_on}
    return subprocess.run(command, env=environment, cwd=test.parent, capture_output=True, check=False).returncode


def cpu() -> float:
    """Return the CPU seconds of this process and of its children that have ended."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


if __name__ == "__main__":
    main()
