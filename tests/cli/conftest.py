from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.cli import main
from osiris_core.parity.record import Comparison, ParityRecord, TargetRun

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from osiris_core.check import CheckOptions
    from osiris_core.manifest.model import Manifest
    from osiris_core.parity.record import Verdict

STEPS = """
import os

def write(inputs, ctx):
    (ctx.output_dir / "greeting.txt").write_text("hello\\n")

def region(inputs, ctx):
    (ctx.output_dir / "region.txt").write_text(os.environ.get("REPORT_REGION", "nowhere") + "\\n")

def fail(inputs, ctx):
    raise ValueError("no such flight")
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


class Project:
    """A project directory, which is the current one, and commands in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "pyproject.toml").write_text("")
        (root / "code").mkdir()
        (root / "code" / "steps.py").write_text(STEPS)

    def manifest(self, name: str, *, function: str = "write", rest: str = "") -> str:
        """Write a manifest of one step; return its file name."""
        (self.root / f"{name}.osiris.yaml").write_text(
            'osiris: "1"\n'
            f"pipeline: {{id: {name}}}\n"
            "code: [code]\n"
            "steps:\n"
            f'  - {{id: only, driver: python.callable, config: {{function: "steps:{function}"}}}}\n' + rest
        )
        return f"{name}.osiris.yaml"

    def run(self, *arguments: str) -> Ended:
        """Run `osiris-parity` in this process."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            try:
                code = main(list(arguments))
            except SystemExit as ended:
                code = int(ended.code or 0)
        return Ended(code, out.getvalue(), err.getvalue())


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """An empty project."""
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


class Engine:
    """Stands in for the engine where a test is about what the command makes of a verdict: records made by hand."""

    def __init__(self) -> None:
        self.outcomes: dict[str, Any] = {}
        self.options: list[CheckOptions] = []
        self.calls: list[tuple[str, tuple[str, ...]]] = []
        self.params: list[dict[str, Any]] = []
        self.closed = 0
        self.on_check: Callable[[str, Any], None] = lambda *_: None

    def __call__(self, options: CheckOptions, **_: object) -> Engine:
        """Be the class: making a checker returns the same one."""
        self.options.append(options)
        return self

    def gives(
        self, pipeline: str, verdict: Verdict | None, *, passed: bool, headline: str = "", step: str | None = None
    ) -> None:
        """Prepare the record of a pipeline."""
        self.outcomes[pipeline] = ParityRecord(
            manifest=f"{pipeline}.osiris.yaml",
            pipeline_id=pipeline,
            passed=passed,
            headline=headline,
            verdict=verdict,
            targets=(TargetRun(target="local", provider="host", isolation="none"),),
            comparison=Comparison(verdict=verdict, first_diverging_step=step) if verdict else None,
        )

    def start(self, targets: Sequence[str]) -> None:
        """Start nothing."""

    def check(self, manifest: Manifest, targets: Sequence[str], *, cancellation: Any = None) -> ParityRecord:
        """Return what the test prepared, or raise it."""
        self.on_check(manifest.pipeline.id, cancellation)
        self.calls.append((manifest.pipeline.id, tuple(targets)))
        self.params.append(dict(manifest.params))
        outcome = self.outcomes[manifest.pipeline.id]
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
    monkeypatch.setattr("osiris_core.cli.checking.Checker", engine)
    return engine
