"""Measures the worker: records a second against a bare loop that only writes them, and what a dead host costs.

    python benchmarks/worker.py [--records N] [--rounds N]

`floor` encodes and writes the same events with `json.dumps` and `write`. `live` is a worker whose stdout is read, `dead` one
whose stdout nobody reads: below the spool's cap that must not make a difference. `stalled` is the longest time between two
events of a driver whose host has stopped reading, as the driver itself measures it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from osiris_core.backends.bundle import build_bundle
from osiris_core.drivers.registry import builtin_specs
from osiris_core.wire.request import Placement, RunRequest

DRIVER = """
import time

def emit(inputs, ctx, records):
    started = latest = time.perf_counter()
    longest = 0.0
    for number in range(records):
        ctx.log_event("row_group_done", number=number, table="flights", rows=5000, note="x" * 40)
        now = time.perf_counter()
        longest, latest = max(longest, now - latest), now
    ctx.log_metric("emitting_s", latest - started)
    ctx.log_metric("longest_wait_s", longest)
"""


def floor(records: int, path: Path) -> float:
    """Return how long a bare loop takes for the same events."""
    started = time.perf_counter()
    with path.open("wb", buffering=0) as out:
        for number in range(records):
            event = {
                "kind": "event",
                "ts": "2026-01-02T03:04:05.000006Z",
                "step": "emit",
                "name": "row_group_done",
                "data": {"number": number, "table": "flights", "rows": 5000, "note": "x" * 40},
            }
            out.write(json.dumps(event, sort_keys=True, separators=(",", ":")).encode() + b"\n")
    return time.perf_counter() - started


def worker(records: int, root: Path, *, read: bool) -> tuple[float, float]:
    """Run a worker on one step; return its seconds and the longest wait of its driver."""
    run, code = root / "run", root / "code"
    for directory in (run, code):
        directory.mkdir()
    (code / "emitting.py").write_text(DRIVER, encoding="utf-8")
    bundle, spec = build_bundle(), builtin_specs()["python.callable"]
    kwargs = {"records": records}
    step = {"id": "emit", "driver": "python.callable", "needs": []}
    config = {"function": "emitting:emit", "kwargs": kwargs}
    manifest: dict[str, Any] = {"osiris": "1", "pipeline": {"id": "bench"}, "steps": [{**step, "config": config}]}
    request = RunRequest(
        session_id="20260102T030405Z-00000001",
        manifest=manifest,
        order=("emit",),
        logical_now="2026-01-02T03:04:05.000006Z",
        seed=7,
        drivers={"python.callable": {"target": spec.target, "frame": "arrow", "effects": "artifacts"}},
    )
    placement = Placement(
        target="local",
        bundle=str(bundle.path),
        run_dir=str(run),
        project_dir=str(root),
        work_dir=str(root),
        sys_path=(str(code),),
        variables={},
        artifacts_travel=False,
        stdin_end_cancels=False,
    )
    (run / "request.json").write_bytes(request.to_bytes())
    (run / "placement.json").write_bytes(placement.to_bytes())
    command = [sys.executable, "-s", "-P", str(bundle.path), "run", str(run)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        reader = threading.Thread(target=_drain, args=(process,))
        if read:
            reader.start()
        process.wait()
        if read:
            reader.join()
    return _told(run / "spool")


def _drain(process: subprocess.Popen[bytes]) -> None:
    if process.stdout is not None:
        while process.stdout.read1(1 << 16):  # type: ignore[attr-defined]  # a BufferedReader, as text was not asked for
            pass


def _told(spool: Path) -> tuple[float, float]:
    """Return the seconds from the step's start to the terminal record, and the longest wait, as the spool tells them."""
    text = b"".join(path.read_bytes() for path in sorted(spool.glob("*.os1")))
    lines = text.splitlines()
    terminal = json.loads(lines[-1].split(b" ", 7)[7])
    if terminal["outcome"] != "succeeded":
        raise SystemExit(f"the worker did not succeed: {terminal['error']}")
    start = next(json.loads(line.split(b" ", 7)[7]) for line in lines if b'"step_start"' in line)
    wait = next(json.loads(line.split(b" ", 7)[7]) for line in reversed(lines) if b'"longest_wait_s"' in line)
    begun, ended = (datetime.fromisoformat(each["ts"]) for each in (start, terminal))
    return (ended - begun).total_seconds(), float(wait["value"])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    taken: dict[str, list[float]] = {"floor": [], "live": [], "dead": []}
    waits: list[float] = []
    for _ in range(given.rounds):
        with tempfile.TemporaryDirectory() as directory:
            taken["floor"].append(floor(given.records, Path(directory) / "floor"))
        for name in ("live", "dead"):
            with tempfile.TemporaryDirectory() as directory:
                elapsed, wait = worker(given.records, Path(directory), read=name == "live")
            taken[name].append(elapsed)
            if name == "dead":
                waits.append(wait)
    write = sys.stdout.write
    write(f"{given.records} records, rounds: {given.rounds}, medians\n")
    for name, times in taken.items():
        median = statistics.median(times)
        ratio = median / statistics.median(taken["floor"])
        write(f"{name:>8}  {median:7.2f} s  {given.records / median:9.0f} records/s  {ratio:5.2f} x floor\n")
    ratios = [dead / live for dead, live in zip(taken["dead"], taken["live"], strict=True)]
    write(f"dead/live: {statistics.median(ratios):.3f} (from {min(ratios):.3f} to {max(ratios):.3f})\n")
    write(f"stalled: longest wait of the driver {max(waits) * 1000:.0f} ms\n")


if __name__ == "__main__":
    main()
