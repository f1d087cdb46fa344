"""How often triage names the right cause: seeded causes in made-up pipelines, and the divergent pipelines that ship.

    python benchmarks/triage.py --seeded 100      each cause planted 20 times by chance; the table of what was said
    python benchmarks/triage.py --fixtures        each divergent pipeline of fixtures/, run and run again for real

A seeded run is one of a pipeline that is not run: its sessions are made as `tests/parity/triage/worlds.py` does, so that thousands of
them are affordable and the truth about each is known. What is said is right, undecided (UNKNOWN, which is not wrong), or wrong.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from osiris_core.check import Checker, CheckOptions, load
from osiris_core.parity.triage.reruns import TriageBudget

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

CAUSES = ("flake", "rare flake", "environment", "transport", "code")
"""What is planted. A flake is two-valued on one target or both; a rare one made the first run odd, and shows in few others."""
FACTORS = (
    *(
        "time zone",
        "locale",
        "CPU count",
        "HOME",
        "working directory",
        "user",
        "host name",
        "limits",
        "network",
        "files",
    ),
    *("distributions", "variable REGION", "variable EDITOR", "variable NOISE_7", "variable NOISE_33"),
)

HOSTS: dict[str, dict[str, str]] = {
    "altitudes": {"LC_ALL": "de_DE.UTF-8"},
    "departure-board": {"TZ": "America/New_York"},
    "late-flights": {"DELAY_MINUTES": "60"},
    "regional-departures": {"REPORT_REGION": "JFK"},
    "short-names": {"HOME": "home"},
}
"""How the host is set up for a pipeline to diverge, as the tests do it."""


EXPECTED = {
    "altitudes": "ENVIRONMENT(locale)",
    "cancelled-parts": "ENVIRONMENT(CPU count)",
    "carrier-names": "ENVIRONMENT(files)",
    "colophon": "ENVIRONMENT(host name)",
    "daily-load": "NONDETERMINISTIC",
    "departure-board": "ENVIRONMENT(time zone)",
    "departures-page": "ENVIRONMENT(distributions)",
    "fleet-age": "ENVIRONMENT(files)",
    "late-flights": "ENVIRONMENT(variable DELAY_MINUTES)",
    "mean-weather": "ENVIRONMENT(CPU count)",
    "regional-departures": "ENVIRONMENT(variable REPORT_REGION)",
    "short-names": "ENVIRONMENT(HOME)",
    "sources": "ENVIRONMENT(working directory)",
    "spot-check": "NONDETERMINISTIC",
    "tail-numbers": "NONDETERMINISTIC or ENVIRONMENT(CPU count)",
}
"""What is right to say of each pipeline; whether threads show their order in so few runs is a matter of chance."""


def plant(cause: str, chance: random.Random, make: Callable[[Any], Any]) -> tuple[Any, str]:
    """Return a world with one cause in it, and what is right to say of it; `make` makes a world of what its runs write."""
    if cause == "environment":
        names = set(chance.sample(FACTORS, chance.choice((1, 1, 1, 2))))
        world = make(lambda target, factors: "there" if target == "e2b" or names <= factors else "here")
        return world, f"ENVIRONMENT of {' and '.join(sorted(names))}"
    if cause == "code":
        return make(lambda target, _: target), "CODE"
    if cause == "transport":
        world = make(lambda *_: "the same, where it was written")
        _damage(world, chance)
        return world, "TRANSPORT"
    flaky = chance.choice((("local",), ("e2b",), ("local", "e2b")))
    share = chance.uniform(0.3, 0.7) if cause == "flake" else chance.uniform(0.02, 0.2)
    first = {"local": "a", "e2b": "b"} if cause == "flake" else dict.fromkeys(flaky[:1], "b")

    def content(target: str, _: frozenset[str]) -> str:
        if target in first:
            return first.pop(target)
        if target not in flaky:
            return "a" if cause == "rare flake" or target == "local" else "b"
        return "b" if chance.random() < share else "a"

    return make(content), "NONDETERMINISTIC"


def _damage(world: Any, chance: random.Random) -> None:
    """Have what the world's first run in the sandbox wrote be damaged on its way."""
    run = world.run

    def damaged(target: str, factors: Any = ()) -> Any:
        session = run(target, factors)
        if target == "e2b":
            path = session.artifacts[chance.choice(sorted(session.artifacts))].absolute
            data = bytearray(path.read_bytes())
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            path.write_bytes(bytes(data))
        return session

    world.run = damaged


def is_right(said: str, right: str) -> bool:
    """Whether a cause is the planted one; the factors of an environment in any order."""
    if not right.startswith("ENVIRONMENT"):
        return said == right
    named = said.removeprefix("ENVIRONMENT(").removesuffix(")").split(" and ")
    return f"ENVIRONMENT of {' and '.join(sorted(named))}" == right


def seeded(runs: int) -> int:
    """Plant so many causes, print what was said of each, and return how many were named wrong."""
    from tests.parity.triage.worlds import World  # noqa: PLC0415 - needs the path that is set above

    said: dict[str, Counter[str]] = {cause: Counter() for cause in CAUSES}
    reruns: Counter[str] = Counter()
    started = time.process_time()
    for number in range(runs):
        cause = CAUSES[number % len(CAUSES)]
        with tempfile.TemporaryDirectory() as directory:
            world, right = plant(cause, random.Random(number), lambda content: World(Path(directory), content))
            found = world.triage()
        reruns[cause] += found.runs
        kind = "right" if is_right(found.cause, right) else "undecided" if found.cause == "UNKNOWN" else "WRONG"
        said[cause][kind] += 1
        if kind == "WRONG":
            print(f"seed {number}: planted {right}, said {found.cause}: {found.evidence}")
    print(f"{'planted':>14} {'right':>7} {'undecided':>10} {'wrong':>7} {'reruns each':>12}")
    for cause, counts in said.items():
        each = reruns[cause] / max(1, counts.total())
        print(f"{cause:>14} {counts['right']:>7} {counts['undecided']:>10} {counts['WRONG']:>7} {each:>12.1f}")
    together = sum(said.values(), Counter())
    print(f"{'together':>14} {together['right']:>7} {together['undecided']:>10} {together['WRONG']:>7}")
    print(
        f"{together['right'] / runs:.0%} right in {runs} runs; {time.process_time() - started:.1f} s of processor time"
    )
    return together["WRONG"]


def fixtures(names: list[str], elapsed_s: float) -> int:
    """Run and triage the divergent pipelines for real, print cause and runs, and return how many are not as expected."""
    wrong = 0
    directory = ROOT / "fixtures" / "manifests" / "divergent"
    names = names or sorted(
        path.name.removesuffix(".osiris.yaml") for path in directory.glob("*.yaml") if "healed" not in path.name
    )
    with tempfile.TemporaryDirectory() as scratch:
        options = CheckOptions(
            project_root=ROOT,
            session_root=Path(scratch),
            triage="divergent",
            triage_budget=TriageBudget(elapsed_s=elapsed_s),
        )
        with Checker(options) as checker:
            print(f"{'pipeline':>20} {'verdict':>17} {'runs':>5} {'s':>6}  cause")
            for name in names:
                with _host(name, Path(scratch) / "home"):
                    manifest = load(directory / f"{name}.osiris.yaml", project_root=ROOT)
                    record = checker.check(manifest, ("local", "e2b"))
                found = record.triage
                runs, seconds = (found.runs, found.elapsed_s) if found else (0, 0.0)
                cause = record.cause or (found.cause if found else "")
                good = bool(cause) and cause in EXPECTED[name].split(" or ")
                wrong += not good
                remark = "" if good else f"   expected: {EXPECTED[name]}"
                print(f"{name:>20} {record.verdict!s:>17} {runs:>5} {seconds:>6.1f}  {cause}{remark}", flush=True)
                if found is not None and found.cause in {"UNKNOWN", "CODE"}:
                    print(f"{'':>20} {found.evidence} not tried: {found.not_tried}", flush=True)
    return wrong


class _host:  # noqa: N801 - used as a function
    """The host as a pipeline diverges on it, while the block runs."""

    def __init__(self, name: str, home: Path) -> None:
        self._variables = {key: str(home) if key == "HOME" else value for key, value in HOSTS.get(name, {}).items()}
        cache = home / ".cache" / "flightdesk" / "names.json"
        cache.parent.mkdir(parents=True, exist_ok=True)
        cache.write_text('{"ATL": "Hotlanta"}', encoding="utf-8")
        self._before: dict[str, str] = {}

    def __enter__(self) -> None:
        self._before = dict(os.environ)
        os.environ.update(self._variables)

    def __exit__(self, *_: object) -> None:
        os.environ.clear()
        os.environ.update(self._before)


def main() -> int:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeded", type=int, default=0, metavar="N", help="how many causes are planted")
    parser.add_argument("--fixtures", action="store_true", help="triage the divergent pipelines for real")
    parser.add_argument(
        "--elapsed", type=float, default=600.0, metavar="S", help="seconds for each of them (default: 600)"
    )
    parser.add_argument("names", nargs="*", help="only these pipelines")
    given = parser.parse_args()
    if given.fixtures:
        return min(1, fixtures(given.names, given.elapsed))
    return min(1, seeded(given.seeded or 100))


if __name__ == "__main__":
    raise SystemExit(main())
