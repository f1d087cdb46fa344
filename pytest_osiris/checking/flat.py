"""A test's record as flat properties, each a short text: what a dashboard that reads JUnit files can filter and count by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osiris_core.report.terminal import triage_sentence
from osiris_core.report.text import capped_line, visible_line
from pytest_osiris.keys import PROPERTY

if TYPE_CHECKING:
    from osiris_core.parity.record import ParityRecord

_NAMES: Final = frozenset({"verdict", "first_step", "cause", "headline", "targets", "provider", "isolation", "record"})
_PREFIX: Final = f"{PROPERTY}_"
_CHARACTERS: Final = 300


def flat_properties(record: ParityRecord, path: str) -> list[tuple[str, str]]:
    """Return name and text of what is known of a record; `path` is the file of the whole."""
    remote = next((run for run in record.targets if run.provider != "host"), None)
    values = {
        "verdict": record.verdict.value if record.verdict else "OK" if record.passed else "FAILED",
        "first_step": record.first_diverging_step or "",
        "cause": "" if record.passed else triage_sentence(record) or record.cause,
        "headline": record.headline,
        "targets": ",".join(run.target for run in record.targets),
        "provider": remote.provider if remote else "",
        "isolation": remote.isolation if remote else "",
        "record": path,
    }
    return [(f"{_PREFIX}{name}", capped_line(visible_line(text), _CHARACTERS)) for name, text in values.items() if text]


def is_ours(name: object) -> bool:
    """Whether an entry of a test's properties is one that this plugin writes."""
    return name == PROPERTY or (isinstance(name, str) and name.removeprefix(_PREFIX) in _NAMES)
