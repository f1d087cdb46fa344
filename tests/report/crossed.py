"""A record in which the steps of the two targets lie across each other: one missing, one extra, one in another place, one retried."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from osiris_core.parity.record import Finding, FindingGroup, Layer, RuleUse, Verdict
from tests.report.samples import comparison, e2b_run, local_run, record, step

if TYPE_CHECKING:
    from osiris_core.parity.record import ParityRecord


def crossed() -> ParityRecord:
    """Return it; times are chosen so that every ratio can be seen at a glance."""
    left = (
        step("read", "filesystem.csv_extractor", rows=500, at=1, took=20),
        step("clean", "python.callable", "read", rows=480, at=22, took=100),
        step("totals", "duckdb.processor", "clean", rows=12, at=123, took=40),
        step("audit", "python.callable", "clean", rows=3, at=164, took=60),
        step("write", "filesystem.csv_writer", "totals", at=225, took=5),
        step("mail", "python.callable", "totals", "audit", at=231, took=50),
    )
    right = (
        step("read", "filesystem.csv_extractor", rows=500, at=1, took=30),
        step("clean", "python.callable", "read", rows=480, at=32, took=120),
        step("audit", "python.callable", "clean", rows=3, at=153, took=30),
        dataclasses.replace(step("totals", "duckdb.processor", "clean", rows=12, at=184, took=80), retries=2),
        step("dedupe", "python.callable", "totals", rows=11, at=265, took=20),
        step("write", "filesystem.csv_writer", "totals", at=286, took=60),
    )
    finding = Finding(
        layer=Layer.STEPS, step="dedupe", code="step-extra", path="dedupe", message="the step ran on e2b only"
    )
    groups = (
        FindingGroup(layer=Layer.STEPS, step="dedupe", code="step-extra", pattern="dedupe", count=1, message="extra"),
        FindingGroup(
            layer=Layer.ARTIFACTS, step="write", code="artifact", pattern="#", count=2, message="x", effect=True
        ),
    )
    rule = RuleUse(
        rule="known-roots",
        reason="paths of the two machines become names",
        left_hits=1,
        right_hits=1,
        decided=1,
        examples=(("read.log:1", "/home/jana/a.csv", "/home/user/work/a.csv"),),
    )
    return record(
        "crossed",
        Verdict.DIVERGENT,
        passed=False,
        headline="local and e2b part at step `dedupe`: the step ran on e2b only (1 cause, 2 effects).",
        targets=(
            local_run(steps=left, phases=(("prepare", 18.0), ("run", 420.0), ("collect", 6.0))),
            e2b_run(steps=right),
        ),
        comparison=comparison(
            Verdict.DIVERGENT,
            findings=(finding,),
            findings_total=3,
            groups=groups,
            causes=("dedupe",),
            effects=2,
            first_diverging_step="dedupe",
            rules=(rule,),
        ),
    )
