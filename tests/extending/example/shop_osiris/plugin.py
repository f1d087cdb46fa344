"""The hooks of the shop: the pytest plugin `shop_osiris`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pytest

    from osiris_core.backends.extension import BackendFactory
    from osiris_core.manifest.model import Manifest
    from osiris_core.parity.record import RecordSet, ReportSection
    from pytest_osiris import ParityRecord


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark that says what a check may take at most."""
    config.addinivalue_line("markers", "budget(ms): the check fails where it takes longer")


def pytest_osiris_normalizers(config: pytest.Config, manifest: Manifest) -> Sequence[Mapping[str, Any]]:
    """Let the numbers of price lists be others in every run."""
    scope = {"record": "event", "name": "priced", "path": "list"}
    return [{"id": "list-numbers", "reason": "made anew by every run", "kind": "token", "scope": scope}]


def pytest_osiris_backends(config: pytest.Config) -> Mapping[str, BackendFactory]:
    """Bring `nicest`, which takes no argument."""
    from shop_osiris.backends import nice

    return {"nicest": lambda request: nice(replace(request, argument="19"))}


def pytest_osiris_verdict(config: pytest.Config, item: pytest.Item, record: ParityRecord) -> ParityRecord | None:
    """Fail a check that is over its budget."""
    budget = item.get_closest_marker("budget")
    if budget is None or record.elapsed_ms <= budget.kwargs["ms"]:
        return None
    budget_ms = budget.kwargs["ms"]
    return replace(
        record, passed=False, headline=f"it took {record.elapsed_ms:.0f} ms, and {budget_ms:.0f} are allowed"
    )


def pytest_osiris_report_section(config: pytest.Config, records: RecordSet) -> ReportSection:
    """Say what each check cost."""
    from pytest_osiris import ReportSection

    rows = tuple((each.name, " and ".join(run.target for run in each.targets)) for each in records.records)
    return ReportSection(title="Shop", text="Prices are in euro.", columns=("manifest", "targets"), rows=rows)
