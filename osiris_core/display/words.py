"""A look as people read it: `flights [e2b] step 3/7 delays, 12 s, 1.2M rows`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osiris_core.progress.model import RUNNING
from osiris_core.report.text import shortened, visible_line
from osiris_core.report.units import duration, size

if TYPE_CHECKING:
    from osiris_core.progress.model import Progress

STALLED_S: Final = 15.0
"""A worker that runs gives a sign of life every 5 s; after three that did not come its silence is said."""
_NAME_COLUMNS: Final = 40
_THOUSAND: Final = 1000
_WORTH_SAYING_BYTES: Final = 1 << 20
_PHASES: Final = {
    "": "waiting for its turn",
    "prepare": "preparing",
    "closure": "resolving distributions",
    "template": "making the template",
    "wait": "waiting for a sandbox",
    "create": "making the sandbox",
    "upload": "uploading",
    RUNNING: "starting",
    "collect": "collecting",
    "fetch": "fetching",
    "kill": "ending the sandbox",
    "compare": "comparing",
    "judge": "judging",
    "triage": "looking for the cause",
}


def name_of(progress: Progress) -> str:
    """Return the pipeline's name, on one line and not too long."""
    return shortened(visible_line(progress.name), _NAME_COLUMNS)


def doing(progress: Progress) -> str:
    """Return what goes on: `step 3/7 delays`, `uploading`, `rerun 2 with locale: starting`."""
    if progress.over:
        return "done"
    if progress.phase == RUNNING and progress.step:
        now = f"step {progress.number}/{progress.steps} {shortened(visible_line(progress.step), _NAME_COLUMNS)}"
    else:
        now = _PHASES.get(progress.phase) or visible_line(progress.phase)
    if not progress.rerun:
        return now
    made_with = f" with {visible_line(progress.detail)}" if progress.detail else ""
    return f"rerun {progress.rerun}{made_with}: {now}"


def times(progress: Progress, now: float) -> str:
    """Return how long it has run, and its step; of one that is over how long it did run."""
    whole = elapsed(progress.began, progress.at if progress.over else now)
    if progress.over or progress.phase != RUNNING or progress.step_began is None:
        return whole
    step = elapsed(progress.step_began, now)
    return whole if step == whole else f"{whole} ({step} here)"


def elapsed(since: float, now: float) -> str:
    """Return `12 s` or `2 min 05 s`."""
    seconds = max(0.0, now - since)
    return f"{seconds:.0f} s" if seconds < 59.5 else duration(round(seconds) * 1000.0)  # noqa: PLR2004 - a minute, rounded


def rows(progress: Progress) -> str:
    """Return `1.2M rows`, with `(300k here)` for those of the running step; nothing where none are known."""
    here = progress.step_rows
    if here is None:
        return f"{short(progress.rows)} rows" if progress.rows else ""
    return f"{short(progress.rows)} rows ({short(here)} here)" if progress.rows else f"{short(here)} rows"


def brought(progress: Progress) -> str:
    """Return how much has come from the target; nothing for little."""
    return size(progress.size_bytes) if progress.size_bytes >= _WORTH_SAYING_BYTES else ""


def silence(progress: Progress, now: float, stalled_s: float = STALLED_S) -> str:
    """Return that nothing was heard of the worker for long, where that is so."""
    if progress.heard is None or progress.over or now - progress.heard < stalled_s:
        return ""
    return f"nothing heard for {elapsed(progress.heard, now)}"


def sentence(progress: Progress, now: float, source: str = "") -> str:
    """Return one line for a look; `source` is the process that it comes from."""
    where = f"{name_of(progress)} [{visible_line(progress.target)}]" if progress.target else name_of(progress)
    head = f"{source} {where}" if source else where
    facts = (elapsed(progress.began, now), rows(progress), brought(progress), silence(progress, now))
    return ", ".join([f"{head} {doing(progress)}", *filter(None, facts)])


def short(number: int) -> str:
    """Return `999`, `12.3k`, `1.2M` or `3.4G`."""
    if number < _THOUSAND:
        return str(number)
    amount = float(number)
    for unit in ("k", "M", "G", "T"):
        amount /= _THOUSAND
        if round(amount, 1) < _THOUSAND or unit == "T":
            return f"{amount:.1f}".removesuffix(".0") + unit
    raise AssertionError("the last unit takes everything")
