"""An exhibit of sessions that have been read: of two, aligned as the comparison does it; of one, as it is."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.compare import TABLE_ORDER, pair_of
from osiris_core.parity.exhibit.cutting import is_worth_telling, shortened
from osiris_core.parity.exhibit.entries import entries_by_step
from osiris_core.parity.exhibit.event_rows import EventRows
from osiris_core.parity.exhibit.forms import VOLATILE, Tables, line_of
from osiris_core.parity.exhibit.metric_rows import MetricRows
from osiris_core.parity.exhibit.model import StepExhibit, Stream, StreamKind
from osiris_core.parity.exhibit.streams import lone_streams, text_streams
from osiris_core.parity.exhibit.text_rows import rows_alone
from osiris_core.parity.layers.event_shapes import shape_faults as event_faults
from osiris_core.parity.layers.metrics import shape_faults as metric_faults
from osiris_core.parity.layers.outcome import compare_outcome
from osiris_core.parity.layers.tables import compare_tables, tables_of
from osiris_core.parity.ledger import has_consequence
from osiris_core.parity.side import manifest_steps, view
from osiris_core.rules.model import RecordKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from osiris_core.parity.exhibit.model import Entry, Row
    from osiris_core.parity.pair import Pair
    from osiris_core.parity.record import ParityRecord
    from osiris_core.rules.model import Rule
    from osiris_core.session.model import Session

RECORDS_HELD: Final = 100_000
"""Events, and metrics, of one session that are held: of more the first."""

Parts = tuple[tuple[StepExhibit, ...], tuple[Stream, ...]]
"""The steps, and the streams that belong to none."""
_Records = dict["str | None", list[dict[str, Any]]]


def parts_of_two(left: Session, right: Session, record: ParityRecord, *, text: str, rules: Sequence[Rule]) -> Parts:
    """Return what two sessions hold, side by side, under the rules that their comparison had."""
    pair = pair_of(left, right, text="exact" if text == "exact" else "normalized", rules=rules)
    sessions = left, right
    held_events, held_metrics = ([_held(each.events) for each in sessions], [_held(each.metrics) for each in sessions])
    events, metrics = [_by_step(each) for each in held_events], [_by_step(each) for each in held_metrics]
    steps = _steps(pair.order, (left, right), (*events, *metrics))
    list(compare_outcome(pair))  # what declared rules see first, they see first here
    event_rows = EventRows(pair, _faulty_events(pair, held_events), _tables(pair, record))
    ranked = sorted({*steps, None}, key=pair.rank)
    of_events = {step: event_rows.of_step(step, *(each.get(step, []) for each in events)) for step in ranked}
    metric_rows = MetricRows(pair, _faulty_metrics(pair, held_metrics))
    of_metrics = {step: metric_rows.of_step(*(each.get(step, []) for each in metrics)) for step in ranked}
    texts = {step: tuple(text_streams(pair, step)) for step in sorted(steps, key=pair.rank)}
    records = {
        step: (
            *_stream(StreamKind.EVENTS, of_events[step], [len(each.get(step, ())) for each in events], sessions),
            *_stream(StreamKind.METRICS, of_metrics[step], [len(each.get(step, ())) for each in metrics], sessions),
        )
        for step in ranked
    }
    return _parts(steps, records, texts, entries_by_step(pair.left, pair.right, record), _configs(left, right))


def parts_of_one(session: Session, record: ParityRecord, *, is_left: bool) -> Parts:
    """Return what a session holds whose other is not there: all on its side."""
    side = view(session, session.target, is_left=is_left)
    events, metrics = _by_step(_held(session.events)), _by_step(_held(session.metrics))
    steps = _steps({each.id: 0 for each in session.steps}, (session,), (events, metrics))
    records: dict[str | None, tuple[Stream, ...]] = {}
    for step in (*steps, None):
        streams: list[Stream] = []
        for kind, found in ((StreamKind.EVENTS, events), (StreamKind.METRICS, metrics)):
            rows = rows_alone([line_of(each) for each in found.get(step, ())], is_left=is_left)
            totals = [len(rows), 0] if is_left else [0, len(rows)]
            streams += _stream(kind, rows, totals, (session,))
        records[step] = tuple(streams)
    texts = {step: tuple(lone_streams(session, step, is_left=is_left)) for step in steps}
    left, right = (session, None) if is_left else (None, session)
    entries = entries_by_step(side if is_left else None, None if is_left else side, record)
    return _parts(steps, records, texts, entries, _configs(left, right))


def _parts(
    steps: Sequence[str],
    records: dict[str | None, tuple[Stream, ...]],
    texts: dict[str, tuple[Stream, ...]],
    entries: dict[str, tuple[Entry, ...]],
    configs: tuple[dict[str, str], dict[str, str]],
) -> Parts:
    named = dict.fromkeys((*steps, *entries))  # in a directory of somebody else's a path need not begin with a step
    exhibits = tuple(
        StepExhibit(
            id=step,
            configs=(configs[0].get(step, ""), configs[1].get(step, "")),
            streams=(*records.get(step, ()), *texts.get(step, ())),
            entries=entries.get(step, ()),
        )
        for step in named
    )
    return exhibits, records[None]


def _held(records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return list(islice(records, RECORDS_HELD))


def _by_step(records: Iterable[dict[str, Any]]) -> _Records:
    found: _Records = defaultdict(list)
    for each in records:
        found[each.get("step")].append(each)
    return found


def _steps(order: Iterable[str], sessions: Sequence[Session], records: Sequence[_Records]) -> list[str]:
    """Return the ids of all steps that a session knows of, or has something of: those that ran in their order, then the others."""
    found = dict.fromkeys(order)
    for session in sessions:
        found |= dict.fromkeys((*manifest_steps(session), *session.logs, *session.printed))
    for each in records:
        found |= dict.fromkeys(step for step in each if step is not None)
    return [step for step in found if isinstance(step, str)]


def _stream(kind: StreamKind, rows: Sequence[Row], totals: Sequence[int], sessions: Sequence[Session]) -> list[Stream]:
    if not rows:
        return []
    kept, cut = shortened(rows, (totals[0], totals[1]), _is_told)
    records = [len(each.events if kind is StreamKind.EVENTS else each.metrics) for each in sessions]
    if max(records) > RECORDS_HELD:
        more = f"only the first {RECORDS_HELD:,} of the {max(records):,} {kind} of the session are looked at"
        cut = f"{cut}; {more}" if cut else more
    return [Stream(kind=kind, rows=kept, totals=(totals[0], totals[1]), cut=cut)]


def _is_told(row: Row) -> bool:
    """Whether a record is not the same, beyond its time."""
    return is_worth_telling(row) and row.rules != (VOLATILE,)


def _faulty_events(pair: Pair, held: Sequence[list[dict[str, Any]]]) -> dict[int, set[str]]:
    """Return the fields of events that do not keep their shape, by `id` of the event."""
    found: dict[int, set[str]] = defaultdict(set)
    for side, events in zip((pair.left, pair.right), held, strict=True):
        for event, field, _ in event_faults(side, events):
            found[id(event)].add(field)
    return found


def _faulty_metrics(pair: Pair, held: Sequence[list[dict[str, Any]]]) -> set[int]:
    return {
        id(metric)
        for side, metrics in zip((pair.left, pair.right), held, strict=True)
        for metric, _ in metric_faults(side, metrics)
    }


def _configs(left: Session | None, right: Session | None) -> tuple[dict[str, str], dict[str, str]]:
    a, b = ({} if each is None else _configs_of(each) for each in (left, right))
    return a, b


def _configs_of(session: Session) -> dict[str, str]:
    return {
        step: json.dumps(body["config"], indent=2, sort_keys=True, ensure_ascii=False)
        for step, body in manifest_steps(session).items()
        if "config" in body
    }


def _tables(pair: Pair, record: ParityRecord) -> dict[str | None, Tables]:
    """Return how the tables of each step stand: what was found, or which rules let nothing be found.

    Another order of rows is set aside where the record has no difference at what was made from them.
    """
    kept = record.comparison.findings if record.comparison else ()
    deciding = {each.step for each in kept if each.step is not None and not each.locates and not each.waived_by}
    found: dict[str | None, bool] = {}
    for finding in compare_tables(pair):
        harmless = finding.locates and not has_consequence(pair, str(finding.step), deciding)
        found[finding.step] = found.get(finding.step, True) and harmless
    both = tables_of(pair.left), tables_of(pair.right)
    standings: dict[str | None, Tables] = {}
    for step, name in both[0].keys() & both[1].keys():
        ruled = [each.rule.id for each in pair.rules.covering_text(RecordKind.TABLE, step, name) if each.decided]
        before = standings.get(step, Tables(equal=True)).rules
        order = [TABLE_ORDER] if found.get(step) else []
        standings[step] = Tables(found.get(step, True), tuple(dict.fromkeys((*before, *ruled, *order))))
    return standings
