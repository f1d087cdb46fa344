"""A typed test file, as an author writes it. It is not run: mypy --strict and pyright --strict have to accept it (`.ci/run`)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_osiris import Artifact, BuiltManifest, Osiris, ParityRecord, Run, Sandboxes, Step, StepEntry, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

READ: StepEntry = {"id": "read", "driver": "filesystem.csv_extractor", "config": {"path": "data/flights.csv"}}


@pytest.fixture
def osiris_params() -> Mapping[str, Any]:
    return {"carrier": "AA"}


@pytest.fixture
def osiris_secrets() -> Mapping[str, str]:
    return {"DB_PASSWORD": "x"}


@pytest.mark.osiris("flights.osiris.yaml", target="both", params={"carrier": "AA"})
def test_marked(osiris_run: Run, osiris_parity: ParityRecord, osiris_target: str, osiris_session_dir: Path) -> None:
    assert osiris_run.ok
    assert osiris_run.outcome == "succeeded"
    assert osiris_run.failed_step is None
    assert osiris_run.targets == ("local", "e2b")
    step: Step = osiris_run.steps["delays"]
    rows: int | None = step.rows
    assert (rows, step.state, step.driver, step.needs, step.artifacts) == (1, "succeeded", "d", ("read",), ())
    events: list[str] = [str(event["event"]) for event in osiris_run.events]
    metrics: list[Any] = [metric["value"] for metric in osiris_run.metrics if metric["metric"] == "rows"]
    log: str = osiris_run.logs["delays"] + osiris_run.printed["delays"]
    directory: Path = osiris_run.session_directories["local"]
    assert (events, metrics, log, directory) == ([], [], "", osiris_session_dir)
    artifact: Artifact = osiris_run.artifacts["write/delays.csv"]
    content: bytes = artifact.bytes()
    text: str = artifact.text()
    value: Any = artifact.json()
    table: Any = artifact.table(columns={"n": "BIGINT"})
    assert (content, text, value, table) == (b"", "", 1, table)
    size: int = artifact.size_bytes
    names: list[str] = sorted(osiris_run.artifacts)
    assert (size, artifact.sha256, artifact.path.name, names) == (0, "", "delays.csv", [artifact.name])
    assert osiris_parity.verdict is Verdict.IDENTICAL
    assert osiris_target == "both"


def test_by_itself(osiris: Osiris) -> None:
    built: BuiltManifest = osiris.manifest(
        "late-carriers",
        inputs=["data/flights.csv", Path("data") / "carriers.csv"],
        params={"least": 60},
        steps=[
            READ,
            {
                "id": "late",
                "driver": "duckdb.processor",
                "needs": ["read"],
                "config": {"query": "select 1"},
                "retries": 1,
            },
        ],
        expect={"rows": {"late": {"min": 1}}},
        on_failure="continue",
    )
    first = osiris.run(built, target="local", params={"least": 1}, secrets={"DB_PASSWORD": "y"}, case="first")
    again: Run = osiris.run("flights.osiris.yaml", normalizers=[{"preset": "uuids-in-text"}])
    record: ParityRecord = osiris.parity(Path("flights.osiris.yaml"))
    assert first == again
    assert first.artifacts == again.artifacts
    assert record.first_diverging_step is None
    assert built.path.read_text() == built.text


def test_a_program(osiris_sandbox: Sandboxes) -> None:
    sandbox = osiris_sandbox.sandbox(timeout=60)
    printed: str = sandbox.commands.run("echo hello").stdout
    environment: dict[str, str] = {**os.environ, **osiris_sandbox.env}
    assert (printed, environment["E2B_API_URL"], len(osiris_sandbox.api_key)) == ("hello\n", osiris_sandbox.url, 44)
