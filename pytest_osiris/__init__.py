"""The pytest surface of pytest-osiris: manifests become tests, and tests can run manifests.

``plugin``     the hooks, and nothing else; the first file to read
``options``    every option: its name, its ini twin, its help
``settings``   what was asked for, from wherever it was said, becomes `Settings`, or one sentence
``entries``    reads pytest's ini file for entries that there are not; ``configuration`` shows what is in force
``refusing``   what is refused before anything runs; ``places`` judges the files that a run writes
``keys``       where state lives on pytest's own objects, and the one exception that means "this test failed"
``fixtures``   what a test function can ask for
``hooks``      what a project, or another plugin, can implement; ``extension`` asks them, and refuses what is no answer
``items``      a manifest file becomes a test item
``conditions`` whether a manifest is skipped
``marker``     reads `@pytest.mark.osiris`
``checks``     runs a manifest for a test; ``attempts`` keeps its records, ``entry`` makes them small for reports
``osiris``     `Osiris`, for tests that run manifests by themselves; ``building`` writes down those said in Python
``parameters`` holds what `--osiris-param` gives against the manifests of the run
``progress``   shows how far runs are while they last, also those of xdist workers
``store``      one record file a test, shared by all xdist workers of a run
``retention``  which sessions and records stay when a run is over
``sandboxes``  `osiris_sandbox`, an embedded E2B server for tests of E2B programs
``run``        `Run`, what `osiris_run` hands to a test; ``agreement`` is what is true of both targets in it
``artifacts``  the files of a run; ``tables`` reads them as tables, ``named`` finds them by name
``likeness``   whether two runs did the same, and ``explaining`` what an assertion about them shows
``failure``    the few lines that a failed check shows
``fuzzing``    `osiris_fuzz`, generated manifests over one's own drivers
``strategies`` Hypothesis strategies, re-exported
``masking``    takes secrets out of what pytest shows of a test
``judging``    what other plugins hold against a check; ``sections`` what they add to the report
``outcome``    what the end of a run has to show
``summary``    the section at the end, and the report
``baselines``  where the baseline of a test lies; ``unused`` tells at the end of those of no test
``gates``      what a gate asks of a whole run; ``telling`` writes a line past pytest's capturing
``sharding``   which part of the tests a machine runs
``flat``       a test's record as flat properties, for JUnit
``publishing`` the Markdown summary, and what GitHub Actions is told

Every pytest run that has this distribution installed imports `plugin`, `hooks`, `options`, `settings`, `keys` and `fixtures`; all
else, and all of `osiris_core`, is imported when there is a manifest to run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from osiris_core.parity.record import ParityRecord, ReportSection, Verdict
    from pytest_osiris.artifacts import Artifact, Artifacts
    from pytest_osiris.building import BuiltManifest, StepEntry
    from pytest_osiris.osiris import Osiris
    from pytest_osiris.run import Run, Step
    from pytest_osiris.sandboxes import Sandboxes

__all__ = [
    "Artifact",
    "Artifacts",
    "BuiltManifest",
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
    "Artifact": "pytest_osiris.artifacts",
    "Artifacts": "pytest_osiris.artifacts",
    "BuiltManifest": "pytest_osiris.building",
    "Osiris": "pytest_osiris.osiris",
    "ParityRecord": "osiris_core.parity.record",
    "ReportSection": "osiris_core.parity.record",
    "Run": "pytest_osiris.run",
    "Sandboxes": "pytest_osiris.sandboxes",
    "Step": "pytest_osiris.run",
    "StepEntry": "pytest_osiris.building",
    "Verdict": "osiris_core.parity.record",
}


def __getattr__(name: str) -> Any:
    """Load the types a test annotates with when they are asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
