"""The pipelines that ship with the project, and the verdict that each must get.

The expectations stand here and nowhere else: no manifest says what the engine should find in it. Every healthy one is
identical, which the README's first command shows; CI types it, and has its record read by `.ci/require_identical.py`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from benchmarks.triage import EXPECTED as CAUSES
from osiris_core.check import load
from osiris_core.drivers.registry import builtin_specs
from tests.conftest import need

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from osiris_core.parity.record import ParityRecord

    from conftest import Project, WarmTargets

HEALTHY = {
    "commands",
    "copies",
    "diamond",
    "empty-result",
    "failing-middle",
    "fan-in",
    "go-on",
    "instants",
    "jsonl",
    "linear",
    "many-rows",
    "parameters",
    "parquet",
    "sample",
    "sixty-steps",
    "sqlite",
    "two-writers",
    "unicode",
}


@dataclass(frozen=True)
class Expected:
    """What the engine must find: the first diverging step, a word of its findings, how the host is set up, and how the sandbox's run ends.

    On the host every run succeeds.
    """

    step: str
    says: str
    host: dict[str, str] = field(default_factory=dict)
    in_sandbox: str = "succeeded"


DIVERGENT = {
    "altitudes": Expected("page", "decimal comma against decimal point", {"LC_ALL": "de_DE.UTF-8"}),
    "cancelled-parts": Expected("parts", "part-02.csv"),
    "carrier-names": Expected("read-airlines", 'add "../../data/airlines.csv" to inputs:', in_sandbox="failed"),
    "colophon": Expected("sign", "colophon.txt"),
    "daily-load": Expected("stamp", "take ctx.now"),
    "departure-board": Expected("board", "every time is shifted by +05:00", {"TZ": "America/New_York"}),
    "departures-page": Expected("page", 'add "jinja2" to requirements:', in_sandbox="failed"),
    "fleet-age": Expected("ages", "planes.csv", in_sandbox="failed"),
    "late-flights": Expected("late", "something undeclared differs: a variable", {"DELAY_MINUTES": "60"}),
    "mean-weather": Expected("means", "added up in another order"),
    "regional-departures": Expected("region", "REPORT_REGION", {"REPORT_REGION": "JFK"}, in_sandbox="failed"),
    "short-names": Expected("shorten", 'perhaps the file "names.json"', {"HOME": "home"}),
    "sources": Expected("list", "absolute paths"),
    "spot-check": Expected("draw", "chance (ctx.rng)"),
    "tail-numbers": Expected("pairs", "ORDER BY"),
}
NOT_ON_EVERY_HOST = {
    "altitudes": {"LC_ALL": "C.UTF-8"},
    "departure-board": {"TZ": "UTC"},
    "short-names": {"HOME": "another home"},
}
"""Hosts on which the one thing that parts the targets is as in the sandbox, where the healed twin has another step in its place."""
NEEDS_TWO_CPUS = {"cancelled-parts", "mean-weather", "tail-numbers"}


def everything_said(record: ParityRecord) -> str:
    assert record.comparison is not None
    return "\n".join(
        f"{each.path} {each.message} {each.hint} {each.left} {each.right} {each.diff}"
        for each in record.comparison.findings
    )


def set_up_host(monkeypatch: pytest.MonkeyPatch, name: str, home: Path) -> Expected:
    """Make the host one on which the pipeline diverges, wherever the test runs."""
    expected = DIVERGENT[name]
    for variable, value in expected.host.items():
        monkeypatch.setenv(variable, str(home) if variable == "HOME" else value)
    cache = home / ".cache" / "flightdesk" / "names.json"
    cache.parent.mkdir(parents=True)
    cache.write_text('{"ATL": "Hotlanta"}', encoding="utf-8")
    return expected


def test_every_shipped_pipeline_has_an_expectation(fixtures: Project) -> None:
    """A manifest that nobody expects anything of would be decoration."""
    manifests = fixtures.root / "fixtures" / "manifests"

    assert {path.name.removesuffix(".osiris.yaml") for path in manifests.glob("*.yaml")} == HEALTHY
    divergent = {path.name.removesuffix(".osiris.yaml") for path in (manifests / "divergent").glob("*.yaml")}
    assert divergent == {*DIVERGENT, *(f"{name}.healed" for name in DIVERGENT)}
    assert set(CAUSES) == set(DIVERGENT)


def test_every_built_in_driver_runs_on_both_targets(fixtures: Project) -> None:
    """In a healthy pipeline."""
    manifests = (fixtures.root / "fixtures" / "manifests" / f"{name}.osiris.yaml" for name in sorted(HEALTHY))
    loaded = [load(path, project_root=fixtures.root) for path in manifests]
    assert {step.driver for manifest in loaded for step in manifest.steps} >= set(builtin_specs())


@pytest.fixture
def diverging(name: str, fixtures: Project, warm_targets: WarmTargets) -> Callable[..., ParityRecord]:
    """A function that checks a divergent pipeline, or its twin."""
    path = f"fixtures/manifests/divergent/{name}{{}}.osiris.yaml"
    return lambda twin="": fixtures.check(path.format(twin), warm=warm_targets)


@pytest.mark.parametrize("name", sorted(DIVERGENT))
def test_a_divergent_pipeline_is_found_with_its_step(
    diverging: Callable[..., ParityRecord], name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The pipeline diverges, at the step where it begins, with evidence that names it."""
    expected = set_up_host(monkeypatch, name, tmp_path / "home")
    need("a second CPU, which the sandbox does not have", name not in NEEDS_TWO_CPUS or (os.cpu_count() or 1) > 1)

    record = diverging()

    assert (record.verdict, record.passed) == ("DIVERGENT", False), record.headline
    assert record.first_diverging_step == expected.step
    assert [run.outcome for run in record.targets] == ["succeeded", expected.in_sandbox]
    assert expected.says in everything_said(record)


@pytest.mark.parametrize("name", sorted(NOT_ON_EVERY_HOST))
def test_without_its_cause_it_is_identical(
    diverging: Callable[..., ParityRecord], name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What the host was set up with is all that parts the targets, and nothing else of the pipeline does."""
    for variable, value in NOT_ON_EVERY_HOST[name].items():
        monkeypatch.setenv(variable, str(tmp_path) if variable == "HOME" else value)

    record = diverging()

    assert (record.verdict, record.passed) == ("IDENTICAL", True), record.headline


@pytest.mark.parametrize("name", sorted(DIVERGENT))
def test_its_healed_twin_is_identical(
    diverging: Callable[..., ParityRecord], name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """On the same host, declaring what is used is all it takes."""
    set_up_host(monkeypatch, name, tmp_path / "home")

    record = diverging(".healed")

    assert (record.verdict, record.passed) == ("IDENTICAL", True), record.headline
