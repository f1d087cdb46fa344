"""What must be true of every run, whatever happened to it: judged from the worker's own truth and from bytes on the disk.

Each function has a name of the list in docs/reliability.md, and returns what is broken as a sentence, or nothing.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from osiris_core.errors import SessionError
from osiris_core.session import contract
from osiris_core.testing.simulation.faults import FATAL, Kind
from osiris_core.testing.simulation.host import open_writer
from osiris_core.wire import records

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from osiris_core.testing.simulation.play import Played

GRACE_S = 200.0
"""More than following needs behind the worker's end, as many things as may go wrong: stalls, and attempts with waits between."""
_BELIEVED = 2
_INCURABLE = (*FATAL, Kind.FORGE)


class Line(NamedTuple):
    """A line of the journal, read without the project's own reader."""

    epoch: int
    seq: int
    offset: int
    payload: bytes


def lines(data: bytes) -> list[Line]:
    """Cut a journal into its lines; an unfinished one is left out."""
    found = []
    for line in data[: data.rfind(b"\n") + 1].splitlines():
        _, _, epoch, seq, offset, _, _, payload = line.split(b" ", 7)
        found.append(Line(int(epoch), int(seq), int(offset), payload))
    return found


def curable(played: Played) -> bool:
    """Whether nothing happened that makes the worker's end unreachable, or contradicts what the worker said.

    A provider that says twice that a running worker has ended is believed, and the session is lost: seed 102511.
    """
    kinds = [fault.kind for fault in played.happened]
    return played.finished and kinds.count(Kind.STANDING_ENDED) < _BELIEVED and not set(kinds) & set(_INCURABLE)


def outcome(played: Played) -> str | None:
    """Return the outcome in session.json, None where there is none."""
    facts = _json(played.directory / "session.json")
    return None if facts is None else str(facts["outcome"])


def no_loss(played: Played) -> str:
    """I1: everything that the worker wrote is there, and the session ends as the worker said."""
    if not curable(played):
        return ""
    if played.journal != played.written:
        return f"the worker wrote {len(played.written)} bytes, {len(played.journal)} of them came"
    if outcome(played) != played.schedule.script.outcome:
        return f"the worker ended as {played.schedule.script.outcome}, the session says {outcome(played)}"
    return ""


def no_dup(played: Played) -> str:
    """I2: every number is there once."""
    numbers = [line.seq for line in lines(played.journal)]
    return "" if len(set(numbers)) == len(numbers) else f"numbers come twice: {numbers}"


def order(played: Played) -> str:
    """I3: the numbers count from 0, and every line stands where it says that it stands."""
    at = 0
    for number, line in enumerate(lines(played.journal)):
        if (line.seq, line.offset) != (number, at):
            return f"line {number} says that it is record {line.seq} at byte {line.offset}; it stands at byte {at}"
        at = played.journal.index(b"\n", at) + 1
    return ""


def one_terminal(played: Played) -> str:
    """I4: one end, in session.json, and at most one terminal record, which is the last."""
    if played.session is None:
        return f"there is no session: {played.refusal or played.standstill}"
    if outcome(played) not in records.OUTCOMES:
        return f"the outcome is {outcome(played)}"
    ends = [number for number, line in enumerate(lines(played.journal)) if _kind(line) == "terminal"]
    last = len(lines(played.journal)) - 1
    return "" if ends in ([], [last]) else f"terminal records are {ends} of {last + 1}"


def no_false_success(played: Played) -> str:
    """I5: a success has every byte of a worker that said so, and as many events as it wrote."""
    if outcome(played) != records.SUCCEEDED:
        return ""
    if not played.finished or played.schedule.script.outcome != records.SUCCEEDED:
        return "the session says succeeded, and the worker did not"
    if played.journal != played.written:
        return "the session says succeeded, and its journal is not what the worker wrote"
    told = [line for line in lines(played.written) if _kind(line) == "event"]
    shown = (played.directory / "events.jsonl").read_bytes().splitlines()
    return "" if len(told) == len(shown) else f"the worker told {len(told)} events, the session shows {len(shown)}"


def prefix(played: Played) -> str:
    """I6: at every moment that was looked at the journal was a prefix of the spool, unless a frame was forged."""
    if any(fault.kind is Kind.FORGE for fault in played.happened):
        return ""  # a checksum is no seal: what is forged is found in the end, by the digest
    if played.breaks:
        return played.breaks[0]
    return "" if played.written.startswith(played.journal) else "in the end the journal is no prefix of the spool"


def live(played: Played) -> str:
    """I12: it came to its end, soon after the worker."""
    if played.standstill:
        return played.standstill
    named = sum(fault.seconds for fault in played.happened)
    hung = 60 * sum(fault.kind.name.endswith("_HANGS") for fault in played.happened)
    late_s = played.closed_s - played.ended_s - named - hung
    return "" if late_s <= GRACE_S else f"the session ends {late_s:.0f} s after the worker"


def idempotent_resume(played: Played) -> str:
    """I14: a session that is closed cannot be taken again, and the attempt changes nothing."""
    if played.session is None:
        return ""
    before = _fingerprint(played.directory)
    try:
        open_writer(played.root).release()
    except SessionError:
        return "" if _fingerprint(played.directory) == before else "an attempt to go on changed a closed session"
    return "a closed session was taken again"


def fenced(played: Played) -> str:
    """I15: the session holds what one worker said, and nothing of another."""
    strange = {line.epoch for line in lines(played.journal)} - {played.schedule.epoch}
    return f"there are lines of the epochs {sorted(strange)}" if strange else ""


def loss_is_said(played: Played) -> str:
    """I17: where the worker's end did not come, the session is no success and names the last record that holds."""
    found = lines(played.journal)
    ended = bool(found) and _kind(found[-1]) == "terminal"
    if played.session is None or (ended and outcome(played) != records.LOST):
        return ""
    facts: dict[str, Any] = _json(played.directory / "session.json") or {}
    message = str((facts.get("error") or {}).get("message", ""))
    if facts.get("outcome") == records.SUCCEEDED or not message:
        return f"there is no end that holds, and the session says {facts.get('outcome')}: {message!r}"
    if ended or any(fault.kind is Kind.FORGE for fault in played.happened):
        return ""  # it was contradicted, and that is what the message says
    said = f"the last verified record is {len(found) - 1}" if found else "no record came"
    return "" if said in message else f"{said!r} is not in {message!r}"


INVARIANTS: dict[str, Callable[[Played], str]] = {
    check.__name__: check
    for check in (
        no_loss,
        no_dup,
        order,
        one_terminal,
        no_false_success,
        prefix,
        live,
        idempotent_resume,
        fenced,
        loss_is_said,
    )
}
"""All of them, by name."""


def broken(played: Played) -> list[str]:
    """Return what does not hold, each with the invariant's name."""
    return [f"{name}: {said}" for name, check in INVARIANTS.items() if (said := check(played))]


def _kind(line: Line) -> str:
    return str(json.loads(line.payload)["kind"])


def _json(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    facts: dict[str, Any] = json.loads(path.read_bytes())
    return facts


def _fingerprint(directory: Path) -> list[tuple[str, int, int, int]]:
    """Return what tells whether anything below a directory was touched, the lock aside."""
    found = []
    for place, _, names in os.walk(directory):
        for name in names:
            if name != contract.LOCK_FILE:
                facts = os.stat(f"{place}/{name}")  # noqa: PTH116 - thousands of them
                found.append((f"{place}/{name}", facts.st_ino, facts.st_size, facts.st_mtime_ns))
    return sorted(found)
