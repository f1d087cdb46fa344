"""What a simulated worker says, and when: records that a session takes, in an order that a run has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from osiris_core.wire import records
from osiris_core.wire.request import RunRequest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from random import Random

SESSION_ID = "20261124T120000Z-0a1b2c3d"
MANIFEST: dict[str, Any] = {
    "pipeline": {"id": "flights"},
    "steps": [
        {"id": "read", "driver": "filesystem.csv_extractor", "needs": [], "config": {"path": "flights.csv"}},
        {"id": "write", "driver": "filesystem.csv_writer", "needs": ["read"], "config": {"path": "out.csv"}},
    ],
}
REQUEST = RunRequest(
    session_id=SESSION_ID,
    manifest=MANIFEST,
    order=("read", "write"),
    logical_now="2026-11-24T11:59:59.000000Z",
    seed=7,
    manifest_fingerprint="f" * 64,
)
TS = "2026-11-24T12:00:00.000000Z"
"""The time on the worker's clock: it stands still, so that a seed gives the same bytes."""
_SILENCES_S = (0.0, 0.0, 0.0, 0.05, 0.05, 1.0, 4.0, 22.0)
_MOMENT = 100
_WORDS = ("reading", "zürich \u2028", 'a "quoted" word', "\x1eOS1 looks like a frame", "x" * 700)


@dataclass(frozen=True, slots=True)
class Deed:
    """A record that is written `after_s` seconds after the one before."""

    after_s: float
    record: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A run up to its terminal record, which the worker makes itself; `outcome` is what it will state."""

    deeds: Collection[Deed]
    outcome: str = records.SUCCEEDED
    leaves_after_s: float = 0.0
    failed_step: str | None = field(default=None)

    @property
    def lasts_s(self) -> float:
        """How long the worker needs."""
        return sum(deed.after_s for deed in self.deeds) + self.leaves_after_s


def short() -> Script:
    """Return the shortest run with something in it: a hello, an event, the end."""
    return Script(deeds=(Deed(0.0, _hello()), Deed(0.5, _event("run_start")), Deed(6.0, _event("run_complete"))))


class LongDeeds:
    """`count` log lines in moments of a hundred, made as they are asked for: a million of them are never held."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._ends = short().deeds

    def __len__(self) -> int:
        """Return how many deeds there are."""
        return self._count + len(self._ends)

    def __contains__(self, deed: object) -> bool:
        """Say whether a deed is one of the ends; nobody asks for the others."""
        return deed in self._ends

    def __iter__(self) -> Iterator[Deed]:
        """Yield them in order."""
        *begin, end = self._ends
        yield from begin
        for number in range(self._count):
            record = records.log(ts=TS, step="read", level="INFO", logger="soak", message=f"record {number}")
            yield Deed(0.01 if number % _MOMENT == 0 else 0.0, record)
        yield end


def script(rng: Random) -> Script:
    """Return a run as `rng` draws it: of two steps, with output and silence in between."""
    outcome = rng.choice([records.SUCCEEDED] * 3 + [records.FAILED, records.CRASHED, records.DISK_FULL])
    deeds = [Deed(0.0, _hello()), Deed(0.0, _event("run_start"))]
    for step in REQUEST.order:
        deeds.append(Deed(_silence(rng), _event("step_start", step)))
        deeds += [Deed(_silence(rng), _said(rng, step)) for _ in range(rng.randrange(6))]
        last = step == REQUEST.order[-1] and outcome != records.SUCCEEDED
        deeds.append(Deed(_silence(rng), _event("step_failed" if last else "step_complete", step)))
    deeds.append(Deed(0.0, _event("run_complete" if outcome == records.SUCCEEDED else "run_failed")))
    return Script(
        deeds=tuple(deeds),
        outcome=outcome,
        leaves_after_s=rng.choice((0.0, 0.0, 0.2, 3.0)),
        failed_step=None if outcome == records.SUCCEEDED else REQUEST.order[-1],
    )


def _silence(rng: Random) -> float:
    return rng.choice(_SILENCES_S)


def _said(rng: Random, step: str) -> dict[str, Any]:
    """Return what a driver may say."""
    match rng.randrange(12):
        case 0:
            return records.metric(ts=TS, step=step, name="rows", value=2, unit=None, volatile=False, tags={})
        case 1:
            return _event("page_made", step)
        case 2 | 3 | 4:
            return records.stdio(ts=TS, step=step, data=rng.randbytes(rng.choice((0, 1, 60, 3000))))
        case 5 if rng.random() < 0.1:  # noqa: PLR2004 - few, because they are long
            return records.log(ts=TS, step=step, level="INFO", logger="flights", message="long " * 20_000)
        case _:
            return records.log(ts=TS, step=step, level="INFO", logger="flights", message=rng.choice(_WORDS))


def _event(name: str, step: str | None = None) -> dict[str, Any]:
    return records.event(ts=TS, step=step, name=name, data={})


def _hello() -> dict[str, Any]:
    return records.hello(
        ts=TS,
        facts={
            "protocol": REQUEST.protocol,
            "session": SESSION_ID,
            "nonce": "0a1b",
            "request_digest": REQUEST.digest,
            "bundle_digest": "b",
            "boot_id": "1",
            "pid_namespace": 1,
            "roots": {},
            "environment": {},
        },
    )
