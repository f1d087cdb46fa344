"""A real run of the driver in a pipeline, on the host and in a sandbox that has what the driver declares and no more."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from osiris_core.check import Checker, CheckOptions
from osiris_core.parity.record import Verdict
from osiris_core.session.contract import SESSION_FILE
from osiris_core.testing.findings import broken, kept, not_asked
from osiris_core.testing.pipeline import load_pipeline, write_pipeline

if TYPE_CHECKING:
    from collections.abc import Callable

    from osiris_core.parity.record import ParityRecord
    from osiris_core.sandbox.launch import ServerAddress
    from osiris_core.testing.findings import Finding
    from osiris_core.testing.subject import Subject

TARGETS: Final = ("local", "e2b")
_MISSING: Final = ("ModuleNotFoundError", "ImportError", "PackageNotFoundError")
"""How an import that is not declared shows, and a look at its version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """A check of the pipeline, and the type of the error that ended it in the sandbox, empty where none did."""

    record: ParityRecord
    error_type: str


@dataclass(frozen=True, kw_only=True)
class TargetRuns:
    """The one run that both promises look at, made when the first of them asks."""

    server: Callable[[], ServerAddress] | None = None
    isolation: str = "bubblewrap"
    _runs: list[_Run] = field(default_factory=list, repr=False)

    def requirements(self, subject: Subject) -> Finding:
        """Declare every distribution that is imported."""
        run = self._run(subject)
        declared = ", ".join(subject.spec.requirements) or "nothing"
        if run.record.verdict is Verdict.INFRA:
            return broken(f"with {declared} declared, a target could not run: {run.record.headline}")
        if run.error_type in _MISSING:
            (error,) = (each.error for each in run.record.targets if each.target == "e2b")
            return broken(f"in a sandbox with what it declares, {declared}, it fails: {run.error_type}: {error}")
        return kept(f"with {declared} declared, it finds all that it imports in the sandbox")

    def same_on_both(self, subject: Subject) -> Finding:
        """Do the same on both targets."""
        run = self._run(subject)
        if run.error_type in _MISSING:
            return not_asked("it lacks a distribution in the sandbox: see 'requirements'")
        if run.record.passed:
            return kept(f"both targets agree: {run.record.verdict}")
        return broken(f"in a pipeline on both targets: {run.record.headline}")

    def _run(self, subject: Subject) -> _Run:
        if not self._runs:
            with tempfile.TemporaryDirectory(prefix="osiris-conformance-") as scratch:
                project = Path(scratch)
                write_pipeline(subject, project)
                manifest = load_pipeline(subject, project, config=subject.config)
                options = CheckOptions(project_root=project, isolation=self.isolation)
                with Checker(options, server=self.server() if self.server else None) as checker:
                    record = checker.check(manifest, TARGETS)
                self._runs.append(_Run(record=record, error_type=_error_type(project, record)))
        return self._runs[0]


def _error_type(project: Path, record: ParityRecord) -> str:
    """Return the type of the sandbox's error, as its session has it."""
    for run in record.targets:
        if run.target == "e2b" and run.session_directory and run.outcome == "failed":
            facts = json.loads((project / run.session_directory / SESSION_FILE).read_text(encoding="utf-8"))
            return str((facts["error"] or {}).get("type", ""))
    return ""
