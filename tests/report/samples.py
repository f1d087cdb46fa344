"""Records to make reports from: a realistic run with every kind of result, and pieces to build others."""

from __future__ import annotations

import dataclasses

from osiris_core.parity.record import (
    Compared,
    Comparison,
    Finding,
    Layer,
    ParityRecord,
    RecordSet,
    RuleUse,
    StepRun,
    TargetRun,
    Verdict,
)

SESSION = "20260203T101500Z-4f1c2a9e"
DIFF = """--- local/write-delays/delays.csv
+++ e2b/write-delays/delays.csv
@@ -1,6 +1,6 @@
 carrier,day,late
-AA,2026-02-01,1204
+AA,2026-01-31,1204
 AS,2026-02-01,88
-B6,2026-02-01,913
+B6,2026-01-31,913
 DL,2026-02-01,417
"""
LOCAL_ENVIRONMENT = {
    "python": "3.11.7",
    "timezone": "Europe/Prague",
    "locale": "cs_CZ.UTF-8",
    "cpus": 8,
    "user": "jana",
    "home": "/home/jana",
    "hostname": "thinkpad",
    "umask": "022",
    "encoding": "utf-8",
    "variables": ["DATABASE_URL", "EDITOR", "HOME", "LANG", "PATH", "TZ"],
    "distributions": {"duckdb": "1.4.2", "pyarrow": "21.0.0", "pandas": "2.3.1"},
}
E2B_ENVIRONMENT = {
    "python": "3.11.7",
    "timezone": "UTC",
    "locale": "C.UTF-8",
    "cpus": 2,
    "user": "user",
    "home": "/home/user",
    "hostname": "e2b.local",
    "umask": "022",
    "encoding": "utf-8",
    "variables": ["HOME", "PATH"],
    "distributions": {"duckdb": "1.4.2", "pyarrow": "21.0.0"},
}


def step(
    step_id: str,
    driver: str,
    *needs: str,
    state: str = "succeeded",
    rows: int | None = None,
    at: float = 0.0,
    took: float | None = 20.0,
) -> StepRun:
    return StepRun(id=step_id, driver=driver, needs=needs, state=state, rows=rows, duration_ms=took, started_ms=at)


def three_steps(*, slower: float = 1.0, rows: int = 16) -> tuple[StepRun, ...]:
    return (
        step("read-flights", "filesystem.csv_extractor", rows=336_776, at=2, took=182.4 * slower),
        step("delays", "duckdb.processor", "read-flights", rows=rows, at=2 + 184 * slower, took=46.1 * slower),
        step("write-delays", "filesystem.csv_writer", "delays", at=2 + 231 * slower, took=9.3 * slower),
    )


def local_run(**changes: object) -> TargetRun:
    run = TargetRun(
        target="local",
        provider="host",
        isolation="none",
        outcome="succeeded",
        session_directory=f".osiris/runs/{SESSION}/local",
        steps=three_steps(),
        environment=LOCAL_ENVIRONMENT,
        phases=(("prepare", 18.2), ("run", 412.0), ("collect", 6.1)),
        elapsed_ms=436.3,
    )
    return dataclasses.replace(run, **changes)


def e2b_run(**changes: object) -> TargetRun:
    run = TargetRun(
        target="e2b",
        provider="embedded",
        isolation="bubblewrap",
        outcome="succeeded",
        session_directory=f".osiris/runs/{SESSION}/e2b",
        steps=three_steps(slower=1.15),
        environment=E2B_ENVIRONMENT,
        phases=(("closure", 31.0), ("create", 74.5), ("upload", 22.8), ("run", 468.0), ("fetch", 12.4), ("kill", 8.8)),
        elapsed_ms=617.5,
        http_requests=7,
        bytes_up=31_500_288,
        bytes_down=18_204,
        sandbox_id="isb7k2q9w1m4",
        template="osiris-3f9ac1d2",
    )
    return dataclasses.replace(run, **changes)


def comparison(verdict: Verdict, **changes: object) -> Comparison:
    counts = Compared(
        events=(17, 17), metrics=(9, 9), log_lines=(12, 12), tables=(2, 2), artifacts=(1, 1), artifact_bytes=(412, 412)
    )
    return dataclasses.replace(Comparison(verdict=verdict, compared=counts), **changes)


def record(manifest: str, verdict: Verdict | None, **changes: object) -> ParityRecord:
    made = ParityRecord(
        manifest=f"pipelines/{manifest}.osiris.yaml",
        pipeline_id=manifest,
        passed=verdict is None or verdict.passes,
        headline="local and e2b did the same: 17 events, 9 metrics, 12 log lines, 2 tables, 1 artifact compared, no difference.",
        verdict=verdict,
        fingerprint="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        session_id=SESSION,
        started_at="2026-02-03T10:15:00.000000Z",
        elapsed_ms=702.0,
        targets=(local_run(), e2b_run()),
        comparison=None if verdict is None else comparison(verdict),
        reproduce=f"osiris-parity run pipelines/{manifest}.osiris.yaml --target both",
    )
    return dataclasses.replace(made, **changes)


def divergent() -> ParityRecord:
    findings = (
        Finding(
            layer=Layer.TABLES,
            step="delays",
            code="table-column",
            path="delays.df.day",
            message="column `day` differs in 14 of 16 rows",
            left="2026-02-01",
            right="2026-01-31",
            hint="every value is shifted by one hour: the time zone is Europe/Prague on local and UTC on e2b",
        ),
        Finding(
            layer=Layer.LOGS,
            step="delays",
            code="log-line",
            path="delays.log:3",
            message="the line differs",
            left="INFO delays first day is 2026-02-01",
            right="INFO delays first day is 2026-01-31 ",
        ),
        Finding(
            layer=Layer.ARTIFACTS,
            step="write-delays",
            code="artifact-content",
            path="write-delays/delays.csv",
            message="14 lines differ",
            diff=DIFF,
        ),
        Finding(
            layer=Layer.TABLES,
            step="delays",
            code="table-order",
            path="delays.df",
            message="the ordered digest differs",
            left="77ab12",
            right="c0ffee",
            locates=True,
        ),
    )
    rules = (
        RuleUse(
            rule="known-roots",
            reason="paths of the two machines in log and printed text become names",
            left_hits=3,
            right_hits=3,
            decided=2,
            examples=(("read-flights.log:1", "/home/jana/flights/data.csv", "/home/user/work/data.csv"),),
        ),
        RuleUse(
            rule="text-noise",
            reason="durations and addresses vary from run to run",
            left_hits=1,
            right_hits=1,
            decided=0,
        ),
    )
    return record(
        "flight-delays",
        Verdict.DIVERGENT,
        passed=False,
        cause="UNKNOWN",
        headline="local and e2b part at step `delays`: delays.df.day: column `day` differs in 14 of 16 rows (1 cause, 2 effects).",
        comparison=comparison(
            Verdict.DIVERGENT,
            findings=findings,
            findings_total=3,
            causes=("delays",),
            effects=2,
            first_diverging_step="delays",
            rules=rules,
            not_compared=("write-delays/model.bin: larger than 100 MiB, only its digest was compared",),
            compared=Compared(events=(17, 17), metrics=(9, 9), log_lines=(12, 13), tables=(2, 2), artifacts=(1, 1)),
        ),
    )


def sample() -> RecordSet:
    stopped = (
        step("read-orders", "filesystem.csv_extractor", rows=500, at=1, took=22),
        step("totals", "python.callable", "read-orders", state="failed", at=24, took=310),
        step("write-totals", "filesystem.csv_writer", "totals", state="skipped", took=None),
    )
    same = [record(name, Verdict.IDENTICAL) for name in ("airports", "carriers", "planes", "weather")]
    records = (
        *same[:2],
        record(
            "orders",
            Verdict.INCONCLUSIVE,
            passed=False,
            headline="Nothing can be said about local and e2b: the e2b session counts 16 events, and 17 are on disk.",
            targets=(
                local_run(
                    outcome="failed",
                    failed_step="totals",
                    error="ValueError: no currency 'CZK' in rates.csv",
                    steps=stopped,
                ),
                e2b_run(
                    outcome="failed",
                    failed_step="totals",
                    error="ValueError: no currency 'CZK' in rates.csv",
                    steps=stopped,
                ),
            ),
            comparison=comparison(
                Verdict.INCONCLUSIVE, problems=("the e2b session counts 16 events, and 17 are on disk",)
            ),
        ),
        divergent(),
        record(
            "daily-report",
            Verdict.IDENTICAL,
            passed=False,
            headline="local: step `summary` has 0 rows, and the manifest expects 31",
            expectation_failures=(
                "local: step `summary` has 0 rows, and the manifest expects 31",
                "e2b: step `summary` has 0 rows, and the manifest expects 31",
            ),
        ),
        record(
            "customers",
            Verdict.INFRA,
            passed=False,
            headline="e2b: the declared distribution torch==2.9 is not installed on this machine",
            comparison=None,
            targets=(
                local_run(),
                e2b_run(
                    outcome=None,
                    error="the declared distribution torch==2.9 is not installed on this machine",
                    steps=(),
                    phases=(("closure", 12.0),),
                    elapsed_ms=12.0,
                    environment={},
                    sandbox_id="",
                    session_directory="",
                ),
            ),
        ),
        record(
            "routes",
            Verdict.EQUIVALENT,
            headline="local and e2b did the same; what differs was set aside by `known-roots` (2). 31 events compared.",
            comparison=comparison(Verdict.EQUIVALENT, rules=divergent().comparison.rules),
        ),
        record("legacy-export", Verdict.ACCEPTED, headline="local and e2b differ only in what was accepted before."),
        *same[2:],
    )
    return RecordSet(
        records=records,
        created_at="2026-02-03T10:15:09Z",
        host={
            "python": "3.11.7",
            "pytest-osiris": "0.1.0",
            "e2b": "2.63.0",
            "bubblewrap": "0.11.0",
            "platform": "Linux x86_64",
        },
    )


def unable(name: str, error: str, **changes: object) -> ParityRecord:
    """A manifest whose sandbox could not run."""
    return record(
        name,
        Verdict.INFRA,
        passed=False,
        headline=f"e2b: {error}",
        comparison=None,
        targets=(local_run(), e2b_run(outcome=None, error=error, **changes)),
    )
