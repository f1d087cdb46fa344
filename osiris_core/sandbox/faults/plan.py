"""The faults of one server: which of them is due, and how often each has struck."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from osiris_core.sandbox.faults.model import REQUESTS
from osiris_core.sandbox.faults.reading import fault_to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from osiris_core.sandbox.faults.model import Fault, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Victim:
    """Whose request or stream it is; `born_at` is when the sandbox was made, in seconds since the epoch."""

    sandbox_id: str | None
    metadata: Mapping[str, str]
    born_at: float | None


class Armed:
    """A fault in force; `occasions` and `fired` count how often it could have struck, and did."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.occasions = 0
        self.fired = 0
        self._since = time.time()

    def concerns(self, place: Place, victim: Victim) -> bool:
        """Return whether it could ever strike there."""
        fault = self.fault
        at = fault.at == place or (fault.at == "any" and place in REQUESTS)
        whose = fault.sandbox in {None, victim.sandbox_id} and fault.metadata.items() <= victim.metadata.items()
        return at and whose and (fault.times is None or self.fired < fault.times)

    def strikes(self, victim: Victim) -> bool:
        """Count an occasion and return whether it strikes at this one, which is counted too."""
        fault = self.fault
        if fault.times is not None and self.fired >= fault.times:
            return False
        if fault.after_s and time.time() < self.ripe_at(victim):
            return False
        self.occasions += 1
        counted = self.occasions - fault.after_calls
        if counted < 1 or counted % fault.every:
            return False
        self.fired += 1
        return True

    def ripe_at(self, victim: Victim) -> float:
        """Return when its `after_s` are over, in seconds since the epoch."""
        return (victim.born_at or self._since) + self.fault.after_s


class FaultPlan:
    """What is in force now; empty for a server that behaves."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._armed: tuple[Armed, ...] = ()
        self.put(faults)

    def put(self, faults: Iterable[Fault]) -> None:
        """Replace the plan; all counts begin anew."""
        self._armed = tuple(Armed(each) for each in faults)

    def concerning(self, place: Place, victim: Victim) -> tuple[Armed, ...]:
        """Return the faults that could strike there, in the order of the plan."""
        return tuple(each for each in self._armed if each.concerns(place, victim))

    def __bool__(self) -> bool:
        """Return whether there is any fault in force."""
        return bool(self._armed)

    def as_json(self) -> dict[str, Any]:
        """Return the plan and what became of it so far."""
        return {
            "faults": [
                fault_to_json(each.fault) | {"occasions": each.occasions, "fired": each.fired} for each in self._armed
            ]
        }
