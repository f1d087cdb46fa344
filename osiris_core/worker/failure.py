"""An exception as data that is the same on every target: no paths, no addresses of frames, a bounded message."""

from __future__ import annotations

import errno
import traceback
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType, TracebackType

MESSAGE_CHARS: Final = 10_000
FRAMES: Final = 100
_WORKER_MODULES = ("osiris_core.worker", "importlib._bootstrap", "runpy")


def describe_error(error: BaseException) -> dict[str, Any]:
    """Return `{"type", "message", "traceback": [{"module", "function", "line"}], "data"}`, outermost call first.

    Frames of the worker and of the import system are left out; a long message and a deep stack are cut, and say so.
    `data` has the `errno` of an error of the system by its name: `ENOSPC`, say.
    """
    return {
        "type": error_type(error),
        "message": bounded(_message(error)),
        "traceback": _frames(error.__traceback__),
        "data": _data(error),
    }


def plain_error(kind: str, message: str, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return an error of the worker's own in the same form; it has no traceback."""
    return {"type": kind, "message": message, "traceback": [], "data": dict(data or {})}


def timeout_error(timeout_s: float, *, stopped: bool) -> dict[str, Any]:
    """Return the error of a step that took too long, and was stopped or had to be killed.

    Where it was at that moment would be another place each time, so it has no traceback.
    """
    ending = "" if stopped else ", and did not stop when it was asked to"
    message = f"the step took longer than its timeout of {timeout_s:g} s{ending}"
    return plain_error("StepTimeout", message, {"timeout_s": timeout_s})


def error_type(error: BaseException) -> str:
    """Return the class's name, with its module unless it is built in."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def bounded(text: str) -> str:
    """Return `text`, cut to `MESSAGE_CHARS` characters with a note of what is missing."""
    left = len(text) - MESSAGE_CHARS
    return text if left <= 0 else f"{text[:MESSAGE_CHARS]}... ({left} more characters)"


def as_text(error: BaseException) -> str:
    """Return the error as the lines that a log shows."""
    described = describe_error(error)
    frames = [f"  {frame['module']}:{frame['function']}:{frame['line']}" for frame in described["traceback"]]
    return "\n".join([*frames, f"{described['type']}: {described['message']}"])


def _data(error: BaseException) -> dict[str, Any]:
    name = errno.errorcode.get(error.errno or 0) if isinstance(error, OSError) else None
    return {} if name is None else {"errno": name}


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as failure:  # noqa: BLE001 - an exception's own __str__ is a driver's code and may fail
        return f"(its message cannot be made: {type(failure).__name__})"


def _frames(trace: TracebackType | None) -> list[dict[str, Any]]:
    frames = [
        {"module": module, "function": frame.f_code.co_qualname, "line": line}
        for frame, line in traceback.walk_tb(trace)
        if not (module := _module(frame)).startswith(_WORKER_MODULES)
    ]
    if len(frames) <= FRAMES:
        return frames
    half = FRAMES // 2
    note = {"module": "...", "function": f"{len(frames) - 2 * half} more calls", "line": 0}
    return [*frames[:half], note, *frames[-half:]]


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "?"))
