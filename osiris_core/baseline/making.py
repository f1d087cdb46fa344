"""A session becomes a baseline: what it did, without what may vary, and its artifacts.

What two runs need not have in common is left out: times, durations, ids of session and process, volatile metrics, the logical time unless it
was fixed, the manifest itself, which lies beside it. Text has tokens for what the default rules of text set aside.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from osiris_core.baseline.digests import table_digests
from osiris_core.baseline.document import ARTIFACTS, FILE, SUMMARIES, Baseline
from osiris_core.baseline.files import content_of, encode_summary, kept_text, summary_of
from osiris_core.baseline.frames import without_lines
from osiris_core.baseline.known import KnownValues
from osiris_core.baseline.layout import encode_baseline
from osiris_core.baseline.tokens import in_texts, tokenizer
from osiris_core.baseline.window import round_length_s, text_window
from osiris_core.errors import BaselineError
from osiris_core.parity.side import execution_order, run_window, view
from osiris_core.parity.streams import lines, size_bytes
from osiris_core.rules.model import RecordKind
from osiris_core.session.volatile import is_volatile_metric, volatile_fields
from osiris_core.wire.canon import canonical_json
from osiris_core.wire.records import RUN_START, STEP_COMPLETE, STEP_FAILED, STEP_RETRIED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from osiris_core.rules.model import Rule
    from osiris_core.session.model import Session

STREAM_BYTES: Final = 128 * 1024
"""Of longer logs and outputs only the digest and the first lines are kept."""
FIRST_LINES: Final = 20
OF_ONE_RUN: Final = frozenset({"logical_now", "manifest_fingerprint", "seed"})
"""What `run_start` says of one request: a baseline is told those of the run that is held against it."""
WITH_ERROR: Final = frozenset({STEP_FAILED, STEP_RETRIED})
"""Events whose texts are an error's, and compared as text."""

_MOST_BYTES: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """How a session is stored: whose it is, whether its text has tokens, whether the logical time was fixed, and by which rules it is compared."""

    name: str
    text: str = "normalized"
    fixed_now: bool = False
    rules: tuple[Rule, ...] = ()


def make_baseline(session: Session, making: Making) -> dict[str, bytes]:
    """Return the files of a session's baseline, by their paths in its directory.

    BaselineError where that is more than could be reviewed, or an artifact cannot be read.
    """
    files: dict[str, bytes] = {}
    try:
        artifacts = tuple(_artifacts(session, files, KnownValues(session, making.rules)))
    except OSError as error:
        raise BaselineError(f"an artifact cannot be read: {error}") from error
    files[FILE] = encode_baseline(document_of(session, making, artifacts=artifacts))
    total = sum(map(len, files.values()))
    if total > _MOST_BYTES:
        raise BaselineError(
            f"the baseline would have {total:,} bytes, which nobody can review (at most {_MOST_BYTES:,})",
            hint="log fewer events, or write larger artifacts in place of many small ones",
        )
    return files


def document_of(session: Session, making: Making, *, artifacts: tuple[dict[str, Any], ...] = ()) -> Baseline:
    """Return what a session did as a baseline says it, with artifacts that were looked at already."""
    longest_s = round_length_s(session)
    known = KnownValues(session, making.rules)
    said = texts_of(session, least_s=longest_s, fixed_now=making.fixed_now, exact=making.text == "exact")
    tables = tuple(_tables(session))
    unended: list[str] = []
    logs = dict(_streams(session.logs, RecordKind.LOG, known, said, unended))
    printed = dict(_streams(session.printed, RecordKind.PRINTED, known, said, unended))
    seed = session.facts.get("seed")
    return Baseline(
        name=making.name,
        pipeline=str((session.manifest.get("pipeline") or {}).get("id", "")),
        text="exact" if making.text == "exact" else "normalized",
        longest_s=longest_s,
        seed=seed if isinstance(seed, int) else None,
        table_digests=table_digests() if tables or any("sha256" in each for each in artifacts) else "",
        started=_started(session, making.rules),
        outcome=session.outcome,
        failed_step=session.failed_step,
        error=None if session.error is None else _error(session, known, said),
        steps=tuple(_step(each.id, each.state, each.reason, each.cause) for each in session.steps),
        events=tuple(_event(event, known, said, fixed_now=making.fixed_now) for event in session.events),
        tables=tables,
        metrics=tuple(sorted(map(_metric, session.metrics), key=_metric_order(session))),
        logs=logs,
        printed=printed,
        unended=tuple(unended),
        artifacts=artifacts,
    )


def texts_of(session: Session, *, least_s: int, fixed_now: bool, exact: bool) -> Callable[[str], str]:
    """Return what writes a text of the session as its baseline has it."""
    if exact:
        return lambda text: text
    window = text_window(session, least_s=least_s, fixed_now=fixed_now)
    return tokenizer(view(session, session.target, is_left=False, text_window=window))


def long_stream(streams: Mapping[str, bytes], step: str, said: Callable[[str], str]) -> dict[str, Any]:
    """Return what is kept of a long text: how many lines it has, the digest of all of them, and the first."""
    digest, count, first = hashlib.sha256(), 0, []
    for line in lines(streams, step):
        text = said(line.decode("utf-8", "surrogateescape"))
        digest.update(text.encode("utf-8", "surrogateescape"))
        if count < FIRST_LINES:
            first.append(text.removesuffix("\n"))
        count += 1
    return {"lines": count, "sha256": digest.hexdigest(), "first": first}


def _error(session: Session, known: KnownValues, said: Callable[[str], str]) -> Any:
    return in_texts(
        without_lines(_without(session.error or {}, {"data"})),
        lambda text: said(known.in_text(RecordKind.ERROR, session.failed_step, text)),
    )


def _streams(
    streams: Mapping[str, bytes],
    record: RecordKind,
    known: KnownValues,
    said: Callable[[str], str],
    unended: list[str],
) -> Iterator[tuple[str, Any]]:
    for step in sorted(streams):
        if size_bytes(streams, step) > STREAM_BYTES:
            yield step, long_stream(streams, step, said)
            continue
        raw = [line.decode("utf-8", "surrogateescape") for line in lines(streams, step)]
        texts = [said(known.in_text(record, step, line)) for line in raw]
        if texts and not texts[-1].endswith("\n"):
            unended.append(f"{step}.{'log' if record is RecordKind.LOG else 'out'}")
        yield step, [text.removesuffix("\n") for text in texts]


def _event(event: dict[str, Any], known: KnownValues, said: Callable[[str], str], *, fixed_now: bool) -> dict[str, Any]:
    name = str(event.get("event"))
    left_out = {"ts", "session", "step", "event", *volatile_fields("events", name)}
    if name == STEP_COMPLETE:
        left_out.add("tables")
    if name == RUN_START:
        left_out |= OF_ONE_RUN - ({"logical_now"} if fixed_now else set())
    if name in WITH_ERROR:
        left_out.add("data")
    step = event.get("step")
    own = {field: event[field] for field in sorted(event.keys() - left_out)}
    own = known.in_value(RecordKind.EVENT, step, name, own)
    if name in WITH_ERROR:
        own = in_texts(without_lines(own), lambda text: said(known.in_text(RecordKind.ERROR, step, text)))
    return {"step": step, "event": name, **own}


def _tables(session: Session) -> Iterator[dict[str, Any]]:
    """Yield each table that a step handed on, and behind it its columns."""
    for event in session.events:
        if event.get("event") != STEP_COMPLETE:
            continue
        for name, table in (event.get("tables") or {}).items():
            place = {"step": event.get("step"), "table": name}
            yield {**place, **_without(table, {"schema", "columns"})}
            columns = table.get("columns") or {}
            for column in table.get("schema") or ():
                yield {
                    **place,
                    "column": column["name"],
                    **_without(column, {"name"}),
                    **columns.get(column["name"], {}),
                }


def _metric(metric: dict[str, Any]) -> dict[str, Any]:
    left_out = {"ts", "session", *(("value",) if is_volatile_metric(metric) else ())}
    first = {name: metric.get(name) for name in ("step", "metric")}
    return {**first, **{name: value for name, value in metric.items() if name not in {*first, *left_out}}}


def _metric_order(session: Session) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    """Return the order of metrics: they are a multiset, and which of two threads was first says nothing."""
    order = execution_order(session, session)
    return lambda metric: (order.get(str(metric["step"]), -1), str(metric["metric"]), canonical_json(metric))


def _step(name: str, state: str, reason: str | None, cause: str | None) -> dict[str, Any]:
    why = {"reason": reason, "cause": cause}
    return {"id": name, "state": state, **({} if reason is None and cause is None else why)}


def _artifacts(session: Session, files: dict[str, bytes], known: KnownValues) -> Iterator[dict[str, Any]]:
    """Yield the line of each artifact, and add its files."""
    for path, file in sorted(session.artifacts.items()):
        line: dict[str, Any] = {"path": path, "mode": file.mode}
        data = kept_text(file)
        if data is not None:
            files[f"{ARTIFACTS}/{path}"] = known.in_file(path, data)
            yield line
            continue
        summary = summary_of(path, file.absolute, file.size_bytes)
        files[f"{SUMMARIES}/{path}.json"] = encode_summary(summary)
        content = content_of(file)
        known_by = {"size_bytes": file.size_bytes, "sha256": file.sha256}
        yield {**line, **known_by, **({"content": content} if content else {})}


def _started(session: Session, rules: Sequence[Rule]) -> str | None:
    """Return when the run began, where a rule asks for times within it: what is stored of such a time is the run's own."""
    window = run_window(session)
    if window is None or not any(rule.shape.type == "time" for rule in rules):
        return None
    return window.start.isoformat()


def _without(value: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: each for name, each in value.items() if name not in names}
