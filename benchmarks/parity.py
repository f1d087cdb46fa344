"""How long comparing takes, and how much memory, beside what others need for the same data in the same run.

    python benchmarks/parity.py records [--events N] [--differing N] [--deepdiff N]
    python benchmarks/parity.py trees [--files N] [--big-mb N]
    python benchmarks/parity.py tables [--rows N]
    python benchmarks/parity.py big-table [--rows N]
    python benchmarks/parity.py peers --peers-environment DIR       make an environment for diffoscope and datacompy

Each also takes --scratch DIR, --rounds N and --peers-environment DIR. The data is made from a seed below the scratch directory and
kept there. Every row is a process of its own, run in turn with the others: processor time is its user and system time, the
median of the rounds, memory its peak. `base` is a process that only imports what ours does. What is not installed is left out,
with a sentence.
"""

# ruff: noqa: PLC0415 - a job loads only what it measures

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import parity_data as data

PEERS = ("diffoscope", "datacompy==1.1.0")
_LIMIT_S = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one process needed, the median of its rounds, and the last line that it printed."""

    name: str
    wall_s: float
    cpu_s: float
    peak_mb: float
    said: str


def measured(name: str, command: list[str], rounds: int) -> Row:
    """Run a command some times."""
    walls, cpus, peaks, said = [], [], [], ""
    for _ in range(rounds):
        with tempfile.TemporaryFile() as out:
            start = time.perf_counter()
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
            _, status, used = os.wait4(process.pid, 0)
            walls.append(time.perf_counter() - start)
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            lines = out.read().decode(errors="replace").strip().splitlines()
            said = lines[-1] if lines else f"exit code {process.returncode}"
        cpus.append(used.ru_utime + used.ru_stime)
        peaks.append(used.ru_maxrss / 1024)
    return Row(
        name=name,
        wall_s=statistics.median(walls),
        cpu_s=statistics.median(cpus),
        peak_mb=max(peaks),
        said=said,
    )


def table(rows: list[Row], against: str) -> None:
    """Print rows with their share of one of them."""
    base = next((row for row in rows if row.name == against), rows[0])
    print(f"{'':>34} {'wall s':>8} {'cpu s':>8} {'peak MB':>8} {'cpu / ' + base.name:>20}")
    for row in rows:
        print(
            f"{row.name:>34} {row.wall_s:8.2f} {row.cpu_s:8.2f} {row.peak_mb:8.0f} {row.cpu_s / max(base.cpu_s, 1e-9):20.2f}"
            f"  {row.said[:100]}"
        )


def made(rows: int, kind: str, scratch: Path) -> tuple[Path, Path, Path]:
    """Return tables, made by another process: the peak of a child begins with what its parent holds."""
    subprocess.run(ours("make-tables", scratch, rows, kind), check=True)
    return data.tables(scratch, rows, kind)


def ours(job: str, *arguments: object) -> list[str]:
    """Return the command of one of our own jobs in a process of its own."""
    return [sys.executable, __file__, "job", job, *map(str, arguments)]


def peer(given: argparse.Namespace, name: str) -> str | None:
    """Return a program of the peers' environment, or of the path; None, with a sentence, where there is none."""
    folder = given.peers_environment
    place = shutil.which(name, path=str(folder / "bin")) if folder else None
    found = place or shutil.which(name)
    if found is None:
        print(f"{name} is not installed: left out (`peers --peers-environment DIR` makes an environment with it)")
    return found


def peer_python(given: argparse.Namespace, module: str) -> str | None:
    """Return an interpreter of the peers' environment that has a module; None, with a sentence, where there is none."""
    python = given.peers_environment / "bin" / "python" if given.peers_environment else Path(sys.executable)
    if (
        python.exists()
        and subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False).returncode == 0
    ):
        return str(python)
    print(f"{module} is not installed: left out")
    return None


def records(given: argparse.Namespace) -> None:
    """Compare the events of two sessions."""
    left, right = data.sessions(given.scratch, given.events, given.differing)
    files = [str(folder / "events.jsonl") for folder in (left, right)]
    rows = [
        measured("base", ours("base"), given.rounds),
        measured("ours", ours("records", left, right), given.rounds),
        measured("ours, just written", ours("records-written", left, right), given.rounds),
        measured("floor: parse every line", ours("parse", *files), given.rounds),
    ]
    if shutil.which("diff"):
        plain = [str(data.without_times(Path(file))) for file in files]
        rows.append(measured("GNU diff, times cut off before", ["diff", *plain], given.rounds))
    if given.deepdiff:
        small = data.sessions(given.scratch, given.deepdiff, given.differing)
        jobs = ours("deepdiff", *(folder / "events.jsonl" for folder in small))
        rows.append(measured(f"deepdiff, {given.deepdiff:,} only", jobs, 1))
    table(rows, "floor: parse every line")


def trees(given: argparse.Namespace) -> None:
    """Compare two trees of files."""
    left, same, other = data.trees(given.scratch, given.files, given.big_mb)
    for name, right in (("equal", same), ("5 differ", other)):
        print(f"{name}:")
        rows = [
            measured("base", ours("base"), given.rounds),
            measured("ours, bytes", ours("tree-bytes", left, right), given.rounds),
            measured("osiris-parity diff", ours("diff", left, right), given.rounds),
        ]
        if shutil.which("diff"):
            rows.insert(0, measured("diff -rq", ["diff", "-rq", str(left), str(right)], given.rounds))
        if program := peer(given, "diffoscope"):
            report = given.scratch / "diffoscope.json"
            limited = ["timeout", str(_LIMIT_S), program, "--json", str(report), str(left), str(right)]
            rows.append(measured("diffoscope", limited, 1))
        table(rows, "diff -rq")


def tables(given: argparse.Namespace) -> None:
    """Compare two tables in files."""
    python = peer_python(given, "datacompy")
    for kind in ("parquet", "csv"):
        left, same, other = made(given.rows, kind, given.scratch)
        for name, right in (("same rows shuffled", same), ("10 cells", other)):
            print(f"{kind}, {given.rows:,} rows, {name}:")
            rows = [
                measured("base", ours("base"), given.rounds),
                measured("ours", ours("table", left, right), given.rounds),
            ]
            if python is not None:
                code = (
                    f"import polars as p, datacompy as d; c = d.PolarsCompare(*(p.read_{kind}(x) for x in {[str(left), str(right)]}),"
                    " join_columns=['id']); print(c.matches())"
                )
                rows.append(measured("datacompy (polars)", [python, "-c", code], given.rounds))
            table(rows, "ours")


def big_table(given: argparse.Namespace) -> None:
    """Compare two large tables: memory is what counts."""
    left, same, _ = made(given.rows, "parquet", given.scratch)
    table([measured(f"ours, {given.rows:,} rows", ours("table", left, same), 1)], "ours")


def peers(given: argparse.Namespace) -> None:
    """Make an environment for those whose pins clash with ours."""
    if given.peers_environment is None:
        sys.exit("say where: --peers-environment DIR")
    subprocess.run([sys.executable, "-m", "venv", given.peers_environment], check=True)
    subprocess.run([given.peers_environment / "bin" / "pip", "install", "--quiet", *PEERS], check=True)


def job(name: str, paths: list[Path]) -> None:
    """Do one of our own jobs, in this process."""
    from osiris_core.parity.compare import compare
    from osiris_core.parity.kinds.binary import differing_ranges, same_content
    from osiris_core.parity.kinds.protocol import FilePair
    from osiris_core.parity.kinds.registry import compare_files
    from osiris_core.session.files import tree_files
    from osiris_core.session.lines import decode_line
    from osiris_core.session.reader import assemble, open_session

    if name in {"records", "records-written"}:
        opened = [open_session(path) if name == "records" else assemble(path, {}) for path in paths]
        result = compare(*opened)
        print(f"{result.verdict}, {result.findings_total:,} findings, {len(result.findings)} kept")
    elif name == "parse":
        print(sum(decode_line(line)["event"] == "page_made" for path in paths for line in path.open("rb")))
    elif name == "deepdiff":
        from deepdiff import DeepDiff

        sides = [[decode_line(line) for line in path.open("rb")] for path in paths]
        for event in (event for side in sides for event in side):
            event.pop("ts")
        print(len(DeepDiff(*sides, ignore_private_variables=False).to_dict().get("values_changed", ())), "values")
    elif name == "tree-bytes":
        left, right = paths
        names = sorted(path for path, _ in tree_files(left))
        differing = [path for path in names if not same_content(left / path, right / path)]
        told = [differing_ranges(left / path, right / path) for path in differing]
        print(f"{len(differing)} of {len(names)} differ, in {sum(each.blocks for each in told if each)} blocks")
    elif name == "diff":
        from osiris_core.cli.main import main

        sys.exit(main(["diff", *map(str, paths)]))
    elif name == "table":
        told = compare_files(
            FilePair(path=f"step/{paths[0].name}", left=paths[0], right=paths[1], labels=("left", "right"))
        )
        aside = ", ".join(each.rule for each in told.set_aside)
        print(*([found.message for found in told.findings] or [f"equal under {aside}"]), *told.not_compared)


def main() -> None:
    """Run one comparison, or one job of it."""
    if sys.argv[1:3] == ["job", "make-tables"]:
        data.tables(Path(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
        return
    if sys.argv[1:2] == ["job"]:
        job(sys.argv[2], [Path(each) for each in sys.argv[3:]])
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    options = {
        records: {"--events": 100_000, "--differing": 10, "--deepdiff": 2_000},
        trees: {"--files": 1_000, "--big-mb": 500},
        tables: {"--rows": 1_000_000},
        big_table: {"--rows": 20_000_000},
        peers: {},
    }
    for function, numbers in options.items():
        command = commands.add_parser(function.__name__.replace("_", "-"), help=function.__doc__)
        for option, default in numbers.items():
            command.add_argument(option, type=int, default=default)
        command.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "osiris-parity-benchmark")
        command.add_argument("--rounds", type=int, default=3)
        command.add_argument("--peers-environment", type=Path)
        command.set_defaults(function=function)
    given = parser.parse_args()
    given.scratch.mkdir(parents=True, exist_ok=True)
    print(
        f"{time.strftime('%Y-%m-%d')}, Python {platform.python_version()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}"
    )
    given.function(given)


if __name__ == "__main__":
    main()
