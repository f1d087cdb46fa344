"""How a run ended: one outcome, and one error that says why, with what is known about it as data.

A message holds only what is the same wherever the same thing happens; numbers that are not stand in the error's `data`.
"""

from __future__ import annotations

import errno
import signal
from typing import TYPE_CHECKING, Any

from osiris_core.wire import records
from osiris_core.wire.values import as_dict, value
from osiris_core.worker.failure import plain_error, timeout_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osiris_core.worker.ledger import Attempt, Ledger
    from osiris_core.worker.memory import MemoryWatch, OutOfMemory
    from osiris_core.worker.spool import SpoolError

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@value
class End:
    """How the run ended: `outcome`, and the error that says why when it is not a success.

    `running_state` is what becomes of a step that still ran.
    """

    outcome: str
    error: Mapping[str, Any] | None
    running_state: str = records.FAILED


@value
class Evidence:
    """What is known when the executor is gone.

    `exit_status` is the executor's, as `os.waitstatus_to_exitcode` gives it, and `result` its last message; `stopped_for` is why
    the supervisor asked it to end, `overdue` the attempt that it asked to end; `fault` is what the disk refused,
    `memory` judges why the executor was killed, `peak_bytes` is what it held at most, and `stray_tail` the last that
    was printed outside every step.
    """

    ledger: Ledger
    exit_status: int
    result: Mapping[str, Any] | None
    stopped_for: str | None
    overdue: Attempt | None
    fault: SpoolError | None
    memory: MemoryWatch
    peak_bytes: int
    stray_tail: str


def decide_end(known: Evidence) -> End:
    """Weigh what is known about the end; a success needs a result that says so and an orderly exit."""
    if known.fault is not None:
        return _refused_end(known.fault)
    if (stopped := _stopped_end(known.ledger, known.stopped_for, known.overdue)) is not None:
        return stopped
    result = known.result
    if result is not None and known.exit_status == 0 and result["outcome"] != records.CRASHED:
        return End(outcome=result["outcome"], error=result["error"])
    if result is not None and result["error"] is not None:
        return End(outcome=records.CRASHED, error=result["error"])
    return _crashed_end(known)


def _refused_end(fault: SpoolError) -> End:
    """Return the end of a run whose records the disk did not take."""
    data: dict[str, Any] = {"errno": _errno_name(fault), "path": fault.path}
    if fault.errno not in _NO_ROOM:
        return End(outcome=records.CRASHED, error=plain_error("SpoolFailed", str(fault.strerror), data))
    data |= {"needed_bytes": fault.needed_bytes, "free_bytes": fault.free_bytes}
    message = f"{fault.strerror}; more room is needed where the run's records are written"
    return End(outcome=records.DISK_FULL, error=plain_error("DiskFull", message, data))


def _stopped_end(ledger: Ledger, stopped_for: str | None, overdue: Attempt | None) -> End | None:
    """Return the end of a run that was asked to end, or had a step that would not; None for any other."""
    if stopped_for == records.CANCELLED:
        error = plain_error("RunCancelled", f"the run was cancelled {_when(ledger)}")
        return End(outcome=records.CANCELLED, error=error, running_state=records.CANCELLED)
    if stopped_for == records.DEADLINE:
        timeout_s = ledger.request.timeout_s
        message = f"the run took longer than its timeout of {timeout_s:g} s; it ended {_when(ledger)}"
        error = plain_error("DeadlineExceeded", message, {"timeout_s": timeout_s})
        return End(outcome=records.DEADLINE, error=error, running_state=records.CANCELLED)
    if overdue is not None and ledger.running == overdue.step:
        return End(outcome=records.DEADLINE, error=timeout_error(overdue.timeout_s, stopped=False))
    return None


def _crashed_end(known: Evidence) -> End:
    """Return the end of a run whose executor left without a result, or in disorder."""
    status, between = known.exit_status, known.ledger.running is None
    if status == -signal.SIGKILL and (found := known.memory.verdict(peak_bytes=known.peak_bytes)) is not None:
        return _out_of_memory_end(known.ledger, found)
    tail = f"; it last printed: {known.stray_tail}" if known.stray_tail and between else ""
    message = f"the executor {_exit_words(status)} {_when(known.ledger)}{tail}"
    data = {"signal": None if status >= 0 else _signal_name(-status), "exit_code": status if status >= 0 else None}
    return End(outcome=records.CRASHED, error=plain_error("ExecutorCrashed", message, data))


def _out_of_memory_end(ledger: Ledger, found: OutOfMemory) -> End:
    """Return the end of a run whose executor was killed for its memory."""
    allowed = "" if found.limit_bytes is None else f", of which it may have {found.limit_bytes >> 20} MB"
    message = f"the executor was killed for lack of memory{allowed}, {_when(ledger)}"
    return End(outcome=records.OUT_OF_MEMORY, error=plain_error("OutOfMemory", message, as_dict(found)))


def _when(ledger: Ledger) -> str:
    return f"while step '{ledger.running}' ran" if ledger.running is not None else "between two steps"


def _exit_words(exit_status: int) -> str:
    return f"left with exit code {exit_status}" if exit_status >= 0 else f"was killed by {_signal_name(-exit_status)}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _errno_name(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, str(error.errno))
