"""Files that are staged for a run, and files that leave it."""

from __future__ import annotations

import os
import resource
from pathlib import Path

from osiris_core.wire.pack import PackEntry, write_pack

READ = """
def read(config, inputs, ctx):
    (ctx.output_dir / "copy.txt").write_text(open("../data/in.txt").read())
    os.chmod(ctx.output_dir / "copy.txt", 0o755)
"""


def stage(worker, entries):
    """Put a workspace pack into the run directory, and send the run to a directory that does not exist yet."""
    target = worker.project.parent / "staged"
    worker.prepare(
        READ,
        [("read", "read", (), {})],
        project_dir=str(target),
        work_dir=str(target / "pipelines"),
        artifacts_travel=True,
    )
    with (worker.run_directory / "workspace.pack").open("wb") as out:
        write_pack(out, entries)
    return target


def test_staged_files_are_there_with_mode_and_time(worker):
    """A workspace pack is unpacked into the project directory; the working directory is made."""
    target = stage(
        worker, [PackEntry(path="data/in.txt", source=b"hello", mode=0o640, mtime_ns=1_600_000_000_000_000_000)]
    )
    worker.start()
    run = worker.finish()
    assert run.terminal["outcome"] == "succeeded"
    status = (target / "data" / "in.txt").stat()
    assert (status.st_mode & 0o777, status.st_mtime_ns) == (0o640, 1_600_000_000_000_000_000)


def test_a_damaged_workspace_starts_nothing(worker):
    """One flipped byte in the staged files: no step runs, exit code 3, one sentence."""
    stage(worker, [PackEntry(path="data/in.txt", source=b"hello", mode=0o644)])
    pack = worker.run_directory / "workspace.pack"
    pack.write_bytes(pack.read_bytes().replace(b"hello", b"hullo"))
    worker.start()
    run = worker.finish()
    assert (run.exit_code, run.spool) == (3, b"")
    assert b"'data/in.txt' does not have the digest" in run.stderr


def test_a_full_disk_is_said(worker):
    """When the spool cannot grow, the run ends as that, with what is known of the disk; what was written stays whole."""
    source = """
    import threading
    def fill(config, inputs, ctx):
        for n in range(100): ctx.log_event("filler", text="x" * 50_000)
        threading.Event().wait()
    """
    worker.prepare(source, [("fill", "fill", (), {})])
    limit = 30 * 50_200 + 30_000
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * limit, hard))
    try:
        process = worker.start()
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit, hard))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    run = worker.finish()
    assert run.exit_code == 0
    assert run.terminal["outcome"] == "disk_full"
    error, data = run.terminal["error"], run.terminal["error"]["data"]
    assert (error["type"], error["message"].partition(";")[0]) == (
        "DiskFull",
        "the spool could not be written: File too large",
    )
    assert (data["step"], data["errno"], data["path"]) == ("fill", "EFBIG", "spool/00000000.os1")
    assert data["needed_bytes"] > 50_000
    assert data["free_bytes"] > 0
    assert run.state("fill") == ("failed", None, None)
    assert run.events("fill")[-1] == "step_failed"
    assert run.terminal["digest"] == run.digest_before(run.terminal["frames"])
    assert run.terminal["counts"]["event"] == len(run.of_kind("event"))


def test_much_output_does_not_grow_the_supervisor(worker):
    """48 MB printed by a step pass through a supervisor that stays below 48 MB itself, and none is missing."""
    source = """
    def much(config, inputs, ctx):
        block = bytes(range(256)) * 256
        for _ in range(768): os.write(1, block)
        status = open(f"/proc/{os.getppid()}/status").read()
        ctx.log_metric("peak", int(status.partition("VmHWM:")[2].split()[0]), unit="KiB")
    """
    worker.prepare(source, [("much", "much", (), {})])
    with Path(os.devnull).open("wb") as nowhere:
        worker.start(stdout=nowhere)
    run = worker.finish()
    assert run.terminal["outcome"] == "succeeded"
    assert run.printed("much") == bytes(range(256)) * 256 * 768
    (peak,) = [record["value"] for record in run.of_kind("metric") if record["name"] == "peak"]
    assert peak < 48 * 1024
