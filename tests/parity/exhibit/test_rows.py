"""An exhibit says nothing of its own: where a row differs the record has a finding, and what is set aside a rule has decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from osiris_core.parity.compare import TABLE_ORDER, compare
from osiris_core.parity.exhibit.building import parts_of_two
from osiris_core.parity.exhibit.forms import VOLATILE
from osiris_core.parity.exhibit.model import Standing
from osiris_core.parity.record import Layer, ParityRecord
from tests.parity.exhibit.sides import CASES
from tests.parity.sessions import pair

if TYPE_CHECKING:
    from osiris_core.parity.exhibit.model import Row
    from osiris_core.parity.record import Comparison
    from tests.parity.exhibit.sides import Case

DIFFERS = {Standing.CHANGED, Standing.LEFT, Standing.RIGHT}


JUDGED_BY_VALUE = {
    "ids renamed otherwise",
    "a line of the wrong shape on both sides",
    "numbers outside their tolerance",
    "no id on either side",
    "a number of another type",
}
"""Cases where rules look at values that a form has no more."""


@dataclass(frozen=True)
class Shown:
    """What the comparison says of a case, and every row of its exhibit with its place: (kind of stream, step)."""

    case: Case
    comparison: Comparison
    rows: list[tuple[tuple[str, str | None], Row]]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def shown(request, tmp_path_factory) -> Shown:
    """Every case, compared and shown once."""
    case = request.param
    sessions = pair(tmp_path_factory.mktemp("sides"), *case.drafts())
    comparison = compare(*sessions, text=case.text, rules=case.rules)
    record = ParityRecord(manifest="m", pipeline_id="m", passed=False, headline="", comparison=comparison)
    steps, run = parts_of_two(*sessions, record, text=case.text, rules=case.rules)
    streams = [(step.id, stream) for step in steps for stream in step.streams] + [(None, stream) for stream in run]
    rows = [((stream.kind.value, step), row) for step, stream in streams for row in stream.rows]
    return Shown(case, comparison, rows)


def place_of(finding):
    """Return the stream that a finding speaks of: that of a table is the event that tells of it."""
    if finding.layer is Layer.LOGS:
        return ("log" if ".log:" in finding.path else "printed", finding.step)
    return ("metrics" if finding.layer is Layer.METRICS else "events", finding.step)


def test_a_row_differs_exactly_where_the_record_has_a_finding(shown):
    """By layer and stream."""
    streams = {Layer.EVENTS, Layer.METRICS, Layer.LOGS, Layer.TABLES}
    harmless = any(use.rule == TABLE_ORDER for use in shown.comparison.rules)
    counting = (each for each in shown.comparison.findings if not (each.locates and harmless))
    found = {place_of(each) for each in counting if each.layer in streams}
    assert {place for place, row in shown.rows if row.standing in DIFFERS} == found


def test_a_row_is_set_aside_exactly_where_a_rule_decided(shown):
    """The schema's own fields apart, which a record does not count; a rule that decided stands at a row."""
    decided = {use.rule for use in shown.comparison.rules if use.decided}
    aside = [{*row.rules} - {VOLATILE} for _, row in shown.rows if row.standing is Standing.SET_ASIDE]
    assert decided <= {name for names in aside for name in names}
    assert any(aside) == bool(decided)


def test_normal_forms_are_equal_exactly_where_a_row_is(shown):
    """So that a reader who sees them sees what the comparison saw."""
    for place, row in shown.rows:
        forms = row.left_normal or row.left, row.right_normal or row.right
        if row.standing in {Standing.SAME, Standing.SET_ASIDE}:
            assert forms[0] == forms[1], (place, row)
        elif row.standing is Standing.CHANGED and shown.case.name not in JUDGED_BY_VALUE:
            assert forms[0] != forms[1], (place, row)


def test_every_line_of_both_sides_is_there_once(shown):
    """In order, with its number and as it stands."""
    for side, draft in enumerate(shown.case.drafts()):
        for step, data in draft.printed.items():
            rows = [row for place, row in shown.rows if place == ("printed", step)]
            lines = [((row.left_number, row.left), (row.right_number, row.right))[side] for row in rows]
            expected = data.decode("utf-8", "surrogateescape").splitlines()
            assert [(number, text.removesuffix("⟨no line feed⟩")) for number, text in lines if number] == [
                *enumerate(expected, start=1)
            ]
