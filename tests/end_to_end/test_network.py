"""`network: none` cuts a run off, `network: full` does not, and the records say which it was."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from osiris_core.check import Checker, CheckOptions, load
from osiris_core.sandbox.launch import ServerProcess

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from osiris_core.parity.record import ParityRecord

    from conftest import Project

STEP = """
import os
import socket

def reach(inputs, ctx):
    with socket.create_connection(("127.0.0.1", int(os.environ["PORT"])), 5) as found:
        (ctx.output_dir / "said.txt").write_bytes(found.recv(5))
"""


def write(project: Project, port: int, network: str) -> None:
    project.write("code/steps.py", STEP)
    project.write(
        "reach.osiris.yaml",
        'osiris: "1"\npipeline: {id: reach}\ncode: [code]\n'
        f'env: {{PORT: "{port}"}}\n{network}\n'
        'steps:\n  - {id: reach, driver: python.callable, config: {function: "steps:reach"}}\n',
    )


def reach(project: Project, port: int, network: str, **options: str) -> ParityRecord:
    """Check with a server of the check's own."""
    write(project, port, network)
    given = CheckOptions(project_root=project.root, session_root=project.session_root, **options)  # type: ignore[arg-type]
    with Checker(given) as checker:
        return checker.check(load(project.root / "reach.osiris.yaml", project_root=project.root), ["local", "e2b"])


def test_with_the_network_a_pipeline_reaches_out_on_both_targets(project: Project, outside: int) -> None:
    """The embedded sandbox shares this machine's network; record and session say so."""
    record = reach(project, outside, "network: full")

    assert record.verdict == "IDENTICAL", record.headline
    assert [run.network for run in record.targets] == ["host", "full"]
    facts = json.loads((project.session_root / record.targets[1].session_directory / "target.json").read_text())
    assert facts["network"] == "full"


def test_without_it_the_pipeline_fails_there_and_the_hint_says_why(project: Project, outside: int) -> None:
    """What was not declared is cut off, as production would; here where others are given the network."""
    write(project, outside, "")

    with ServerProcess.start(options=("--allow-network",)) as server:
        record = replace(project, server=server.address).check("reach.osiris.yaml")

    assert record.verdict == "DIVERGENT"
    assert record.first_diverging_step == "reach"
    assert [run.network for run in record.targets] == ["host", "none"]
    assert record.comparison is not None
    assert 'add "network: full"' in "".join(each.hint for each in record.comparison.findings)


def test_plain_isolation_cannot_cut_off_and_does_not_claim_to(project: Project, outside: int) -> None:
    """Ordinary processes have the machine's network, whatever the manifest says."""
    record = reach(project, outside, "", isolation="plain")

    assert record.targets[1].outcome == "succeeded", record.headline
    assert [run.network for run in record.targets] == ["host", "host"]


def test_a_server_without_a_network_to_give_is_infra(
    project: Project, outside: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A manifest that needs the network is not run without it."""
    monkeypatch.setenv("E2B_API_KEY", project.server.api_key)

    write(project, outside, "network: full")

    record = project.check("reach.osiris.yaml", provider=project.server.url)

    assert record.verdict == "INFRA"
    assert "makes no sandboxes with a network, and the manifest says `network: full`" in record.headline
    assert "--allow-network" in record.headline
