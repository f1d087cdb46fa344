"""The entry of a test's properties: its records in JSON's own types and less than 4 KB, whatever a pipeline is called or says.

It travels with every report of the test, through xdist, and into JUnit and report logs; the whole lies on disk.
"""

from __future__ import annotations

import json
from itertools import accumulate, takewhile
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.record import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.parity.record import ParityRecord

MOST_BYTES: Final = 4096
_MOST_OUTLINES: Final = 20
_MOST_SESSIONS: Final = 4
_LONG, _SHORT = 1000, 150
_WEIGHTS = {verdict: weight for weight, verdict in enumerate(Verdict)}


def worst_of(records: Sequence[ParityRecord]) -> ParityRecord:
    """Return the record that a test is known by."""
    return max(records, key=lambda each: (not each.passed, -1 if each.verdict is None else _WEIGHTS[each.verdict]))


def entry_of(records: Sequence[ParityRecord], path: str) -> dict[str, Any]:
    """Return the entry of a test's records; `path` is the file that has them whole.

    It speaks of the worst, and outlines each where there are several: as many as there is room for.
    """
    worst = worst_of(records)
    entry = {
        **_outline(worst),
        "first_step": worst.first_diverging_step and _within(worst.first_diverging_step, _SHORT),
        "headline": _within(worst.headline, _LONG),
        "session": sessions_of(worst),
        "attempt": len(worst.earlier) + 1,
        "record": path,
    }
    if len(records) == 1:
        return entry
    for shown in range(min(len(records), _MOST_OUTLINES), -1, -1):
        left_out = {"checks_left_out": len(records) - shown} if shown < len(records) else {}
        whole = {**entry, "checks": [_outline(each) for each in records[:shown]], **left_out}
        if len(json.dumps(whole)) < MOST_BYTES:
            break
    return whole


def sessions_of(record: ParityRecord) -> list[str]:
    """Return the session directories of a record, from the root directory."""
    directories = [run.session_directory for run in record.targets if run.session_directory]
    return [_within(each, _SHORT) for each in directories[:_MOST_SESSIONS]]


def _outline(record: ParityRecord) -> dict[str, Any]:
    return {
        "manifest": _within(record.manifest, _LONG),
        "case": _within(record.case, _SHORT),
        "passed": record.passed,
        "verdict": record.verdict.value if record.verdict else None,
    }


def _within(text: str, most_bytes: int) -> str:
    """Return a text, cut to so many bytes of ASCII JSON; what no encoding can carry is escaped."""
    text = text.encode("utf-8", "backslashreplace").decode()
    if len(json.dumps(text)) <= most_bytes:
        return text
    sizes = accumulate(len(json.dumps(each)) - len('""') for each in text)
    room = most_bytes - len('"..."')
    return text[: sum(1 for _ in takewhile(room.__ge__, sizes))] + "..."
