"""Applies waivers to findings, and notices those that no longer hold or are no longer needed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from osiris_core.parity.record import WaiverUse

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from osiris_core.parity.record import Finding
    from osiris_core.rules.waivers import Waiver


class Waivers:
    """The waivers that speak of one manifest, on one day."""

    def __init__(self, waivers: Sequence[Waiver], *, manifest: str, today: dt.date) -> None:
        self._about = [waiver for waiver in waivers if waiver.is_about(manifest)]
        self._today = today
        self._hits: Counter[Waiver] = Counter()

    def applied(self, finding: Finding) -> Finding:
        """Return the finding with the name of the waiver that accepts it; one that has expired accepts nothing."""
        for waiver in self._about:
            if waiver.covers(code=finding.code, path=finding.path, step=finding.step):
                self._hits[waiver] += 1
                if waiver.expires >= self._today:
                    return replace(finding, waived_by=waiver.name)
        return finding

    def uses(self) -> tuple[WaiverUse, ...]:
        """Return what each waiver did, in the order of the file."""
        return tuple(
            WaiverUse(
                name=waiver.name,
                reason=waiver.reason,
                owner=waiver.owner,
                expires=waiver.expires.isoformat(),
                hits=self._hits[waiver],
                complaint=self._complaint(waiver),
                manifest=waiver.manifest,
                days_left=(waiver.expires - self._today).days,
            )
            for waiver in self._about
        )

    def _complaint(self, waiver: Waiver) -> str:
        if waiver.expires < self._today:
            return f"expired on {waiver.expires.isoformat()}"
        return "" if self._hits[waiver] else "nothing differs there any more: remove it"
