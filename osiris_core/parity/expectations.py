"""Whether a session does what the manifest's `expect` says: two runs that fail alike are not green by that.

Everything is judged on what lies in the session's own directory, on each target by itself. What cannot be judged does
not hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osiris_core.manifest.model import Expectation
from osiris_core.parity.artifact_rules import broken_rules
from osiris_core.parity.values import show
from osiris_core.session.outline import outline_of
from osiris_core.wire.records import STEP_COMPLETE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from osiris_core.manifest.model import ArtifactRule, Limits
    from osiris_core.session.reader import Session

_NAMED = 5  # of what is there instead


def unmet(session: Session, expect: Expectation | None = None) -> tuple[str, ...]:
    """Return a sentence for every expectation that one session does not meet; none where all hold."""
    expect = expect or Expectation()
    return (
        *_end(session, expect),
        *_rows(session, expect.rows),
        *_metrics(session, expect.metrics),
        *_artifacts(session, expect.artifacts),
    )


def _end(session: Session, expect: Expectation) -> Iterator[str]:
    if session.outcome != expect.outcome:
        yield f"expected the outcome {expect.outcome}, got {session.outcome} on {session.target}{_why(session)}"
    if expect.failed_step is not None and session.failed_step != expect.failed_step:
        culprit = f"step `{session.failed_step}`" if session.failed_step else "no step"
        yield f"expected step `{expect.failed_step}` to fail, but {culprit} failed on {session.target}"


def _rows(session: Session, rows: Mapping[str, Limits]) -> Iterator[str]:
    handed_on = {str(event.get("step")): event.get("rows") for event in outline_of(session.events).named(STEP_COMPLETE)}
    for step, limits in rows.items():
        got = handed_on.get(step)
        if not _fits(got, limits):
            shown = f"got {show(got)}" if got is not None else "got no table"
            yield f"expected {limits} rows from step `{step}`, {shown} on {session.target}"


def _metrics(session: Session, metrics: Mapping[str, Mapping[str, Limits]]) -> Iterator[str]:
    """Hold every value that was logged under a name against the limits."""
    for step, names in metrics.items():
        logged: dict[str, list[Any]] = {}
        for line in session.metrics:
            if line.get("step") == step:
                logged.setdefault(str(line.get("metric")), []).append(line.get("value"))
        for name, limits in names.items():
            wrong = [value for value in logged.get(name, ()) if not _fits(value, limits)]
            what = f"expected the metric `{name}` of step `{step}`"
            if name not in logged:
                there = f" (logged: {_some(logged)})" if logged else ""
                yield f"{what}, which was not logged on {session.target}{there}"
            elif wrong:
                times = f" in {len(wrong)} of {len(logged[name])} values" if len(logged[name]) > 1 else ""
                yield f"{what} to be {limits}, got {show(wrong[0])} on {session.target}{times}"


def _artifacts(session: Session, rules: Mapping[str, ArtifactRule]) -> Iterator[str]:
    for path, rule in rules.items():
        file = session.artifacts.get(path)
        if rule.absent:
            if file is not None:
                yield f"expected no artifact `{path}`, but it is there on {session.target}"
        elif file is None:
            yield f"expected the artifact `{path}`, which is missing on {session.target}{_near(session, path)}"
        else:
            yield from (
                f"expected the artifact `{path}` {words} on {session.target}" for words in broken_rules(file, rule)
            )


def _fits(value: Any, limits: Limits) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and limits.hold(value)


def _why(session: Session) -> str:
    error = session.error or {}
    said = ": ".join(str(error[name]) for name in ("type", "message") if error.get(name))
    where = f"step `{session.failed_step}`" if session.failed_step else ""
    return "".join(f" ({text})" for text in [", ".join(filter(None, (where, show(said) if said else "")))] if text)


def _near(session: Session, path: str) -> str:
    step = path.partition("/")[0]
    there = [other for other in session.artifacts if other.startswith(f"{step}/")]
    return f" (there: {_some(there)})" if there else ""


def _some(names: Any) -> str:
    ordered = sorted(names)
    return ", ".join([*ordered[:_NAMED], *(["..."] if len(ordered) > _NAMED else [])])
