"""The pytest surface of pytest-osiris: manifests become tests, and tests can run manifests.

``plugin``     the hooks, and nothing else; the first file to read
``options``    every option: its name, its ini twin, its help; ``settings`` what was asked for, from wherever it was said
``values``     what was said, read: targets, numbers, paths; ``refusing`` what is refused before anything runs
``entries``    reads pytest's ini file for entries that there are not; ``configuration`` shows what is in force
``keys``       where state lives on pytest's own objects, and the exceptions that mean "this test failed"
``fixtures``   what a test function can ask for; ``marker`` reads `@pytest.mark.osiris`
``hooks``      what a project, or another plugin, can implement; ``extension`` asks them, and refuses what is no answer
``items``      a manifest file becomes a test item
``parameters`` holds what `--osiris-param` gives against the manifests of the run
``places``     refuses reports that could not be written; ``sharding`` picks the part of the tests that a machine runs
``outcome``    what the end of a run has to show
``strategies`` Hypothesis strategies, re-exported

``checking/``  a test's checks: run, judged, kept, and said in a few lines
``running/``   what a test is handed: runs and what they left, and what runs manifests
``ending/``    the end of a run: what is said, written and held when all tests are over

Every pytest run that has this distribution installed imports `plugin`, `hooks`, `options`, `settings`, `keys` and `fixtures`; all
else, and all of `osiris_core`, is imported when there is a manifest to run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from osiris_core.parity.record import ParityRecord, ReportSection, Verdict
    from pytest_osiris.keys import ArtifactContentError
    from pytest_osiris.running.artifacts import Artifact, Artifacts
    from pytest_osiris.running.building import BuiltManifest, StepEntry
    from pytest_osiris.running.named import NoSuchNameError
    from pytest_osiris.running.osiris import Osiris
    from pytest_osiris.running.run import Run, Step
    from pytest_osiris.running.sandboxes import Sandboxes

__all__ = [
    "Artifact",
    "ArtifactContentError",
    "Artifacts",
    "BuiltManifest",
    "NoSuchNameError",
    "Osiris",
    "ParityRecord",
    "ReportSection",
    "Run",
    "Sandboxes",
    "Step",
    "StepEntry",
    "Verdict",
]

_HOMES = {
    "Artifact": "pytest_osiris.running.artifacts",
    "ArtifactContentError": "pytest_osiris.keys",
    "Artifacts": "pytest_osiris.running.artifacts",
    "BuiltManifest": "pytest_osiris.running.building",
    "NoSuchNameError": "pytest_osiris.running.named",
    "Osiris": "pytest_osiris.running.osiris",
    "ParityRecord": "osiris_core.parity.record",
    "ReportSection": "osiris_core.parity.record",
    "Run": "pytest_osiris.running.run",
    "Sandboxes": "pytest_osiris.running.sandboxes",
    "Step": "pytest_osiris.running.run",
    "StepEntry": "pytest_osiris.running.building",
    "Verdict": "osiris_core.parity.record",
}


def __getattr__(name: str) -> Any:
    """Load the types a test annotates with when they are asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
