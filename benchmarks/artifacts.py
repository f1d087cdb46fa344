"""How artifacts come back from the embedded sandbox: very many tiny ones, one huge one, and beside the next step.

    python benchmarks/artifacts.py [--files N] [--megabytes N] [--wait-s S]

Tiny: the whole run, and its ratio to packing and unpacking the same files with `tarfile` in the same minute. Huge: the
download is cut once, halfway; the host's memory is its highest before and after. Overlap: a step that leaves the huge
file and one that waits, against the first alone and the waiting added.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tarfile
import tempfile
import time
from pathlib import Path

from osiris_core.check import Checker, CheckOptions, load
from osiris_core.sandbox.launch import ServerProcess
from osiris_core.testing import Fault, fault_plan

CODE = """
import os
import time

def tiny(inputs, ctx, files):
    for number in range(files):
        directory = ctx.output_dir / f"{number // 1000:04d}"
        directory.mkdir(exist_ok=True)
        (directory / f"{number}.txt").write_text(f"file {number}")

def huge(inputs, ctx, megabytes):
    with open(ctx.output_dir / "huge.bin", "wb") as out:
        block = os.urandom(1 << 20)
        for number in range(megabytes):
            out.write(block)

def wait(inputs, ctx, seconds):
    time.sleep(seconds)
"""


def manifest(*steps: str) -> str:
    """Return a manifest of these calls, one behind the other."""
    lines = ['osiris: "1"', "pipeline: {id: leaving}", "code: [code]", "resources: {memory_mb: 4096, disk_mb: 8192}"]
    lines.append("steps:")
    for index, call in enumerate(steps):
        needs = f", needs: [s{index - 1}]" if index else ""
        name, _, argument = call.partition(" ")
        config = f'{{function: "leaving:{name}", kwargs: {{{argument}}}}}'
        lines.append(f"  - {{id: s{index}{needs}, driver: python.callable, config: {config}}}")
    return "\n".join(lines) + "\n"


def measure(checker: Checker, root: Path, *steps: str) -> tuple[float, Path]:
    """Run it in the sandbox; return the wall time in seconds, and the session's directory."""
    path = root / "leaving.osiris.yaml"
    path.write_text(manifest(*steps))
    started = time.perf_counter()
    record = checker.check(load(path, project_root=root), ["e2b"])
    elapsed = time.perf_counter() - started
    if not record.passed:
        raise SystemExit(f"{steps}: {record.headline}")
    return elapsed, root / record.targets[0].session_directory


def tar_seconds(tree: Path, scratch: Path) -> float:
    """Return how long `tarfile` takes to pack a tree and to unpack it again."""
    started = time.perf_counter()
    with tarfile.open(scratch / "peer.tar", "w") as out:
        out.add(tree, "tree")
    with tarfile.open(scratch / "peer.tar") as packed:
        packed.extractall(scratch / "peer", filter="data")
    return time.perf_counter() - started


def highest_mb() -> int:
    """Return the most memory that this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def main() -> int:
    """Print one line a question."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--megabytes", type=int, default=2048)
    parser.add_argument("--wait-s", type=float, default=10.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, ServerProcess.start() as server:
        root = Path(scratch) / "project"
        (root / "code").mkdir(parents=True)
        (root / "pyproject.toml").write_text("")
        (root / "code" / "leaving.py").write_text(CODE)
        with Checker(CheckOptions(project_root=root), server=server.address) as checker:
            measure(checker, root, "wait seconds: 0")
            before = highest_mb()
            fault = Fault(at="download", what="cut", after_bytes=given.megabytes << 19, times=1)
            with fault_plan(fault, server=server.address):
                huge_s, _ = measure(checker, root, f"huge megabytes: {given.megabytes}")
            print(
                f"huge: {given.megabytes} MiB in {huge_s:.1f} s, cut once; memory {before} -> {highest_mb()} MiB",
                flush=True,
            )
            alone_s, _ = measure(checker, root, f"huge megabytes: {given.megabytes}")
            both_s, _ = measure(checker, root, f"huge megabytes: {given.megabytes}", f"wait seconds: {given.wait_s}")
            print(
                f"overlap: {both_s:.1f} s with {given.wait_s:g} s of another step, {alone_s:.1f} s without it: "
                f"{both_s / (alone_s + given.wait_s):.2f} of one after the other",
                flush=True,
            )
            tiny_s, session = measure(checker, root, f"tiny files: {given.files}")
            tar_s = tar_seconds(session / "artifacts", Path(scratch))
            print(
                f"tiny: {given.files} files in {tiny_s:.1f} s; tarfile {tar_s:.1f} s; ratio {tiny_s / tar_s:.2f}",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
