"""Differences in how a run and its steps ended, as `session.json` says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from osiris_core.testing.mutations.model import Difference, Spot
from osiris_core.testing.mutations.places import pick
from osiris_core.testing.mutations.values import another_letter

if TYPE_CHECKING:
    from random import Random

    from osiris_core.testing.mutations.session_copy import SessionCopy


def state(copy: SessionCopy, rng: Random) -> Spot:
    """Let a step end in another state."""
    step = rng.choice(copy.facts["steps"])
    before = step["state"]
    step["state"] = rng.choice([each for each in ("succeeded", "failed", "skipped", "cancelled") if each != before])
    return Spot(step=step["id"], what=f"{before} became {step['state']}", path="state")


def _skipped(copy: SessionCopy, rng: Random) -> dict[str, Any]:
    step: dict[str, Any] = pick(
        rng, [each for each in copy.facts["steps"] if each["state"] == "skipped"], "skipped step"
    )
    return step


def reason(copy: SessionCopy, rng: Random) -> Spot:
    """Let a step be skipped for another reason."""
    step = _skipped(copy, rng)
    before = step["reason"]
    step["reason"] = rng.choice([each for each in ("run-stopped", "cancelled", "deadline", None) if each != before])
    return Spot(step=step["id"], what=f"{before} became {step['reason']}", path="reason")


def cause(copy: SessionCopy, rng: Random) -> Spot:
    """Let a step be skipped because of another one."""
    step = _skipped(copy, rng)
    step["cause"] = rng.choice([each for each in (*copy.steps, None) if each != step["cause"]])
    return Spot(step=step["id"], what=f"because of {step['cause']}", path="cause")


def drop_step(copy: SessionCopy, rng: Random) -> Spot:
    """Say nothing about a step."""
    step = copy.facts["steps"].pop(rng.randrange(len(copy.steps)))
    return Spot(step=step["id"], what="not among the steps", path="steps")


def swap_steps(copy: SessionCopy, rng: Random) -> Spot:
    """Let two steps have run in another order; of the two the one whose name comes first is named."""
    steps = copy.facts["steps"]
    first = rng.randrange(len(steps) - 1)
    names = steps[first]["id"], steps[first + 1]["id"]
    steps[first], steps[first + 1] = steps[first + 1], steps[first]
    return Spot(step=min(names), what=f"{names[0]} and {names[1]} exchanged", path="steps[")


def outcome(copy: SessionCopy, rng: Random) -> Spot:
    """Let the run end otherwise."""
    before = copy.facts["outcome"]
    others = ("succeeded", "failed", "cancelled", "deadline", "crashed", "out_of_memory", "disk_full")
    copy.facts["outcome"] = rng.choice([each for each in others if each != before])
    step = copy.facts["failed_step"]
    return Spot(step=step, what=f"{before} became {copy.facts['outcome']}", path="outcome")


def failed_step(copy: SessionCopy, rng: Random) -> Spot:
    """Let another step have failed; of the two a comparer names the one that runs first."""
    before = copy.facts["failed_step"]
    copy.facts["failed_step"] = after = rng.choice([step for step in (*copy.steps, None) if step != before])
    first = min((step for step in (before, after) if step), key=copy.steps.index)
    return Spot(step=first, what=f"{after} failed", path="failed_step")


def error_text(copy: SessionCopy, rng: Random) -> Spot:
    """Change a letter in the words of the error that are no path."""
    error = copy.facts["error"]
    words = error["message"].split(" ")
    place = pick(rng, [n for n, word in enumerate(words) if word.isalpha()], "word in the error")
    words[place] = another_letter(words[place], rng)
    error["message"] = " ".join(words)
    return Spot(step=copy.facts["failed_step"], what=f"the word {words[place]}", path="error.message")


def error_type(copy: SessionCopy, rng: Random) -> Spot:
    """Let the error be of another class."""
    copy.facts["error"]["type"] = rng.choice(("TypeError", "KeyError", "valueError"))
    return Spot(step=copy.facts["failed_step"], what=copy.facts["error"]["type"], path="error.type")


def error_line(copy: SessionCopy, rng: Random) -> Spot:
    """Let the error come from another line."""
    frame = rng.randrange(len(copy.facts["error"]["traceback"]))
    copy.facts["error"]["traceback"][frame]["line"] += rng.choice((1, -1, 100))
    return Spot(step=copy.facts["failed_step"], what=f"frame {frame}", path=f"error.traceback[{frame}].line")


def error_frame(copy: SessionCopy, rng: Random) -> Spot:
    """Drop a frame of the traceback."""
    trace = copy.facts["error"]["traceback"]
    del trace[rng.randrange(len(trace))]
    return Spot(step=copy.facts["failed_step"], what="a frame less", path="error.traceback[")


ENDINGS: Final = (
    Difference(name="step state changed", layer="steps", codes=("step-state",), plant=state),
    Difference(name="step reason changed", layer="steps", codes=("step-reason",), plant=reason, failed=True),
    Difference(name="step cause changed", layer="steps", codes=("step-cause",), plant=cause, failed=True),
    Difference(name="step dropped", layer="steps", codes=("step-missing",), plant=drop_step),
    Difference(name="steps swapped", layer="steps", codes=("step-order",), plant=swap_steps),
    Difference(name="outcome changed", layer="outcome", codes=("outcome",), plant=outcome),
    Difference(name="failed step changed", layer="outcome", codes=("failed-step",), plant=failed_step, failed=True),
    Difference(name="error text changed", layer="outcome", codes=("error",), plant=error_text, failed=True),
    Difference(name="error type changed", layer="outcome", codes=("error",), plant=error_type, failed=True),
    Difference(name="error line changed", layer="outcome", codes=("error",), plant=error_line, failed=True),
    Difference(name="error frame dropped", layer="outcome", codes=("error",), plant=error_frame, failed=True),
)
