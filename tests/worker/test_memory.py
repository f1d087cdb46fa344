"""A process that was killed for its memory is told from one that was killed for anything else, by what shows it."""

from __future__ import annotations

import pytest

from osiris_core.worker.memory import MemoryWatch

MB = 1 << 20
EVENTS = "low 0\nhigh 3\nmax 9\noom 2\noom_kill {}\noom_group_kill 0\n"


class Kernel:
    """The files in which a kernel tells what it allows and whom it killed, for a process in the group /a/b."""

    def __init__(self, root, version):
        """Make them, with a limit of 100 MB above the process's own group."""
        self.proc, self.cgroups = root / "proc", root / "cgroups"
        self.group = self.cgroups / ("a/b" if version == 2 else "memory/a/b")
        self._version = version
        for directory in (self.proc / "self", self.group):
            directory.mkdir(parents=True)
        named = "0::/a/b\n" if version == 2 else "5:cpu,cpuacct:/\n4:memory:/a/b\n0::/\n"
        (self.proc / "self" / "cgroup").write_text(named)
        above = {2: "memory.max", 1: "memory.limit_in_bytes"}[version]
        (self.group / above).write_text({2: "max\n", 1: f"{2**63 - 4096}\n"}[version])
        (self.group.parent / above).write_text(f"{100 * MB}\n")
        self.killed(group=0, machine=5)

    def killed(self, *, group, machine):
        """Say how many were killed by now."""
        if self._version == 2:
            (self.group / "memory.events").write_text(EVENTS.format(group))
        else:
            text = f"oom_kill_disable 0\nunder_oom 0\noom_kill {group}\n"
            (self.group / "memory.oom_control").write_text(text)
        (self.proc / "vmstat").write_text(f"nr_free_pages 7\noom_kill {machine}\nswap_ra 1\n")

    def watch(self, limit_mb=None):
        """What the supervisor makes of it."""
        return MemoryWatch(limit_mb=limit_mb, proc=self.proc, cgroups=self.cgroups)


@pytest.fixture(params=[1, 2], ids=["cgroup v1", "cgroup v2"])
def kernel(request, tmp_path):
    """A kernel with control groups of either version."""
    return Kernel(tmp_path, request.param)


def test_without_evidence_nothing_is_claimed(kernel):
    """Killed by somebody, with little memory, and nothing counted: that is a crash like any other."""
    assert kernel.watch().verdict(peak_bytes=89 * MB) is None


def test_the_kernels_count_in_the_group_is_evidence(kernel):
    """However little it held: the group as a whole had too much, and the limit above it is said."""
    watch = kernel.watch()
    kernel.killed(group=1, machine=6)
    found = watch.verdict(peak_bytes=3 * MB)
    assert (found.limit_bytes, found.peak_bytes) == (100 * MB, 3 * MB)
    assert found.evidence == "the kernel counts another process killed for lack of memory in this cgroup"


def test_the_kernels_count_of_the_machine_is_evidence(kernel):
    """Where the group has no limit, or a place of its own, the machine's count says it."""
    watch = kernel.watch()
    kernel.killed(group=0, machine=6)
    assert watch.verdict(peak_bytes=3 * MB).evidence.endswith("on this machine")


def test_what_was_counted_before_the_run_is_no_evidence(kernel):
    """Somebody else's misfortune: only a count that rose during the run means something."""
    kernel.killed(group=7, machine=9)
    assert kernel.watch().verdict(peak_bytes=3 * MB) is None


@pytest.mark.parametrize(("peak_mb", "judged"), [(44, False), (45, True), (80, True)])
def test_who_held_nearly_all_of_the_limit_was_killed_for_it(kernel, peak_mb, judged):
    """The target's own limit goes before the group's; a process never holds quite all of it."""
    found = kernel.watch(limit_mb=50).verdict(peak_bytes=peak_mb * MB)
    assert (found is not None) == judged
    if found is not None:
        assert (found.limit_bytes, found.evidence) == (
            50 * MB,
            "it was killed when it held nearly all that the limit allows",
        )


def test_a_machine_that_tells_nothing_is_no_evidence(tmp_path):
    """Without /proc and control groups, and without a limit, there is nothing to claim."""
    watch = MemoryWatch(limit_mb=None, proc=tmp_path / "none", cgroups=tmp_path / "none")
    assert watch.verdict(peak_bytes=1 << 40) is None


KILLED = """
import signal
def grow(config, inputs, ctx):
    held = b"x" * (config["mb"] << 20)
    os.kill(os.getpid(), config["signal"])
"""


def test_a_killed_driver_that_held_too_much_is_out_of_memory(worker):
    """The run ends with the limit and the peak, the step has failed, and what it left is kept."""
    step = ("grow", "grow", (), {"mb": 80, "signal": 9})
    run = worker.run(KILLED, step, ("next", "grow", ("grow",)), memory_mb=64)
    error = run.terminal["error"]
    assert (run.terminal["outcome"], run.terminal["failed_step"], error["type"]) == (
        "out_of_memory",
        "grow",
        "OutOfMemory",
    )
    assert error["message"] == (
        "the executor was killed for lack of memory, of which it may have 64 MB, while step 'grow' ran"
    )
    assert (error["data"]["step"], error["data"]["limit_bytes"]) == ("grow", 64 * MB)
    assert 80 * MB <= error["data"]["peak_bytes"] < 160 * MB
    assert run.state("grow") == ("failed", None, None)
    assert run.state("next") == ("skipped", "upstream-failed", "grow")
    assert run.events()[-1] == "run_failed"


@pytest.mark.parametrize("config", [{"mb": 80, "signal": 11}, {"mb": 1, "signal": 9}])
def test_a_driver_that_ends_otherwise_is_a_crash(worker, config):
    """A segmentation fault with much memory, a kill with little: neither is called what it is not."""
    run = worker.run(KILLED, ("grow", "grow", (), config), memory_mb=80 if config["mb"] > 1 else 4096)
    assert run.terminal["outcome"] == "crashed"


def test_a_driver_that_is_refused_memory_has_failed(worker):
    """An allocation that the system refuses is an exception of the driver's; nothing was killed."""
    run = worker.run("def grow(config, inputs, ctx): bytearray(1 << 60)", "grow", memory_mb=64)
    assert (run.terminal["outcome"], run.terminal["error"]["type"]) == ("failed", "MemoryError")


def test_the_executor_is_offered_first(worker):
    """To the kernel and to whoever chooses like it; the supervisor keeps its own standing."""
    source = """
    def look(config, inputs, ctx):
        for name, pid in (("own", os.getpid()), ("supervisor", os.getppid())):
            ctx.log_metric(name, int(open(f"/proc/{pid}/oom_score_adj").read()))
    """
    run = worker.run(source, "look")
    found = {record["name"]: record["value"] for record in run.of_kind("metric")}
    assert (found["own"], found["supervisor"]) == (500, 0)
