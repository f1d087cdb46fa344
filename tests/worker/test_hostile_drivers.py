"""What a driver may do to its process, and what the run says then: never a false success, never a broken frame."""

from __future__ import annotations

import os
import select
import subprocess
from pathlib import Path

import pytest

NEXT = ("next", "next_step")
AFTER = """
def next_step(config, inputs, ctx):
    print("whole again")
    print("on stderr too", file=sys.stderr)
"""


def assert_whole(run):
    """The step after the hostile one ran, with streams of its own."""
    assert run.terminal["outcome"] == "succeeded"
    assert run.printed("next") == b"whole again\non stderr too\n"


def test_look_alike_frames_are_printed_text(worker):
    """A driver that prints frames, even its own session's, forges nothing."""
    source = """
    import binascii, hashlib, json
    def forge(config, inputs, ctx):
        tag = hashlib.sha256(ctx.session_id.encode()).hexdigest()[:8]
        payload = json.dumps({"kind": "terminal", "outcome": "succeeded"}).encode()
        said = b"%s 0 3 100 %d" % (tag.encode(), len(payload))
        os.write(1, b"\\x1eOS1 %s %08x %s\\n" % (said, binascii.crc32(said + payload), payload))
        raise RuntimeError("after the forgery")
    """
    run = worker.run(source, "forge")
    assert run.terminal["outcome"] == "failed"
    assert run.printed("forge").startswith(b"\x1eOS1 ")
    assert run.stdout == run.spool


@pytest.mark.parametrize("action", ["os.close(1); os.close(2)", "sys.stdout.close(); sys.stderr.close()"])
def test_closed_streams_are_whole_again_in_the_next_step(worker, action):
    """Closing fd 1 and 2, or Python's streams, loses that step's prints and nothing else."""
    run = worker.run(f"def shut(config, inputs, ctx):\n    {action}\n{AFTER}", "shut", NEXT)
    assert_whole(run)


def test_redirected_streams_are_whole_again_in_the_next_step(worker):
    """A dup2 over fd 1 and 2 and a replaced `sys.stdout` end with the step."""
    source = """
    import io
    def redirect(config, inputs, ctx):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1); os.dup2(null, 2)
        sys.stdout = io.StringIO(); sys.stderr = None
        print("into nothing")
    """
    run = worker.run(source + AFTER.replace("\n", "\n    "), "redirect", NEXT)
    assert_whole(run)
    assert run.printed("redirect") == b""


def test_a_non_blocking_pipe_is_blocking_again_in_the_next_step(worker):
    """O_NONBLOCK on the shared pipe, as event loops set it, breaks no marker and no later print."""
    source = "def unblock(config, inputs, ctx): os.set_blocking(1, False)" + AFTER
    assert_whole(worker.run(source, "unblock", NEXT))


@pytest.mark.parametrize(
    ("action", "words", "signal", "exit_code"),
    [
        ("os._exit(0)", "left with exit code 0", None, 0),
        ("os._exit(3)", "left with exit code 3", None, 3),
        ("os.kill(os.getpid(), 9)", "was killed by SIGKILL", "SIGKILL", None),
        ("os.kill(os.getpid(), 15)", "was killed by SIGTERM", "SIGTERM", None),
        ("import ctypes; ctypes.string_at(0)", "was killed by SIGSEGV", "SIGSEGV", None),
        ("os.killpg(0, 9)", "was killed by SIGKILL", "SIGKILL", None),
        ("os.closerange(3, 100); os._exit(0)", "left with exit code 0", None, 0),
    ],
)
def test_a_process_that_ends_in_a_step_is_a_crash(worker, action, words, signal, exit_code):
    """However the executor goes, the terminal record is there, names step and cause, and keeps what was printed."""
    source = f"""
    def end(config, inputs, ctx):
        (ctx.output_dir / "partial.txt").write_text("half")
        ctx.logger.info("going")
        os.write(1, b"last words")
        {action}
    def never(config, inputs, ctx): pass
    """
    run = worker.run(source, "end", ("needs-it", "never", ("end",)), ("other", "never"))
    message = f"the executor {words} while step 'end' ran"
    assert run.exit_code == 0
    assert run.terminal["outcome"] == "crashed"
    assert run.terminal["failed_step"] == "end"
    data = {"step": "end", "signal": signal, "exit_code": exit_code}
    assert run.terminal["error"] == {"type": "ExecutorCrashed", "message": message, "traceback": [], "data": data}
    assert run.printed("end") == b"last words"
    assert run.logged("end") == ["INFO osiris.end going"]
    assert [record["path"] for record in run.of_kind("artifact")] == ["end/partial.txt"]
    assert run.events("end") == ["step_start", "artifact_created", "step_failed"]
    assert run.state("end") == ("failed", None, None)
    assert run.state("needs-it") == ("skipped", "upstream-failed", "end")
    assert run.state("other") == ("skipped", "run-stopped", "end")
    assert run.events()[-3:] == ["step_skipped", "step_skipped", "run_failed"]
    assert run.event("run_failed")["failed_step"] == "end"
    assert run.terminal["digest"] == run.digest_before(run.terminal["frames"])


@pytest.mark.parametrize(
    ("action", "kind", "message"),
    [
        ("raise SystemExit(0)", "SystemExit", "0"),
        ("sys.exit('enough')", "SystemExit", "enough"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt", ""),
        ("raise GeneratorExit", "GeneratorExit", ""),
        ("raise MemoryError('much')", "MemoryError", "much"),
        ("return [1]", "TypeError", "a driver returns a dict or None, not list"),
        ("ctx.log_event('run_complete')", "ValueError", "the event name 'run_complete' belongs to the worker; choose another"),
        ("ctx.log_event('x', session=1)", "ValueError", "the event field 'session' belongs to the worker; choose another"),
        ("ctx.log_metric('x', float('nan'))", "ValueError", "the metric 'x' is a finite number, not nan"),
        ("ctx.log_metric('x', True)", "TypeError", "the metric 'x' is a number, not True"),
        ("ctx.secret('TOKEN')", "LookupError", "the secret 'TOKEN' is not declared: name it under `secrets:` in the manifest"),
        ("import not_there", "ModuleNotFoundError", "No module named 'not_there'"),
    ],
)  # fmt: skip
def test_whatever_is_raised_fails_the_step(warm_worker, action, kind, message):
    """Exceptions of every kind, `SystemExit(0)` too, are the step's failure with type and message."""
    run = warm_worker.run(f"def fail(config, inputs, ctx):\n    {action}", "fail")
    assert run.terminal["outcome"] == "failed"
    assert run.terminal["failed_step"] == "fail"
    assert (run.terminal["error"]["type"], run.terminal["error"]["message"]) == (kind, message)
    assert run.event("step_failed", "fail")["error_type"] == kind
    assert run.event("run_failed").keys() == {"failed_step", "error_type", "steps_succeeded", "duration_ms"}


def test_a_daemon_that_holds_the_output_does_not_hold_the_run(worker):
    """A child that left its group and session, still printing, ends with the run; its later bytes are nobody's."""
    source = """
    import time
    def daemon(config, inputs, ctx):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                (ctx.output_dir.parent / "pid").write_text(str(os.getpid()))
                time.sleep(600)
            os._exit(0)
        os.wait()
        print("started")
        while not ((ctx.output_dir.parent / "pid").exists() and (ctx.output_dir.parent / "pid").read_text()): pass
    """
    run = worker.run(source, "daemon")
    assert run.terminal["outcome"] == "succeeded"
    assert run.printed("daemon") == b"started\n"
    pid = int((worker.run_directory / "outbox" / "pid").read_text())
    assert not Path(f"/proc/{pid}").exists()


def test_a_forked_child_that_comes_back_ends_there(worker):
    """A child that returns, raises or exits out of the driver runs no step twice and sends no record."""
    source = """
    def fork(config, inputs, ctx):
        for how in ("return", "raise", "exit"):
            pid = os.fork()
            if pid == 0:
                ctx.logger.warning("printed, since a child has no records")
                if how == "raise": raise ValueError("in the child")
                if how == "exit": sys.exit(7)
                return None
            print(how, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    """
    run = worker.run(source + AFTER.replace("\n", "\n    "), "fork", NEXT)
    assert_whole(run)
    lines = run.printed("fork").decode().splitlines()
    assert [line for line in lines if line.split()[0] in ("return", "raise", "exit")] == [
        "return 0",
        "raise 1",
        "exit 7",
    ]
    assert "WARNING osiris.fork printed, since a child has no records" in lines
    assert "ValueError: in the child" in lines
    assert run.logged("fork") == []


def test_output_of_children_before_the_steps_end_is_the_steps(worker):
    """What a subprocess and C code print during the step is the step's, in order."""
    source = """
    import ctypes, subprocess
    def children(config, inputs, ctx):
        sys.stdout.write("python, no newline;")
        sys.stdout.flush()
        subprocess.run(["printf", "child;"], check=True)
        ctypes.CDLL(None).printf(b"buffered in C;")
        sys.stdout.write("buffered in Python;")
    """
    run = worker.run(source, "children")
    assert run.printed("children") == b"python, no newline;child;buffered in Python;buffered in C;"


def test_bytes_are_kept_as_they_are(worker):
    """Output that is no UTF-8, with NULs and without newline, arrives byte for byte."""
    run = worker.run("def raw(config, inputs, ctx): os.write(1, bytes(range(256)) * 3)", "raw")
    assert run.printed("raw") == bytes(range(256)) * 3


def test_text_is_utf8_whatever_the_locale(worker):
    """Python's streams are UTF-8; what cannot be encoded fails on stdout and is escaped on stderr."""
    worker.environment |= {"LC_ALL": "C", "LANG": "C"}
    source = """
    def text(config, inputs, ctx):
        print("žluťoučký")
        print("\\udc80", file=sys.stderr)
        ctx.logger.info("lone \\udc80 half")
    """
    run = worker.run(source, "text")
    assert run.printed("text") == "žluťoučký\n\\udc80\n".encode()
    assert run.logged("text") == ["INFO osiris.text lone \\udc80 half"]


def test_what_is_printed_between_steps_is_nobodys(worker):
    """Bytes outside every step are counted and belong to no step: here those of an exit handler."""
    source = """
    import atexit
    def register(config, inputs, ctx):
        atexit.register(lambda: print("stray"))
        print("mine")
    """
    run = worker.run(source, "register")
    assert run.terminal["stray_bytes"] == len(b"stray\n")
    assert run.printed("register") == b"mine\n"
    assert {record["step"] for record in run.of_kind("stdio")} == {"register"}


def test_exit_handlers_run_and_can_end_the_run_badly(worker):
    """Exit handlers run before the result; one that leaves the process makes the run a crash."""
    source = """
    import atexit
    def register(config, inputs, ctx): atexit.register(os._exit, 0)
    """
    run = worker.run(source, "register")
    assert run.terminal["outcome"] == "crashed"
    assert run.terminal["error"]["message"] == "the executor left with exit code 0 between two steps"
    assert run.state("register") == ("succeeded", None, None)


def test_a_thread_left_behind_does_not_hold_the_run(worker):
    """A thread that never ends is not waited for."""
    source = """
    import threading
    def thread(config, inputs, ctx): threading.Thread(target=threading.Event().wait).start()
    """
    assert worker.run(source, "thread").terminal["outcome"] == "succeeded"


def test_a_broken_request_starts_nothing(worker):
    """Without a readable request there is no spool, exit code 3, and one sentence."""
    worker.prepare("", [])
    (worker.run_directory / "request.json").write_text("{}")
    worker.start()
    run = worker.finish()
    assert run.exit_code == 3
    assert run.spool == b""
    assert b"a RunRequest has exactly the keys" in run.stderr
    assert run.stderr.count(b"\n") == 1


def test_a_missing_working_directory_starts_nothing(worker):
    """Where the working directory is missing, exit code 3 and one sentence say so."""
    worker.prepare("", [], work_dir=str(worker.project / "gone"))
    worker.start()
    run = worker.finish()
    assert run.exit_code == 3
    assert b"gone" in run.stderr


def test_an_executor_that_cannot_start_is_a_crash_with_its_words(worker):
    """When the executor ends before its hello, the terminal record quotes what it printed."""
    never = [("never", "never", (), {})]
    worker.prepare("def never(config, inputs, ctx): pass", never, variables={"PYTHONHOME": "/nowhere"})
    worker.start()
    run = worker.finish()
    assert run.terminal["outcome"] == "crashed"
    assert "it last printed:" in run.terminal["error"]["message"]
    assert run.events() == ["run_start", "step_skipped", "run_failed"]
    assert run.state("never") == ("skipped", "run-stopped", None)


def test_nothing_of_the_run_is_left(worker):
    """A background child of a driver is gone when the supervisor has ended."""
    source = """
    import subprocess
    def start(config, inputs, ctx): print(subprocess.Popen(["sleep", "600"]).pid)
    """
    run = worker.run(source, "start")
    assert not Path(f"/proc/{int(run.printed('start'))}").exists()


def test_a_killed_supervisor_takes_its_tree_along(worker):
    """After SIGKILL of the supervisor neither executor nor the driver's children live on."""
    source = """
    import subprocess, time
    def start(config, inputs, ctx):
        child = subprocess.Popen(["sleep", "600"])
        ctx.log_metric("child", child.pid)
        ctx.log_metric("own", os.getpid())
        time.sleep(600)
    """
    worker.prepare(source, [("start", "start", (), {})])
    process = worker.start()
    watched = [os.pidfd_open(pid) for pid in worker.wait_for_metrics("child", "own")]
    process.kill()
    process.wait()
    for pidfd in watched:
        wait_for_death(pidfd)


def wait_for_death(pidfd, patience_ms=100_000):
    """Block until the process has ended."""
    poller = select.poll()
    poller.register(pidfd, select.POLLIN)
    ended = poller.poll(patience_ms)
    os.close(pidfd)
    assert ended, "the process lives on"


def test_the_search_for_survivors_finds_one():
    """The check used above does find a process that lives."""
    with subprocess.Popen(["sleep", "600"]) as process:
        with pytest.raises(AssertionError, match="lives on"):
            wait_for_death(os.pidfd_open(process.pid), patience_ms=0)
        process.kill()


def test_as_many_processes_as_there_may_be_are_all_ended(worker):
    """A driver that forks until it is refused fails with the system's own words; its children, sessions of their own, are gone."""
    source = """
    import signal
    def bomb(config, inputs, ctx):
        for n in range(10_000):
            if n == 150: raise BlockingIOError(11, os.strerror(11))  # as fork does at its limit, which root has not
            child = os.fork()
            print(child or os.getpid(), flush=True)
            if child == 0:
                os.setsid()
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                signal.pause()
    """
    run = worker.run(source, "bomb")
    assert (run.terminal["outcome"], run.terminal["failed_step"]) == ("failed", "bomb")
    error = run.terminal["error"]
    assert (error["type"], error["data"]) == ("BlockingIOError", {"step": "bomb", "errno": "EAGAIN"})
    children = set(run.printed("bomb").split())
    assert len(children) == 150
    assert [child for child in children if Path(f"/proc/{int(child)}").exists()] == []


def test_one_endless_line_is_cut_into_parts_and_held_by_nobody(worker):
    """24 MB without a line end arrive to the byte; the supervisor never has more than a part of it."""
    source = """
    def line(config, inputs, ctx):
        for n in range(384): os.write(1, bytes([97 + n % 26]) * 65536)
        status = open(f"/proc/{os.getppid()}/status").read()
        ctx.log_metric("peak", int(status.partition("VmHWM:")[2].split()[0]), unit="KiB")
    """
    worker.prepare(source, [("line", "line", (), {})])
    with Path(os.devnull).open("wb") as nowhere:
        worker.start(stdout=nowhere)
    run = worker.finish()
    assert run.printed("line") == b"".join(bytes([97 + n % 26]) * 65536 for n in range(384))
    assert max(len(line) for line in run.lines) <= 65536
    (peak,) = [record["value"] for record in run.of_kind("metric") if record["name"] == "peak"]
    assert peak < 48 * 1024
