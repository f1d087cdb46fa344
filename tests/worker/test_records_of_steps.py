"""What a step's logs, errors and files look like in the records."""

from __future__ import annotations

import hashlib

import pytest


@pytest.fixture
def worker(warm_worker):
    """What a step leaves in the records is asked here, and not how its process starts."""
    return warm_worker


def test_the_steps_logger_is_captured_from_info_on(worker):
    """`ctx.logger` and its children from INFO, all other loggers from WARNING, each as one escaped line."""
    source = """
    import logging, warnings
    def talk(config, inputs, ctx):
        ctx.logger.debug("not this")
        ctx.logger.info("rows: %d", 3)
        ctx.logger.getChild("part").info("child")
        logging.getLogger("library").info("not this")
        logging.getLogger("library").warning("two\\nlines\\tand \\\\ more")
        logging.error("from the root")
        warnings.warn("to stderr", stacklevel=1)
    """
    run = worker.run(source, "talk")
    assert run.logged("talk") == [
        "INFO osiris.talk rows: 3",
        "INFO osiris.talk.part child",
        "WARNING library two\\nlines\\tand \\\\ more",
        "ERROR root from the root",
    ]
    assert b"UserWarning: to stderr" in run.printed("talk")


def test_a_driver_cannot_turn_the_capture_off_for_the_next_step(worker):
    """`basicConfig(force=True)` and `dictConfig` cost the step its own capture of foreign loggers, not the next one's."""
    source = """
    import logging, logging.config
    def turn_off(config, inputs, ctx):
        logging.basicConfig(force=True, level=logging.CRITICAL)
        logging.config.dictConfig({"version": 1})
        ctx.logger.info("perhaps")
    def talk(config, inputs, ctx):
        ctx.logger.info("mine")
        logging.getLogger("foreign").error("theirs")
    """
    run = worker.run(source, "turn_off", "talk")
    assert run.logged("talk") == ["INFO osiris.talk mine", "ERROR foreign theirs"]


def test_bad_arguments_to_a_log_call_fail_nothing(worker):
    """As on a laptop, a malformed log call complains on stderr, and the step goes on."""
    run = worker.run("def talk(config, inputs, ctx): ctx.logger.info('%d', 'x')", "talk")
    assert run.terminal["outcome"] == "succeeded"
    assert b"--- Logging error ---" in run.printed("talk")


def test_a_logged_exception_shows_modules_and_lines_not_paths(worker):
    """`logger.exception` carries the error's frames in the form that is equal on every target."""
    source = """
    def talk(config, inputs, ctx):
        try: 1 / 0
        except ZeroDivisionError: ctx.logger.exception("caught")
    """
    run = worker.run(source, "talk")
    assert run.logged("talk") == ["ERROR osiris.talk caught\\n  toys:talk:4\\nZeroDivisionError: division by zero"]


def test_the_traceback_is_the_drivers_and_the_users(worker):
    """Frames are module, function and line of user code; the worker's and the import system's are left out."""
    source = """
    class Own(Exception): pass
    def inner(): raise Own("why")
    def fail(config, inputs, ctx):
        inner()
    """
    run = worker.run(source, "fail")
    error = run.terminal["error"]
    assert error["type"] == "toys.Own"
    assert error["traceback"] == [
        {"module": "osiris_core.drivers.loading", "function": "_Toy.__init__.<locals>.<lambda>", "line": 5},
        {"module": "toys", "function": "fail", "line": 6},
        {"module": "toys", "function": "inner", "line": 4},
    ]
    assert run.event("step_failed", "fail")["traceback"] == error["traceback"]
    assert str(worker.project) not in str(error)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ("raise ValueError('x' * 10_001)", "x" * 10_000 + "... (1 more characters)"),
        ("raise ValueError('x' * 10_000)", "x" * 10_000),
        ("raise Mute", "(its message cannot be made: RuntimeError)"),
    ],
)
def test_messages_are_bounded_and_never_fail(worker, action, message):
    """A long message is cut and says so; an exception without a working `__str__` still fails the step properly."""
    source = f"""
    class Mute(Exception):
        def __str__(self): raise RuntimeError
    def fail(config, inputs, ctx): {action}
    """
    assert worker.run(source, "fail").terminal["error"]["message"] == message


def test_a_deep_stack_is_cut_in_the_middle(worker):
    """A thousand frames become a hundred, with a note of how many are missing."""
    run = worker.run("def fail(config, inputs, ctx): fail(config, inputs, ctx)", "fail")
    frames = run.terminal["error"]["traceback"]
    assert run.terminal["error"]["type"] == "RecursionError"
    assert len(frames) == 101
    assert frames[50]["module"] == "..."
    assert frames[50]["function"].endswith("more calls")


FILES = """
import socket
def leave(config, inputs, ctx):
    out = ctx.output_dir
    (out / "b" / "c").mkdir(parents=True)
    (out / "empty").mkdir()
    (out / "b" / "c" / "deep.bin").write_bytes(bytes(300))
    (out / "b.txt").write_text("x")
    (out / "run.sh").write_text("#!")
    os.chmod(out / "run.sh", 0o4755)
    os.symlink("/etc/passwd", out / "link")
    os.symlink("/etc", out / "linked-directory")
    os.mkfifo(out / "pipe")
    os.chdir(out)
    socket.socket(socket.AF_UNIX).bind("socket")
    (out / "B.TXT").write_text("collides")
    (out / "back\\\\slash").write_text("")
    open(os.fsencode(out) + b"/bad\\xff", "w").close()
"""


def test_files_become_artifacts_and_everything_else_is_skipped_with_a_reason(worker):
    """Regular files with usable names are recorded, sorted; links, pipes, sockets and bad names are not followed."""
    run = worker.run(FILES, "leave")
    assert [(r["path"], r["size_bytes"], r["mode"]) for r in run.of_kind("artifact")] == [
        ("leave/B.TXT", 8, "0644"),
        ("leave/b/c/deep.bin", 300, "0644"),
        ("leave/run.sh", 2, "0755"),
    ]
    (deep,) = [r for r in run.of_kind("artifact") if r["path"].endswith("deep.bin")]
    assert deep["sha256"] == hashlib.sha256(bytes(300)).hexdigest()
    skipped = {r["data"]["path"]: r["data"]["reason"] for r in run.records if r.get("name") == "artifact_skipped"}
    assert skipped["leave/link"] == "it is a link"
    assert skipped["leave/linked-directory"] == "it is a link"
    assert skipped["leave/pipe"] == "it is a pipe"
    assert skipped["leave/socket"] == "it is a socket"
    assert "it has a backslash" in skipped["leave/back\\slash"]
    assert "it is not UTF-8" in skipped["leave/bad\udcff"]
    assert "meet where case or form is ignored" in skipped["leave/b.txt"]
    assert len(skipped) == 7


def test_a_failing_step_keeps_its_files(worker):
    """Files of a step that raises are artifacts too, announced before its end."""
    source = """
    def fail(config, inputs, ctx):
        (ctx.output_dir / "half.txt").write_text("x")
        raise ValueError
    """
    run = worker.run(source, "fail")
    assert run.events("fail") == ["step_start", "artifact_created", "step_failed"]


@pytest.mark.parametrize(
    "action", ["os.rmdir(ctx.output_dir)", "os.rmdir(ctx.output_dir); os.symlink('/etc', ctx.output_dir)"]
)
def test_a_removed_or_replaced_directory_leaks_nothing(worker, action):
    """A step's directory that is gone holds nothing; one that became a link is not followed."""
    run = worker.run(f"def tamper(config, inputs, ctx): {action}", "tamper")
    assert run.of_kind("artifact") == []
    skipped = [r["data"] for r in run.records if r.get("name") == "artifact_skipped"]
    assert skipped in ([], [{"path": "tamper", "reason": "it cannot be read as a directory"}])


def test_driver_events_and_metrics_arrive_as_given(worker):
    """Names, fields, units and tags arrive; numeric types of other libraries become plain numbers."""
    source = """
    import decimal, fractions
    def measure(config, inputs, ctx):
        ctx.log_event("batch_done", size=3, names=["a", None])
        ctx.log_metric("rows_read", 3, unit="rows", source="csv", part=1)
        ctx.log_metric("share", fractions.Fraction(1, 4))
        ctx.log_metric("price", decimal.Decimal("1.5"), volatile=True)
    """
    run = worker.run(source, "measure")
    assert run.event("batch_done", "measure") == {"size": 3, "names": ["a", None]}
    plain = [{k: r[k] for k in ("name", "value", "unit", "volatile", "tags")} for r in run.of_kind("metric")]
    assert plain[:3] == [
        {"name": "rows_read", "value": 3, "unit": "rows", "volatile": False, "tags": {"source": "csv", "part": "1"}},
        {"name": "share", "value": 0.25, "unit": None, "volatile": False, "tags": {}},
        {"name": "price", "value": 1.5, "unit": None, "volatile": True, "tags": {}},
    ]
    assert (plain[3]["name"], plain[3]["unit"], plain[3]["volatile"]) == ("step_duration_ms", "ms", True)


def test_records_of_threads_do_not_mix(worker):
    """Eight threads that log at once lose nothing and tear nothing."""
    source = """
    import threading
    def threads(config, inputs, ctx):
        def work(k):
            for n in range(200): ctx.log_metric("n", k * 1000 + n, note="y" * 2000)
        started = [threading.Thread(target=work, args=(k,)) for k in range(8)]
        for thread in started: thread.start()
        for thread in started: thread.join()
    """
    run = worker.run(source, "threads")
    values = sorted(r["value"] for r in run.of_kind("metric") if r["name"] == "n")
    assert values == sorted(k * 1000 + n for k in range(8) for n in range(200))
