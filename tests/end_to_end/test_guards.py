"""Each guard guards: with it switched off a named divergence is missed, with it on the divergence is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from osiris_core.backends.local import LocalBackend
from osiris_core.backends.protocol import TargetFacts
from osiris_core.check import Checker, CheckOptions, load
from osiris_core.parity.compare import ALL, compare
from osiris_core.parity.record import Layer
from osiris_core.session.reader import open_session

if TYPE_CHECKING:
    from osiris_core.parity.record import Comparison, ParityRecord

    from conftest import Project, WarmTargets

CLOCKS = {
    "a-clock-in-an-event": ("in_an_event", Layer.EVENTS),
    "a-clock-in-a-metric": ("in_a_metric", Layer.METRICS),
    "a-clock-in-a-log-line": ("in_a_log_line", Layer.LOGS),
    "a-clock-in-a-table": ("in_a_table", Layer.TABLES),
    "a-clock-in-a-file": ("in_a_file", Layer.ARTIFACTS),
}
CODE = """
import time
import pyarrow as pa

HOUR = time.localtime(0).tm_hour

def in_an_event(inputs, ctx):
    ctx.log_event("clock_seen", hour=HOUR)

def in_a_metric(inputs, ctx):
    ctx.log_metric("hour", HOUR)

def in_a_log_line(inputs, ctx):
    ctx.logger.info("the clock says %s o'clock", HOUR)

def in_a_table(inputs, ctx):
    return pa.table({"hour": [HOUR]})

def in_a_file(inputs, ctx):
    (ctx.output_dir / "hour.txt").write_text(f"{HOUR}\\n")
"""
MANIFEST = """
osiris: "1"
pipeline: {{id: {name}}}
code: [code]
steps:
  - {{id: quiet, driver: duckdb.processor, config: {{query: "select 1 as n"}}}}
  - {{id: look, driver: python.callable, needs: [quiet], config: {{function: "clock:{function}"}}}}
"""


@pytest.fixture
def clocks(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Pipelines that read the wall clock, on a host whose time zone is not the sandbox's."""
    monkeypatch.setenv("TZ", "America/New_York")
    project.write("code/clock.py", CODE)
    for name, (function, _) in CLOCKS.items():
        project.write(f"{name}.osiris.yaml", MANIFEST.format(name=name, function=function))
    return project


def compare_again(project: Project, record: ParityRecord, layers: frozenset[Layer]) -> Comparison:
    left, right = (open_session(project.session_root / run.session_directory) for run in record.targets)
    return compare(left, right, comparers=layers)


@pytest.mark.parametrize("name", sorted(CLOCKS))
def test_a_layer_switched_off_misses_what_it_alone_sees(clocks: Project, warm_targets: WarmTargets, name: str) -> None:
    """With the layer the case is found at its step; without it nothing is found, and nothing is claimed either."""
    _, layer = CLOCKS[name]
    record = clocks.check(f"{name}.osiris.yaml", warm=warm_targets)

    found = compare_again(clocks, record, ALL)
    missed = compare_again(clocks, record, ALL - {layer})

    assert record.verdict == "DIVERGENT"
    assert record.first_diverging_step == "look"
    assert {each.layer for each in found.findings} == {layer}
    assert missed.findings == ()
    assert missed.verdict == "INCONCLUSIVE"


class SecondLocal(LocalBackend):
    """A second run on the host that says it is e2b: what a harness does that fakes the other side."""

    target = "e2b"

    def facts(self) -> TargetFacts:
        """Claim to be the embedded server, but not to isolate."""
        return TargetFacts(target="e2b", provider="embedded", isolation="none")


def test_without_the_run_in_a_sandbox_the_case_is_missed(clocks: Project, warm_targets: WarmTargets) -> None:
    """Two runs on the host agree about the wrong time zone: only the sandbox shows it."""
    path = clocks.root / "a-clock-in-a-file.osiris.yaml"
    options = CheckOptions(project_root=clocks.root, session_root=clocks.session_root)
    with Checker(options, server=clocks.server) as checker:
        checker._backends.made["e2b"] = SecondLocal()
        faked = checker.check(load(path, project_root=clocks.root), ["local", "e2b"])

    assert faked.verdict == "IDENTICAL"
    assert clocks.check("a-clock-in-a-file.osiris.yaml", warm=warm_targets).verdict == "DIVERGENT"


def test_a_faked_sandbox_that_claims_isolation_is_not_believed(clocks: Project) -> None:
    """The same fake, claiming a namespace of its own, is INCONCLUSIVE: both workers ran in one."""

    class Liar(SecondLocal):
        def facts(self) -> TargetFacts:
            return TargetFacts(target="e2b", provider="embedded", isolation="bubblewrap")

    path = clocks.root / "a-clock-in-a-file.osiris.yaml"
    options = CheckOptions(project_root=clocks.root, session_root=clocks.session_root)
    with Checker(options, server=clocks.server) as checker:
        checker._backends.made["e2b"] = Liar()
        record = checker.check(load(path, project_root=clocks.root), ["local", "e2b"])

    assert record.verdict == "INCONCLUSIVE"
    assert not record.passed
    assert record.comparison is not None
    assert any("one process namespace" in problem for problem in record.comparison.problems)
