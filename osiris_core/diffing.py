"""Any two directories held against each other: sessions of ours, run directories of others, plain trees.

A diff has no manifest and runs nothing, so it says whether two sides are the same, and not whether they are right:
two runs that failed alike are the same.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from osiris_core.options import iso
from osiris_core.parity.compare import compare
from osiris_core.parity.foreign.guarded import set_apart
from osiris_core.parity.foreign.layouts import chosen, layout_of
from osiris_core.parity.foreign.own import OwnLayout
from osiris_core.parity.foreign.pairs import evidence_between
from osiris_core.parity.foreign.trees import FileLayout, TreeLayout, with_digests
from osiris_core.parity.record import ParityRecord, TargetRun, Verdict
from osiris_core.parity.side import labels, run_window
from osiris_core.parity.summary import headline, step_runs
from osiris_core.parity.transported import traceback_of, transport_of
from osiris_core.parity.waived import Waivers
from osiris_core.report.cause import divergence_headline
from osiris_core.wire.records import FAILED, INFRASTRUCTURE

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from osiris_core.parity.foreign.protocol import Reading
    from osiris_core.rules.model import Rule
    from osiris_core.rules.waivers import Waiver

READ_FROM_DISK = "directory"
"""The provider of a side of which only its directory is known."""

CONTROL = (
    "a control: one run held against itself shows that the comparison adds nothing, and says nothing about two runs"
)
"""What every control says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffOptions:
    """How two sides are compared; `waivers` and `rules` are those of files that were named, waivers as of `now`."""

    now: dt.datetime
    text: Literal["normalized", "exact"] = "normalized"
    control: bool = False
    max_findings: int = 200
    waivers: Sequence[Waiver] = ()
    rules: Sequence[Rule] = ()


def diff(paths: Sequence[Path], options: DiffOptions) -> ParityRecord:
    """Compare two paths, or the sessions in one directory of a session id, and return the record of it.

    UsageError for paths that cannot be compared, SameSessionError for one run given twice.
    """
    started = time.monotonic()
    left, right = (_named(path) for path in chosen(list(paths)))
    if left.session.target == right.session.target and left.layout in {TreeLayout.name, FileLayout.name}:
        left, right = (_renamed(each, str(each.session.directory)) for each in (left, right))
    if left.layout == TreeLayout.name:
        left, right = with_digests(left, right)
    names = labels(left.session, right.session)
    left, right, apart = set_apart(left, right, names)
    evidence = evidence_between(left, right, names, control=options.control)
    recorded, problems = _recorded_rules(left, right)
    evidence = dataclasses.replace(
        evidence, findings=(*evidence.findings, *apart), problems=(*evidence.problems, *problems)
    )
    comparison = compare(
        left.session,
        right.session,
        text=options.text,
        rules=(*options.rules, *recorded),
        waivers=_waivers(left, options),
        max_findings=options.max_findings,
        evidence=evidence,
    )
    runs = tuple(_target_run(each, name) for each, name in zip((left, right), names, strict=True))
    verdict = Verdict.INFRA if INFRASTRUCTURE in {run.outcome for run in runs} else comparison.verdict
    record = ParityRecord(
        manifest=_title(left, right, control=options.control),
        pipeline_id=_pipeline_id(left),
        passed=verdict is Verdict.IDENTICAL if options.control else verdict.passes,
        headline="",
        verdict=verdict,
        fingerprint=str(left.session.facts.get("manifest_fingerprint", "")),
        session_id=left.session.session_id,
        started_at=iso(options.now),
        elapsed_ms=round((time.monotonic() - started) * 1000, 3),
        targets=runs,
        comparison=comparison,
        warnings=tuple(_warnings(left, right, control=options.control)),
        line=0,
    )
    return _shown(dataclasses.replace(record, headline=_headline(record, control=options.control)), left, right)


def _recorded_rules(left: Reading, right: Reading) -> tuple[tuple[Rule, ...], tuple[str, ...]]:
    """Return the rules that both sessions' manifest declares, or why they cannot be had."""
    parities = [each.session.manifest.get("parity") for each in (left, right)]
    written = [each.get("normalizers", []) if isinstance(each, dict) else [] for each in parities]
    if written[0] != written[1]:
        return (), ("the two manifests declare other rules, so none of them was applied",)
    if not written[0]:
        return (), ()
    from osiris_core.rules.reading import read_rules

    rules, problems = read_rules(written[0], "manifest")
    return rules, tuple(f"the manifest's rules cannot be read: {each}" for each in problems)


def _shown(record: ParityRecord, left: Reading, right: Reading) -> ParityRecord:
    """Return a record as it may be shown: what stands in clear on one side may be anything on the other."""
    values = sorted(left.secrets.values | right.secrets.values)
    if not values:
        return record
    from osiris_core.secrets.masked_record import masked
    from osiris_core.wire.masking import MaskTable

    table = MaskTable.of_values(("SECRET", value) for value in values)
    return record if table is None else masked(record, table)


def _named(path: Path) -> Reading:
    return layout_of(path).read(path)


def _renamed(reading: Reading, target: str) -> Reading:
    return dataclasses.replace(reading, session=dataclasses.replace(reading.session, target=target))


def _waivers(left: Reading, options: DiffOptions) -> Waivers | None:
    return Waivers(options.waivers, manifest=_pipeline_id(left), today=options.now.date()) if options.waivers else None


def _target_run(reading: Reading, name: str) -> TargetRun:
    """Return what is known of one side; nothing was run, so there are no phases, bytes or requests."""
    session, facts = reading.session, reading.session.target_facts
    window = run_window(session)
    return TargetRun(
        target=name,
        provider=str(facts.get("provider") or READ_FROM_DISK),
        isolation=str(facts.get("isolation") or "unknown"),
        network=str(facts.get("network") or ""),
        outcome=session.outcome or None,
        failed_step=session.failed_step,
        error=str((session.error or {}).get("message", "")),
        error_type=str((session.error or {}).get("type", "")),
        traceback=traceback_of(session.error),
        session_directory=str(session.directory),
        steps=step_runs(session),
        elapsed_ms=round((window.end - window.start).total_seconds() * 1000, 3) if window else 0.0,
        environment=_object(session.hello.get("environment")),
        transport=transport_of(session),
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _title(left: Reading, right: Reading, *, control: bool) -> str:
    a, b = left.session.directory, right.session.directory
    return f"{a} against itself" if control else f"{a} against {b}"


def _pipeline_id(reading: Reading) -> str:
    return str(_object(reading.session.manifest.get("pipeline")).get("id", ""))


def _headline(record: ParityRecord, *, control: bool) -> str:
    if record.comparison is None or (control and record.verdict is Verdict.IDENTICAL):
        return f"{CONTROL}."
    left, right = (run.target for run in record.targets)
    told = (
        divergence_headline(record)
        if record.verdict is Verdict.DIVERGENT
        else headline(
            dataclasses.replace(record.comparison, verdict=record.verdict or record.comparison.verdict),
            left=left,
            right=right,
        )
    )
    return f"The control failed: {told}" if control else told


def _warnings(left: Reading, right: Reading, *, control: bool) -> Iterator[str]:
    a, b = left.session, right.session
    if control:
        yield CONTROL
        return
    if a.session_id != b.session_id and left.layout == OwnLayout.name:
        yield f"two checks, {a.session_id} and {b.session_id}: the logical time and the seed that steps are told differ too"
    if a.outcome == b.outcome == FAILED:
        yield "both sides failed: that they are the same does not make them right"
