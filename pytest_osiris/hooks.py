"""The hooks that this plugin calls: what a project, or another plugin, can put into a `conftest.py`.

Every implementation is asked, and None is no answer. An answer that a hook does not take is refused in a sentence that
names the hook and the plugin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from osiris_core.backends.extension import BackendFactory
    from osiris_core.manifest.model import Manifest
    from osiris_core.parity.record import ParityRecord, RecordSet, ReportSection


@pytest.hookspec
def pytest_osiris_normalizers(config: pytest.Config, manifest: Manifest) -> Sequence[Mapping[str, Any]] | None:
    """Return rules of what may differ when `manifest` is compared, as `parity.normalizers` of a manifest has them.

    Called before each check; the rules of all implementations count, after those of the marker and the manifest.
    """


@pytest.hookspec
def pytest_osiris_backends(config: pytest.Config) -> Mapping[str, BackendFactory] | None:
    """Return backends by name: `{"moon": Moon}` makes the targets `moon` and `moon:ARGUMENT`, for every option that names targets.

    A factory is given a `BackendRequest` and returns a `Backend`: `osiris_core/backends/extension.py`. Called once in each process
    of a run, when the first target is looked up. A name of a built-in target (`local`, `e2b`, `venv`, `both`) is refused, and so is
    one that two plugins give; of one that an installed distribution has too (entry point `osiris.backends`) the hook's is meant.
    """


@pytest.hookspec
def pytest_osiris_verdict(config: pytest.Config, item: pytest.Item, record: ParityRecord) -> ParityRecord | None:
    """Return a worse record of a check that `item` made, or None to leave it as it is.

    Called once for each check that ran, in the process that ran it, when its record is final: after triage, rules, waivers and gates,
    and before the record is written. Every implementation is given the same record, without secrets. What it may return is
    `dataclasses.replace(record, ...)` with

    - `passed=False`, and the reason in `headline` or as one more of `expectation_failures`;
    - a `verdict` that weighs more, in the order of `Verdict`; none where there was none;
    - more `warnings`, at the end of those there are.

    All else has to stay. Of several answers the worst counts, and all reasons are kept. An answer that makes a record better, or
    that is none, fails the test, with the hook and the plugin named; so does an exception, and a change to the record that it was given.
    A baseline is written afterwards, if the check still passes. In pytest's own outcome a failed check is a
    failed test, which no hook can turn into a pass or a skip.
    """


@pytest.hookspec
def pytest_osiris_report_section(
    config: pytest.Config, records: RecordSet
) -> ReportSection | Sequence[ReportSection] | None:
    """Return what is to stand in the report of this run besides: sections with a title, and plain text or rows of text cells.

    Called once a run, at its end, in the process that knows all `records` (with xdist the controller), if there are any. Sections
    stand at the end of the HTML report, in the terminal's summary, and in the JSON file, so that records that are merged keep them. They
    are text: markup is shown as it is written. An answer that is none fails the run, with the hook and the plugin named.
    """
