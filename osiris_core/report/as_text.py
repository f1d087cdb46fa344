"""What a page knows of a failure as plain text, to be given to a person or an assistant who has not the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osiris_core.report.environment import environment_diff
from osiris_core.report.place import place_of
from osiris_core.report.terminal import failure_lines
from osiris_core.report.text import capped_line, visible_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osiris_core.parity.record import ParityRecord

_COLUMNS: Final = 120
_FINDINGS: Final = 8
_FACTS: Final = 12
_CHARACTERS: Final = 300


def as_text(record: ParityRecord) -> str:
    """Return the failure of `record` in at most some 40 visible lines: what ran where, what failed, what else differs."""
    lines = [*_where(record), "", *failure_lines(record, _COLUMNS), *_differences(record), *_facts(record)]
    return "\n".join(capped_line(visible_line(line), _CHARACTERS) for line in lines) + "\n"


def _where(record: ParityRecord) -> Iterator[str]:
    yield "The same data pipeline ran on these targets, and pytest-osiris compared what came out:"
    for run in record.targets:
        place = place_of(run)
        yield f"- {run.target}: {', '.join(filter(None, [place.title, place.isolation, run.outcome or 'no outcome']))}"


def _differences(record: ParityRecord) -> Iterator[str]:
    found = [each for each in record.comparison.findings if not each.locates] if record.comparison else []
    if len(found) > 1:
        yield ""
        yield (
            f"Differences, {min(len(found), _FINDINGS)} of {record.comparison.findings_total:,}:"
            if record.comparison
            else ""
        )
    for each in found[:_FINDINGS] if len(found) > 1 else ():
        yield f"- {f'step {each.step}: ' if each.step else ''}{each.path}: {each.message}"


def _facts(record: ParityRecord) -> Iterator[str]:
    diff = environment_diff([(run.target, run.environment) for run in record.targets if run.environment])
    if not diff.differing:
        return
    yield ""
    yield f"Environments that differ ({' | '.join(diff.targets)}), {min(len(diff.differing), _FACTS)} of {len(diff.differing)}:"
    for fact in diff.differing[:_FACTS]:
        yield f"- {fact.name}: {' | '.join(fact.values)}"
