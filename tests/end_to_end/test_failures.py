"""How runs go on after a failure, and steps after theirs, on both targets alike."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from osiris_core.backends.protocol import Patience

if TYPE_CHECKING:
    from osiris_core.parity.record import ParityRecord

    from conftest import Project

CODE = """
import signal, threading
import pyarrow as pa

attempts = []

def rows(inputs, ctx):
    return pa.table({"a": [1, 2, 3]})

def fail(inputs, ctx):
    raise ValueError("no rows today")

def flaky(inputs, ctx):
    attempts.append(1)
    ctx.logger.info("attempt %d", len(attempts))
    if len(attempts) < 3:
        raise ConnectionError(f"refused {len(attempts)}")
    return pa.table({"n": [len(attempts)]})

def wait(inputs, ctx):
    threading.Event().wait()

def deafen(inputs, ctx):
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
"""


def run(project: Project, steps: str, *, stop_s: float = 100.0, **keys: str) -> ParityRecord:
    written = "".join(f"{name}: {value}\n" for name, value in keys.items())
    head = 'osiris: "1"\npipeline: {id: failures}\ncode: [code]\n'
    project.write("code/work.py", CODE)
    project.write("failures.osiris.yaml", f"{head}{written}steps:\n{steps}")
    return project.check("failures.osiris.yaml", patience=Patience(driver_stop_s=stop_s))


def step(name: str, function: str, *needs: str, extra: str = "") -> str:
    config = f'{{function: "work:{function}"}}'
    return f"  - {{id: {name}, driver: python.callable, needs: [{', '.join(needs)}], config: {config}{extra}}}\n"


def states(project: Project, record: ParityRecord) -> list[list[tuple[str, str, str | None, str | None]]]:
    """Return (id, state, reason, cause) of the steps on each target, as their sessions say."""
    root = project.session_root / ".osiris" / "runs" / record.session_id
    facts = [json.loads((root / target / "session.json").read_text()) for target in ("local", "e2b")]
    return [[(each["id"], each["state"], each["reason"], each["cause"]) for each in one["steps"]] for one in facts]


def test_a_run_goes_on_past_a_failure_an_overdue_step_and_a_flaky_one(project: Project) -> None:
    """One run with all of it: equal on both targets, and as `expect` says."""
    steps = (
        step("rows", "rows")
        + step("broken", "fail", "rows")
        + step("needs-broken", "rows", "broken")
        + step("late", "wait", extra=", timeout_s: 0.2")
        + step("needs-late", "rows", "late")
        + step("flaky", "flaky", "rows", extra=", retries: 2")
        + step("last", "rows", "flaky")
    )
    expect = "{outcome: failed, failed_step: broken, rows: {flaky: 1, last: 3}}"
    record = run(project, steps, on_failure="continue", expect=expect)

    assert (record.verdict, record.passed) == ("IDENTICAL", True), record.headline
    told = [
        ("rows", "succeeded", None, None),
        ("broken", "failed", None, None),
        ("needs-broken", "skipped", "upstream-failed", "broken"),
        ("late", "failed", None, None),
        ("needs-late", "skipped", "upstream-failed", "late"),
        ("flaky", "succeeded", None, None),
        ("last", "succeeded", None, None),
    ]
    assert states(project, record) == [told, told]


def test_a_step_that_has_to_be_killed_ends_the_run(project: Project) -> None:
    """The outcome `deadline` and the step can be expected; what was left is skipped on both targets."""
    steps = step("deafen", "deafen") + step("late", "wait", "deafen", extra=", timeout_s: 0.1") + step("other", "rows")
    expect = "{outcome: deadline, failed_step: late}"
    record = run(project, steps, stop_s=0.2, on_failure="continue", expect=expect)

    assert (record.verdict, record.passed) == ("IDENTICAL", True), record.headline
    told = [
        ("deafen", "succeeded", None, None),
        ("late", "failed", None, None),
        ("other", "skipped", "deadline", "late"),
    ]
    assert states(project, record) == [told, told]
