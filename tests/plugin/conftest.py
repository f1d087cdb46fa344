from __future__ import annotations

import importlib
import json
import os
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from execnet import gateway_io

from osiris_core.parity.record import Comparison, Finding, Layer, ParityRecord, TargetRun, Verdict
from tests.plugin.warm_workers import WarmWorkers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from osiris_core.check import CheckOptions
    from osiris_core.manifest.model import Manifest
    from osiris_core.rules.model import Rule

# What is patched below is imported out here, so that it is there to be patched.
for _module in ("items", "running.run", "running.agreement", "ending.summary"):
    importlib.import_module(f"pytest_osiris.{_module}")
importlib.import_module("osiris_core.report.files")

STEPS = """
def write(inputs, ctx):
    ctx.logger.info("writing")
    print("printed by write")
    ctx.log_metric("files", 1)
    (ctx.output_dir / "greeting.txt").write_text("hello\\n")
    (ctx.output_dir / "numbers.json").write_text("[1, 2, 3]")

def fail(inputs, ctx):
    raise ValueError("no such flight")
"""


class Project:
    """A project directory with manifests, and pytest runs in it."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # other plugins would be imported anew by each run
        for variable in (
            "CI",
            "BUILD_NUMBER",
            "GITHUB_ACTIONS",
            "GITHUB_STEP_SUMMARY",
        ):  # what CI makes of a run is a test of its own
            monkeypatch.delenv(variable, raising=False)
        for variable in [name for name in os.environ if name.startswith("PYTEST_XDIST_")]:
            monkeypatch.delenv(variable)  # else a plugin in a run of this project takes it for a worker
        self.pytester = pytester
        self.root = pytester.path
        pytester.makefile(".toml", pyproject="")
        (self.root / "code").mkdir()
        (self.root / "code" / "steps.py").write_text(STEPS)

    def manifest(self, name: str, *, function: str = "write", rest: str = "") -> Path:
        """Write `<name>.osiris.yaml`, a pipeline of one step that calls a function of `steps`; `rest` is appended."""
        path = self.root / f"{name}.osiris.yaml"
        path.write_text(
            'osiris: "1"\n'
            f"pipeline: {{id: {name}}}\n"
            "code: [code]\n"
            "steps:\n"
            f'  - {{id: only, driver: python.callable, config: {{function: "steps:{function}"}}}}\n' + rest
        )
        return path

    def open_manifest(self, name: str, params: str = "{carrier: AA, year: 2013}", *, rest: str = "") -> Path:
        """Write a manifest with parameters."""
        return self.manifest(name, rest=f"params: {params}\n{rest}")

    def ini(self, *entries: str) -> None:
        """Write pytest's ini file."""
        (self.root / "pytest.ini").write_text("\n".join(["[pytest]", *entries]) + "\n")

    def run(self, *arguments: str, **options: Any) -> pytest.RunResult:
        """Run pytest in this process, with this plugin and no other."""
        return self.pytester.runpytest_inprocess("-p", "osiris", *arguments, **options)

    def run_alone(self, *arguments: str) -> pytest.RunResult:
        """Run pytest in a process of its own."""
        return self.pytester.runpytest_subprocess("-p", "osiris", *arguments)

    def records(self) -> list[dict[str, Any]]:
        """Return the records that runs left on disk, by file name."""
        files = sorted(self.root.glob(".osiris/records/*/*.json"))
        return [record for path in files for record in json.loads(path.read_text())["records"]]


@pytest.fixture(scope="session")
def warm_workers() -> Iterator[WarmWorkers]:
    """What xdist's workers are forked from."""
    with closing(WarmWorkers()) as workers:
        yield workers


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, warm_workers: WarmWorkers) -> Project:
    """An empty project."""
    monkeypatch.setattr(gateway_io, "create_io", warm_workers.instead_of(gateway_io.create_io))
    return Project(pytester, monkeypatch)


class Engine:
    """Stands in for the engine where a test is about what the plugin makes of a verdict: returns records made by hand.

    A value that is an exception is raised. `made` counts the checkers, `closed` those that were closed.
    """

    def __init__(self) -> None:
        self.outcomes: dict[str, ParityRecord | BaseException] = {}
        self.calls: list[tuple[str, tuple[str, ...]]] = []
        self.params: list[dict[str, Any]] = []
        self.rules: list[list[tuple[str, str]]] = []
        self.options: list[CheckOptions] = []
        self.made = 0
        self.closed = 0

    def __call__(self, options: CheckOptions, **_: object) -> Engine:
        """Be the class: making a checker returns the same one."""
        self.options.append(options)
        self.made += 1
        return self

    def gives(self, pipeline: str, verdict: Verdict | None = Verdict.IDENTICAL, **facts: Any) -> None:
        """Prepare the record of a pipeline; one that diverges does so in one artifact of its step `only`."""
        self.outcomes[pipeline] = record_of(f"{pipeline}.osiris.yaml", verdict, **facts)

    def raises(self, pipeline: str, error: BaseException) -> None:
        """Prepare an exception."""
        self.outcomes[pipeline] = error

    def check(
        self, manifest: Manifest, targets: Sequence[str], *, rules: Sequence[Rule] = (), **_: object
    ) -> ParityRecord:
        """Return what the test prepared for this pipeline, or an identical pair."""
        self.calls.append((manifest.pipeline.id, tuple(targets)))
        self.params.append(dict(manifest.params))
        self.rules.append([(each.id, each.source) for each in rules])
        outcome = self.outcomes.get(manifest.pipeline.id) or record_of(manifest.location)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def close(self) -> None:
        """Count."""
        self.closed += 1


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine that runs nothing."""
    engine = Engine()
    monkeypatch.setattr("pytest_osiris.checking.checks.Checker", engine)
    return engine


def record_of(
    manifest: str,
    verdict: Verdict | None = Verdict.IDENTICAL,
    *,
    passed: bool | None = None,
    headline: str = "local and e2b did the same",
    directories: bool = True,
    sessions: tuple[str, str] = (".osiris/runs/x/local", ".osiris/runs/x/e2b"),
) -> ParityRecord:
    """Return a record as the engine makes it; without `directories` no target came to have a session."""
    local, e2b = sessions if directories else ("", "")
    return ParityRecord(
        manifest=manifest,
        pipeline_id=manifest.removesuffix(".osiris.yaml"),
        passed=(verdict is None or verdict.passes) if passed is None else passed,
        headline=headline,
        verdict=verdict,
        session_id="20260101T000000Z-00000000",
        targets=(
            TargetRun(target="local", provider="host", isolation="none", session_directory=local),
            TargetRun(target="e2b", provider="embedded", isolation="bubblewrap", session_directory=e2b),
        ),
        comparison=divergence() if verdict is Verdict.DIVERGENT else Comparison(verdict=verdict) if verdict else None,
    )


def divergence() -> Comparison:
    """Return a comparison that found one difference in step `only`."""
    return Comparison(
        verdict=Verdict.DIVERGENT,
        first_diverging_step="only",
        findings_total=1,
        findings=(
            Finding(
                layer=Layer.ARTIFACTS,
                step="only",
                code="artifact-content",
                path="only/greeting.txt",
                message="line 1 differs",
                left="hello from here",
                right="hello from there",
                hint="write nothing that names the machine",
            ),
        ),
    )
