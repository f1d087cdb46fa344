"""What a session tells of the way on which its records came: what was lost and read again, and what was verified in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osiris_core.parity.record import Transport, TransportRetry
from osiris_core.parity.record_bounds import LONGEST, MOST

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from osiris_core.session.reader import Session


def transport_of(session: Session) -> Transport | None:
    """Return what `target.json` says of transport, or None where it says nothing, as in a directory of another program.

    It may be anybody's file: what has another form than ours counts as nothing.
    """
    facts = session.target_facts
    if not facts:
        return None
    fills = _object(facts.get("fills"))
    return Transport(
        records=_count(facts, "frames"),
        duplicates=_count(facts, "duplicates"),
        gaps=_count(facts, "gaps"),
        damaged=_count(facts, "damaged"),
        fenced=_count(facts, "fenced"),
        strays=_count(facts, "strays"),
        reconnects=_count(facts, "reconnects"),
        stalls=_count(facts, "stalls"),
        fills=_count(fills, "ranges"),
        filled_bytes=_count(fills, "bytes"),
        acknowledgements=_count(facts, "acknowledgements"),
        throttled_ms=_time(facts, "throttled_ms"),
        retries=_retries(facts.get("retries")),
        verified=_is_digest(facts.get("worker_digest")),
        artifacts_verified=_agree(facts.get("artifact_root_reported"), session.facts.get("artifact_root")),
    )


def traceback_of(error: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return the calls of an error of a step, a line each: `module:function:line`, the outermost first."""
    frames = (error or {}).get("traceback")
    if not isinstance(frames, list):
        return ()
    return tuple(
        f"{frame.get('module')}:{frame.get('function')}:{frame.get('line')}"
        for frame in frames
        if isinstance(frame, dict)
    )


def _retries(value: Any) -> tuple[TransportRetry, ...]:
    found = [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
    return tuple(
        TransportRetry(
            what=str(each.get("what", "")), cause=str(each.get("cause", "")), waited_ms=_time(each, "waited_ms")
        )
        for each in found
    )


def _agree(stated: Any, found: Any) -> bool | None:
    """Return whether what the worker stated is what is here; None where it stated nothing."""
    return None if stated is None else bool(stated == found)


def _is_digest(stated: Any) -> bool | None:
    """Return True where a session has the digest that its worker stated of its records, else None.

    It is taken over from a terminal record that agrees with the records ahead of it, and from no other; `journal_digest` covers
    that record too, so the two are never the same.
    """
    return True if isinstance(stated, str) and stated else None


def _count(facts: Mapping[str, Any], name: str) -> int:
    value = facts.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST else 0


def _time(facts: Mapping[str, Any], name: str) -> float:
    value = facts.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return 0.0
    return round(float(value), 3) if 0 < value <= LONGEST else 0.0


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
