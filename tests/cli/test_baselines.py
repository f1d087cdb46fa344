"""`osiris-parity run` holds manifests against their baselines, and writes none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import osiris_core.baseline.settling  # patched below
from osiris_core.baseline.making import Making, make_baseline
from osiris_core.baseline.writing import write_baseline
from osiris_core.parity.record import Verdict
from tests.parity.sessions import healthy

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from conftest import Engine, Project


def test_a_manifest_is_held_against_its_baseline(
    project: Project, engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Without a word where it has none, unless that is asked for; exit code 1 where it differs, and `off` looks away."""
    path, root = project.manifest("it"), tmp_path_factory.mktemp("sessions")
    engine.gives("it", Verdict.IDENTICAL, passed=True)
    draft = healthy("local")
    monkeypatch.setattr(osiris_core.baseline.settling, "_sessions", lambda *_: [draft.build(root)])

    assert project.run("run", path).code == 0
    missing = project.run("run", path, "--baselines=required")
    assert (missing.code, missing.out) == (
        1,
        "FAILED it.osiris.yaml there is no baseline __baselines__/it/baseline.json, and baselines are required\n",
    )
    assert not home(project).exists()

    files = make_baseline(draft.build(root), Making(name="it.osiris.yaml"))
    write_baseline(home(project), files, place="it", secrets=None)
    assert project.run("run", path, "--baselines=required").code == 0

    draft.metric("rows_read", "read")["value"] = 4
    red = project.run("run", path)
    assert red.code == 1
    assert red.out.startswith("FAILED it.osiris.yaml the baseline and local part at step `read`: ")
    assert "baseline: 3\n" in red.err
    assert "update: " not in red.err
    assert project.run("run", path, "--baselines=off").code == 0


def home(project: Project) -> Path:
    """Return the directory of the baseline."""
    return project.root / "__baselines__" / "it"
