"""How many sandboxes one process can have in flight: N runs at once through one backend, and what each of them costs.

    python benchmarks/concurrency.py [N]

Every run waits inside its only step until all N have got there, so that N sandboxes really live at once. Memory is
the proportional set size of the server and everything below it, and of this process, where it grew.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from e2b import E2B

from osiris_core.check import Checker, CheckOptions, load
from osiris_core.sandbox.launch import ServerProcess
from osiris_core.session.writer import SessionWriter

MANIFEST = """
osiris: "1"
pipeline: {id: wait}
code: [code]
steps:
  - {id: act, driver: python.callable, config: {function: "act:act"}}
"""
ACT = """
import pathlib, time

def act(inputs, ctx):
    ctx.log_event("waiting")
    go = pathlib.Path.home() / "go"
    while not go.exists():
        time.sleep(0.2)
"""


def descendants(pid: int) -> list[int]:
    """Return a process and everything below it."""
    found = [pid]
    for each in found:
        for task in Path(f"/proc/{each}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split()]
    return found


def memory_mb(pids: list[int]) -> float:
    """Return the proportional set size of processes, those that have left aside."""
    total_kb = 0
    for pid in pids:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total_kb += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total_kb / 1024


def main(count: int) -> None:
    """Run, and print the table."""
    waiting: set[Path] = set()
    all_wait, lock, feed = threading.Event(), threading.Lock(), SessionWriter.feed

    def hooked(self: SessionWriter, data: bytes) -> None:
        feed(self, data)
        if b'"waiting"' in data:
            with lock:
                waiting.add(self.directory)
                if len(waiting) == count:
                    all_wait.set()

    SessionWriter.feed = hooked  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as place, ServerProcess.start() as server:
        root = Path(place)
        (root / "pyproject.toml").write_text("")
        (root / "code").mkdir()
        (root / "code" / "act.py").write_text(ACT)
        (root / "wait.osiris.yaml").write_text(MANIFEST)
        manifest = load(root / "wait.osiris.yaml", project_root=root)
        address = server.address
        client = E2B(api_key=address.api_key, api_url=address.url, sandbox_url=address.url).Sandbox
        idle = memory_mb(descendants(address.pid))
        with (
            Checker(CheckOptions(project_root=root, session_root=root), server=address) as checker,
            ThreadPoolExecutor(count) as pool,
        ):
            checker.start(["e2b"])
            own = memory_mb([os.getpid()])
            began = time.monotonic()
            runs = [pool.submit(checker.check, manifest, ["e2b"]) for _ in range(count)]
            while not all_wait.wait(1.0):
                if any(each.done() for each in runs):
                    print("a run ended before all of them had begun")
                    break
            reached_s = time.monotonic() - began
            alive, pages = [], client.list()
            while pages.has_next:
                alive += pages.next_items()
            busy = memory_mb(descendants(address.pid))
            grown = memory_mb([os.getpid()]) - own
            open_files = len(list(Path("/proc/self/fd").iterdir()))
            for each in alive:
                client.connect(each.sandbox_id).files.write("go", "")
            records = [each.result() for each in runs]
        left = len(client.list().next_items())
        took_s = time.monotonic() - began
        creations = [dict(each.targets[0].phases).get("create", 0.0) for each in records]
    print(f"in flight at once       {len(alive)}")
    print(f"passed                  {sum(each.passed for each in records)} of {count}")
    print(f"all begun after         {reached_s:.1f} s; all over after {took_s:.1f} s")
    print(f"create, median          {statistics.median(creations):.0f} ms")
    print(
        f"memory a sandbox        {(busy - idle) / count:.1f} MB at the server, {grown / count:.2f} MB in the host process"
    )
    print(f"descriptors of the host {open_files}")
    print(f"sandboxes left          {left}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
