"""Whether a session does what the manifest's `expect` says: two runs that fail alike are not green by that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osiris_core.parity.values import show
from osiris_core.wire.records import STEP_COMPLETE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from osiris_core.session.reader import Session


def unmet(
    session: Session,
    expect_outcome: str = "succeeded",
    failed_step: str | None = None,
    rows: Mapping[str, int] | None = None,
    artifacts: Collection[str] = (),
) -> tuple[str, ...]:
    """Return a sentence for every expectation that one session does not meet; none where all hold.

    `rows` are the expected rows by step, `artifacts` paths `<step>/<file>` that must exist (more may).
    """
    return tuple(_unmet(session, expect_outcome, failed_step, rows or {}, artifacts))


def _unmet(
    session: Session, expect_outcome: str, failed_step: str | None, rows: Mapping[str, int], artifacts: Collection[str]
) -> Iterator[str]:
    if session.outcome != expect_outcome:
        yield f"expected the outcome {expect_outcome}, got {session.outcome} on {session.target}{_why(session)}"
    if failed_step is not None and session.failed_step != failed_step:
        culprit = f"step `{session.failed_step}`" if session.failed_step else "no step"
        yield f"expected step `{failed_step}` to fail, but {culprit} failed on {session.target}"
    handed_on = {
        str(event.get("step")): event.get("rows") for event in session.events if event.get("event") == STEP_COMPLETE
    }
    for step, expected in rows.items():
        got = handed_on.get(step)
        if got != expected:
            shown = f"got {show(got)}" if got is not None else "got no table"
            yield f"expected {expected:,} rows from step `{step}`, {shown} on {session.target}"
    for path in artifacts:
        if path not in session.artifacts:
            yield f"expected the artifact `{path}`, which is missing on {session.target}{_near(session, path)}"


def _why(session: Session) -> str:
    error = session.error or {}
    said = ": ".join(str(error[name]) for name in ("type", "message") if error.get(name))
    where = f"step `{session.failed_step}`" if session.failed_step else ""
    return "".join(f" ({text})" for text in [", ".join(filter(None, (where, show(said) if said else "")))] if text)


def _near(session: Session, path: str) -> str:
    step = path.partition("/")[0]
    there = sorted(other for other in session.artifacts if other.startswith(f"{step}/"))[:3]
    return f" (there: {', '.join(there)})" if there else ""
