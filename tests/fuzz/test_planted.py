"""A bug that one target alone has is found, made small, and shown again by the test that is written; nothing stands in.

The other planted bugs are hunted by `benchmarks/fuzz.py --planted`; that their values are met early is tested with the
strategies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osiris_core.check import CheckOptions
from osiris_core.fuzz.ground import chosen_drivers, code_files, targets
from osiris_core.fuzz.hunt import Hunt, Plan
from osiris_core.fuzz.manifests import manifests
from osiris_core.fuzz.reproducer import write_reproducer
from tests.fuzz.planted import SOURCE

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_planted_bug_is_found_and_made_small(
    tmp_path: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
):
    """NaN that one target takes for a missing value: few steps, few rows, and a test that fails because of it."""
    monkeypatch.setenv("PLANTED_ON", "host")
    code = tmp_path / "code"
    code.mkdir()
    (code / "planted.py").write_text(SOURCE)
    strategy = manifests(drivers=chosen_drivers(["planted:NanIsNull"], [code]), code=code_files([code]), max_steps=2)
    plan = Plan(examples=60, seed=21, finds=1, shrinks=3, sample=0, confirmations=1)  # found among the first
    with targets(CheckOptions(project_root=tmp_path)) as (warm, _):
        # Cheaper without cold checks: the written test is one.
        hunt = Hunt(strategy=strategy, warm=warm, cold=warm, plan=plan)
        (found,) = hunt.iterate()
    assert found.trial.kind == ("DIVERGENT", "planted:NanIsNull")
    assert (found.seen, found.cold) == (1, 1)
    assert found.trial.example.steps <= 3
    assert (
        found.trial.example.rows <= 10
    )  # after three tries, from an example that every change of our constants changes
    test = write_reproducer(found, pytester.path).test
    # Without a triage, which would run it two dozen times more: what it is about is tested elsewhere.
    result = pytester.runpytest_subprocess("--disable-plugin-autoload", "-p", "osiris", "--osiris-triage=off", test)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*DIVERGENT*"])
