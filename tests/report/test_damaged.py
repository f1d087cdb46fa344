"""Records that were damaged or made up: a report that says so, or one sentence; never anything else."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from osiris_core.errors import UsageError
from osiris_core.parity.record_io import decode_records, encode_records
from osiris_core.parity.since import since
from osiris_core.report.annotations import annotation_lines
from osiris_core.report.html import render_html
from osiris_core.report.markdown import render_markdown
from osiris_core.report.since import since_lines, since_view
from osiris_core.report.terminal import summary_lines
from tests.report.hostile import hostile_set
from tests.report.samples import sample
from tests.report.structure import Structure

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMES = {"created_at": "2026-02-03T10:15:09Z", "started_at": "2026-02-03T10:15:09.000001Z", "expires": "2026-02-03"}


def timed(members: dict[str, Any]) -> dict[str, Any]:
    """Return an object with times where there have to be some."""
    return {**members, **{name: time for name, time in TIMES.items() if name in members}}


DOCUMENT = json.loads(encode_records(hostile_set(["plain"])), object_hook=timed)
"""One record with every field that there is."""
WHOLE = decode_records(json.dumps(DOCUMENT).encode())
DEEP: Any = []
for _ in range(40):
    DEEP = {"a": [DEEP]}
NUMBERS = (-1, 0, 1, 7, 10**15, 10**20 - 1, -(10**19))
MEASURES = (*NUMBERS, 0.1, -0.5, 1e15, -1e15, 1e308, 5e-324)
TEXTS = ("", "x", "x" * 3_000, "\n" * 500, "<b>\x1b\u202e", "m-plain-1", "2", "0f", "IDENTICAL", "skipped")
FITTING = {
    bool: (True, False),
    int: NUMBERS,
    float: MEASURES,
    str: TEXTS,
    list: ([],),
    dict: ({}, {"a": DEEP}),
    type(None): (None, 1, "x"),
}
"""Values by the type of what they take the place of: most of them are read."""
OTHERS = (None, True, 1, 0.5, "x", [], {}, [[]], [1, 2], DEEP)


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to everything in a document."""
    yield way
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from places(each, (*way, key))


PLACES = [way for way in places(DOCUMENT) if way]
DAMAGES = ("fit", "fit", "fit", "double", "drop", "other")


def damaged(damages: list[tuple[tuple[Any, ...], str, int]]) -> bytes:
    """Return the document with values replaced, left out or there twice; a place that is gone by then stays as it is."""
    document = copy.deepcopy(DOCUMENT)
    for way, how, number in damages:
        at = document
        try:
            for key in way[:-1]:
                at = at[key]
            old = at[way[-1]]
            if how == "double" and isinstance(at, list):
                at.append(copy.deepcopy(old))
            elif how == "drop":
                del at[way[-1]]
            else:
                values = OTHERS if how == "other" else FITTING[type(old)]
                at[way[-1]] = values[number % len(values)]
        except (KeyError, IndexError, TypeError):
            continue
    return json.dumps(document).encode()


@settings(derandomize=True, max_examples=30, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(st.sampled_from(PLACES), st.sampled_from(DAMAGES), st.integers(0, 12)),
        min_size=1,
        max_size=4,
    )
)
def test_a_damaged_record_makes_a_report_or_a_sentence(damages) -> None:
    """Whatever one value of a record is replaced by, or whatever is missing: nothing else is raised, and no anchor is there twice."""
    try:
        records = decode_records(damaged(damages))
    except UsageError:
        return
    changed = since(WHOLE, records, "old")
    page = Structure(render_html(records, since=changed))
    ids = page.values("id")
    assert len(set(ids)) == len(ids)
    assert len(render_markdown(records, since=changed)) > 20
    assert summary_lines(records, 80, None)
    assert since_lines(since_view(changed)) is not None
    assert annotation_lines(records, root=Path("/project"), workspace=Path("/project")) is not None


def test_damaged_records_are_read_too() -> None:
    """The check above renders: a value of the type that a place has is mostly taken."""
    taken = 0
    for way in PLACES[::23]:
        with contextlib.suppress(UsageError):
            taken += bool(decode_records(damaged([(way, "fit", 1)])))
    assert taken > len(PLACES) // 23 // 2


def test_two_machines_with_one_session_id_keep_their_anchors(records) -> None:
    """The same records from two hosts: all are shown, and every place has an address of its own."""
    both = dataclasses.replace(sample(), records=(*records.records[3:5], *records.records[3:5]))
    page = Structure(render_html(both))
    assert len(set(page.values("id"))) == len(page.values("id"))
