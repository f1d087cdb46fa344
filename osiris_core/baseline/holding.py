"""A session held against a baseline, by the engine that holds two sessions against each other.

What the baseline knows by a digest alone is looked at here, before: where the digest is the run's, that is what it stands for; where it is not,
a table is compared by its description, as a step's is, and of anything else there is the difference and no more to say.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal

from osiris_core.baseline.digests import table_digests, without_digests
from osiris_core.baseline.document import FILE
from osiris_core.baseline.files import content_of, summary_of
from osiris_core.baseline.making import long_stream, texts_of
from osiris_core.baseline.reading import LABEL, as_session
from osiris_core.baseline.window import text_window
from osiris_core.parity.compare import compare
from osiris_core.parity.evidence import Evidence, check_minimums, is_lost, skipped_artifacts
from osiris_core.parity.hints import ROW_ORDER
from osiris_core.parity.kinds.tables.told import ROW_ORDER_CODE
from osiris_core.parity.noise import noise_replacer, roots_replacer
from osiris_core.parity.record import Finding, Layer, RuleUse
from osiris_core.parity.side import view
from osiris_core.parity.values import shorten
from osiris_core.rules.model import RecordKind, RuleKind
from osiris_core.rules.patterns import glob, path_glob
from osiris_core.wire.records import STEP_COMPLETE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osiris_core.baseline.reading import StoredBaseline
    from osiris_core.parity.record import Comparison
    from osiris_core.parity.waived import Waivers
    from osiris_core.rules.model import Rule
    from osiris_core.session.artifacts import ArtifactFile
    from osiris_core.session.model import Session

DESCRIBED: Final = "table-by-description"
_REASON: Final = (
    "the baseline has only the digest of a file that holds a table: other bytes, and a table of the same description"
)
REPACKED: Final = "container-by-content"
_REPACKED_REASON: Final = "the baseline has the digests of a file and of what it holds: other bytes, and the same members, or rows, with the same content"
_AGAIN: Final = "write the baseline anew: --osiris-update=changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """How a session is held: as a check compares two. `fixed_now` says that the logical time was asked for."""

    text: Literal["normalized", "exact"] = "normalized"
    rules: tuple[Rule, ...] = ()
    waivers: Waivers | None = None
    fixed_now: bool = False


@dataclass(slots=True)
class _Unopened:
    """What is known of artifacts and texts of which the baseline has a digest."""

    findings: list[Finding] = field(default_factory=list)
    uses: list[RuleUse] = field(default_factory=list)
    tables: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)  # of the run, by step and path


def hold(stored: StoredBaseline, session: Session, holding: Holding) -> Comparison:
    """Compare; the baseline is the left side."""
    left, right = as_session(stored, session), session
    unopened = _Unopened()
    left = _with_artifacts(stored, left, right, holding, unopened)
    left = _with_long_streams(stored, left, right, holding, unopened)
    if unopened.tables:
        left, right = _with_tables(left, _described(stored, unopened)), _with_tables(right, unopened.tables)
    gaps = list(skipped_artifacts(session))
    if stored.baseline.table_digests and stored.baseline.table_digests != table_digests():
        left, right = _undigested(left), _undigested(right)
        gaps.append(
            f"the values of tables: the baseline's digests were made by another version of the engine; {_AGAIN}"
        )
    return _explained(
        compare(
            left,
            right,
            text=holding.text,
            rules=holding.rules,
            waivers=holding.waivers,
            evidence=Evidence(
                problems=(*check_minimums(session), *_problems(stored, holding)),
                not_compared=tuple(gaps),
                findings=tuple(unopened.findings),
                uses=tuple(unopened.uses),
                lost=is_lost(session),
                text_window=text_window(session, least_s=stored.baseline.longest_s, fixed_now=holding.fixed_now),
            ),
        ),
        left,
    )


def _problems(stored: StoredBaseline, holding: Holding) -> Iterator[str]:
    if stored.baseline.text != holding.text:
        yield f"{FILE} has {stored.baseline.text} text, and the manifest asks for {holding.text}: {_AGAIN}"


def _with_artifacts(
    stored: StoredBaseline, left: Session, right: Session, holding: Holding, unopened: _Unopened
) -> Session:
    """Return the baseline with the run's own files in place of those that it has no content of."""
    found = dict(left.artifacts)
    for path, known in stored.digests.items():
        file = right.artifacts.get(path)
        if file is None:
            continue  # the comparison says that it is not there
        found[path] = replace(file, mode=known.mode)
        if file.sha256 != known.sha256 and stored.contents.get(path) and stored.contents[path] == content_of(file):
            unopened.uses.append(_use(REPACKED, _REPACKED_REASON, path, *_forms(known, file)))
        elif file.sha256 != known.sha256:
            table = _table_in(stored, file, right)
            unordered = _may_be_unordered(holding.rules, path)
            _look_into(known, file, (stored.described.get(path), table), unopened, unordered=unordered)
    return replace(left, artifacts=found)


def _look_into(
    known: ArtifactFile,
    file: ArtifactFile,
    tables: tuple[dict[str, Any] | None, dict[str, Any] | None],
    out: _Unopened,
    *,
    unordered: bool,
) -> None:
    """Say that a file differs, or hand on the table in it to be compared as a step's is; of a file the order of rows counts."""
    path, step = file.path, file.path.partition("/")[0]
    left, right = _forms(known, file)
    finding = partial(Finding, layer=Layer.ARTIFACTS, step=step, path=path, left=left, right=right)
    stored, found = tables
    if stored is None or found is None:
        message = "the content differs: the baseline has only its digest"
        out.findings.append(finding(code="artifact-content", message=message))
    elif _only_reordered(stored, found) and not unordered:
        out.findings.append(finding(code=ROW_ORDER_CODE, message="the same rows in another order", hint=ROW_ORDER))
    else:
        out.tables.setdefault(step, {})[path] = found
        out.uses.append(_use(DESCRIBED, _REASON, path, left, right))


def _forms(known: ArtifactFile, file: ArtifactFile) -> tuple[str, str]:
    a, b = (f"{each.size_bytes:,} bytes, sha256 {each.sha256[:12]}" for each in (known, file))
    return a, b


def _use(rule: str, reason: str, path: str, left: str, right: str) -> RuleUse:
    examples = ((path, left, right),)
    return RuleUse(rule=rule, reason=reason, left_hits=1, right_hits=1, decided=1, examples=examples, source="reading")


def _table_in(stored: StoredBaseline, file: ArtifactFile, right: Session) -> dict[str, Any] | None:
    if file.path not in stored.described or not _completes(right, file.path.partition("/")[0]):
        return None
    found: dict[str, Any] | None = summary_of(file.path, file.absolute, file.size_bytes).get("table")
    return found


def _only_reordered(stored: dict[str, Any], found: dict[str, Any]) -> bool:
    return bool(stored["unordered"] == found["unordered"] and stored["ordered"] != found["ordered"])


def _may_be_unordered(rules: Sequence[Rule], path: str) -> bool:
    """Whether a declared rule says that the order of a file's rows means nothing."""
    return any(
        rule.kind is RuleKind.UNORDERED
        and rule.scope.record is RecordKind.ARTIFACT
        and path_glob(rule.scope.name, path)
        and glob(rule.scope.step, path.partition("/")[0])
        for rule in rules
    )


def _completes(session: Session, step: str) -> bool:
    return any(event.get("event") == STEP_COMPLETE and event.get("step") == step for event in session.events)


def _described(stored: StoredBaseline, unopened: _Unopened) -> dict[str, dict[str, dict[str, Any]]]:
    return {step: {path: stored.described[path] for path in tables} for step, tables in unopened.tables.items()}


def _with_tables(session: Session, tables: dict[str, dict[str, dict[str, Any]]]) -> Session:
    """Return a session whose steps handed on these tables as well: so the engine compares them."""

    def more(event: dict[str, Any]) -> dict[str, Any]:
        if event.get("event") != STEP_COMPLETE or event.get("step") not in tables:
            return event
        return {**event, "tables": {**(event.get("tables") or {}), **tables[event["step"]]}}

    return replace(session, events=tuple(more(event) for event in session.events))


def _undigested(session: Session) -> Session:
    def fewer(event: dict[str, Any]) -> dict[str, Any]:
        if event.get("event") != STEP_COMPLETE or not event.get("tables"):
            return event
        return {**event, "tables": {name: without_digests(table) for name, table in event["tables"].items()}}

    return replace(session, events=tuple(fewer(event) for event in session.events))


def _with_long_streams(
    stored: StoredBaseline, left: Session, right: Session, holding: Holding, unopened: _Unopened
) -> Session:
    """Return the baseline with the run's own text in place of long ones, which are held against it by their digest."""
    said = texts_of(
        right,
        least_s=stored.baseline.longest_s,
        fixed_now=holding.fixed_now,
        exact=stored.baseline.text == "exact",
    )
    logs, printed = dict(left.logs), dict(left.printed)
    for kind, known, streams, own in (
        ("log", stored.baseline.logs, right.logs, logs),
        ("printed", stored.baseline.printed, right.printed, printed),
    ):
        for step, text in known.items():
            if not isinstance(text, dict) or step not in streams:
                continue
            own[step] = streams[step]
            found = long_stream(streams, step, said)
            if found["sha256"] != text.get("sha256"):
                unopened.findings.append(_long_difference(kind, step, text, found))
    return replace(left, logs=logs, printed=printed)


def _long_difference(kind: str, step: str, known: dict[str, Any], found: dict[str, Any]) -> Finding:
    """Return where a long text differs in its first lines, or that it does so behind them."""
    pairs = zip(known.get("first", ()), found["first"], strict=False)
    place = next(((number, a, b) for number, (a, b) in enumerate(pairs, start=1) if a != b), None)
    name = f"{step}.{'log' if kind == 'log' else 'out'}"
    lines = f"{known.get('lines', 0):,} lines", f"{found['lines']:,} lines"
    where = (
        f"from line {place[0]} on"
        if place
        else "behind the first lines, and of the others the baseline has only a digest"
    )
    return Finding(
        layer=Layer.LOGS,
        step=step,
        code=f"{kind}-changed",
        path=f"{name}:{place[0]}" if place else name,
        message=f"other text {where}; {lines[0]} and {lines[1]}",
        left=shorten(place[1]) if place else lines[0],
        right=shorten(place[2]) if place else lines[1],
    )


def _explained(comparison: Comparison, left: Session) -> Comparison:
    """Return a comparison as a reader wants it: stored text with its tokens, and a hint where the logical time is what differs."""
    side = view(left, LABEL, is_left=True)
    replace_roots, replace_noise = roots_replacer(side), noise_replacer(side)

    def explained(finding: Finding) -> Finding:
        if finding.path == "run_start.logical_now":
            return replace(finding, hint=f"the {LABEL} was made at a fixed time: --osiris-now={finding.left}")
        if finding.layer is not Layer.LOGS:
            return finding
        diff = "\n".join(tokens(line) if line.startswith("-") else line for line in finding.diff.split("\n"))
        return replace(finding, left=tokens(finding.left), diff=diff)

    def tokens(text: str) -> str:
        return replace_noise(replace_roots(text)[0])[0]

    return replace(comparison, findings=tuple(map(explained, comparison.findings)))
