"""The checks that hold a driver to what every driver promises.

    @pytest.mark.parametrize("check", conformance_checks("acme.drivers:Reverse", {"column": "name"}), ids=str)
    def test_reverse(check):
        check.require()

Each check is named after a promise, and finds out by calling the driver, on small tables, in this process. The last
two run a real pipeline on both targets, against the embedded server.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from osiris_core.drivers.catalog import DriverCatalog
from osiris_core.testing.findings import not_asked
from osiris_core.testing.promises import inputs, options, output, surroundings
from osiris_core.testing.samples import sample_table
from osiris_core.testing.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from osiris_core.drivers.protocol import DriverSpec
    from osiris_core.sandbox.launch import ServerAddress
    from osiris_core.testing.findings import Finding, State

_IN_PROCESS: Final[Mapping[str, Callable[[Subject], Finding]]] = {
    "declaration": options.declaration,
    "runs": output.runs,
    "options-declared": options.options_declared,
    "options-required": options.options_required,
    "options-optional": options.options_optional,
    "defaults": options.defaults,
    "result": output.result,
    "metrics": output.metrics,
    "deterministic": output.deterministic,
    "inputs-unchanged": inputs.inputs_unchanged,
    "empty-inputs": inputs.empty_inputs,
    "null-values": inputs.null_values,
    "nothing-handed-on": inputs.nothing_handed_on,
    "many-scripts": inputs.many_scripts,
    "large-inputs": inputs.large_inputs,
    "artifacts-inside": surroundings.artifacts_inside,
    "global-state": surroundings.global_state,
    "nothing-left": surroundings.nothing_left,
}
_ON_TARGETS: Final = ("requirements", "same-on-both")
_WITHOUT_A_RUN: Final = frozenset({"declaration", "runs", *_ON_TARGETS})
"""Those that say something also about a driver that fails on its example."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What a check found: `state`, and one sentence about it. `not_asked` where the promise does not concern the driver."""

    check: str
    driver: str
    state: State
    sentence: str

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against the driver."""
        return self.state != "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One promise of one driver; `id` names it, `promise` says it in a sentence."""

    id: str
    driver: str
    promise: str
    _look: Callable[[], Finding]

    def __str__(self) -> str:
        """Return the id, as test ids are made of it."""
        return self.id

    def __call__(self) -> CheckResult:
        """Find out."""
        found = self._look()
        return CheckResult(check=self.id, driver=self.driver, state=found.state, sentence=found.sentence)

    def require(self) -> CheckResult:
        """Find out, and raise AssertionError for a broken promise, in a sentence."""
        result = self()
        if not result.passed:
            raise AssertionError(f"{self.driver} breaks {self.id!r} ({self.promise}): {result.sentence}")
        return result


def conformance_checks(
    driver: str | DriverSpec,
    config: Mapping[str, Any],
    *,
    tables: Mapping[str, pa.Table] | None = None,
    make_input: Callable[[pa.Table, Path], None] | None = None,
    files: Mapping[str, bytes] | None = None,
    code: Sequence[Path] = (),
    project_root: Path | None = None,
    excused: Mapping[str, str] | None = None,
    large_rows: int = 50_000,
    on_targets: bool = True,
    server: Callable[[], ServerAddress] | None = None,
    isolation: str = "bubblewrap",
) -> list[Check]:
    """Return the checks of one driver, for an example of its use; none of them has run yet.

    `driver` is a name, `module:Class`, or a declaration; `config` a step's. `tables` are those of the steps before,
    by step id; by default one, `given`, with `sample_table()`. For a driver that reads files, `make_input` writes
    such a table to a path, and is called for every `input_path` of `config`; `files` are other files, by path
    from the manifest, with their content. `code` holds the directories with the driver's and its functions' modules;
    `project_root` the project whose configuration names the driver.
    `excused` gives, by check, the reason why it is not asked of this driver; `large_rows` is how many rows are many.

    With `on_targets`, two checks run a pipeline on both targets: in a sandbox of the `isolation`, on a server that
    `server` names, or on one that is started for them. ValueError for a driver or a check that there is not.
    """
    spec = driver if not isinstance(driver, str) else _declaration(driver, code, project_root)
    if tables is None:
        tables = {"given": sample_table()} if make_input or spec.kind != "extractor" else {}
    if make_input is not None and len(tables) != 1:
        raise ValueError(f"input files are made from one table; there are {len(tables)}")
    excused = excused or {}
    known = [*_IN_PROCESS, *_ON_TARGETS]
    unknown = sorted(set(excused) - set(known))
    if unknown:
        raise ValueError(f"there is no check {unknown[0]!r} to be excused from; there are {', '.join(known)}")
    subject = Subject(
        spec=spec,
        config=config,
        tables=tables,
        make_input=make_input,
        files=files or {},
        code=tuple(code),
        large_rows=large_rows,
    )
    promises = dict(_IN_PROCESS)
    if on_targets:
        from osiris_core.testing.promises.targets import TargetRuns

        target_runs = TargetRuns(server=server, isolation=isolation)
        promises |= {"requirements": target_runs.requirements, "same-on-both": target_runs.same_on_both}
    return [
        Check(
            id=name,
            driver=spec.name,
            promise=(promise.__doc__ or "").rstrip("."),
            _look=partial(_look, name, promise, subject, excused.get(name)),
        )
        for name, promise in promises.items()
    ]


def _declaration(driver: str, code: Sequence[Path], project_root: Path | None) -> DriverSpec:
    catalog = DriverCatalog(project_root)
    found = catalog.find(driver, code)
    if found is None:
        raise ValueError(f"there is no driver {driver!r}; there are {', '.join(sorted(catalog.names()))}")
    return found


def _look(name: str, promise: Callable[[Subject], Finding], subject: Subject, excuse: str | None) -> Finding:
    if excuse is not None:
        return not_asked(f"excused: {excuse}")
    if name not in _WITHOUT_A_RUN and subject.plain.error is not None:
        return not_asked("it fails on its own example: see 'runs'")
    return promise(subject)
